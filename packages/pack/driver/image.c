#include "image.h"

#include "pack.h"
#include "reason.h"

#include <errno.h>
#include <pthread.h>
#include <squashfuse/squashfuse.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define BLOCK_BYTES_MIN 4096
#define BLOCK_BYTES_MAX (1u << 20)
#define FILE_BYTES_MAX (1ULL << 42)
#define TARGET_BYTES_MAX 4095
#define NAME_BYTES_MAX 255
#define ENTRIES_MAX (1u << 22)

/* A name's length in the image is 16 bits wide, and the library reads it before anybody can object. */
#define RAW_NAME_BYTES (65536 + 1)

/* ---- Blocks of data, decompressed once for all threads ------------------------------------- */

/* 6 MiB of 128 KiB blocks: neighbours of small files share a fragment block. */
#define BLOCKS_KEPT 48

static struct kept_block {
	uint64_t position;
	uint32_t header;
	sqfs_block *block;
	unsigned users;
	bool loading;
	uint64_t used;
} blocks[BLOCKS_KEPT];
static uint64_t clock_of_blocks;
static pthread_mutex_t blocks_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t block_loaded = PTHREAD_COND_INITIALIZER;

static struct kept_block *find_kept(uint64_t position, uint32_t header)
{
	for (size_t i = 0; i < BLOCKS_KEPT; i++)
		if ((blocks[i].block || blocks[i].loading) && blocks[i].position == position && blocks[i].header == header)
			return &blocks[i];
	return NULL;
}

static struct kept_block *oldest_unused(void)
{
	struct kept_block *oldest = NULL;
	for (size_t i = 0; i < BLOCKS_KEPT; i++)
		if (blocks[i].users == 0 && !blocks[i].loading && (!oldest || blocks[i].used < oldest->used))
			oldest = &blocks[i];
	return oldest;
}

/* The block with one user more, or NULL where it is unreadable. */
static struct kept_block *take_block(sqfs *fs, uint64_t position, uint32_t header)
{
	pthread_mutex_lock(&blocks_lock);
	struct kept_block *kept;
	while ((kept = find_kept(position, header)) && kept->loading)
		pthread_cond_wait(&block_loaded, &blocks_lock);
	if (!kept) {
		/* There are more slots than threads, so one is always free. */
		kept = oldest_unused();
		if (kept->block)
			sqfs_block_dispose(kept->block);
		*kept = (struct kept_block){.position = position, .header = header, .loading = true};
		pthread_mutex_unlock(&blocks_lock);
		sqfs_block *block = NULL;
		sqfs_err error = sqfs_data_block_read(fs, (sqfs_off_t)position, header, &block);
		pthread_mutex_lock(&blocks_lock);
		kept->loading = false;
		kept->block = error ? NULL : block;
		pthread_cond_broadcast(&block_loaded);
		if (error) {
			pthread_mutex_unlock(&blocks_lock);
			return NULL;
		}
	}
	kept->users++;
	kept->used = ++clock_of_blocks;
	pthread_mutex_unlock(&blocks_lock);
	return kept;
}

static void give_back(struct kept_block *kept)
{
	pthread_mutex_lock(&blocks_lock);
	kept->users--;
	pthread_mutex_unlock(&blocks_lock);
}

/* ---- Metadata ------------------------------------------------------------------------------ */

/* Each thread has a reader of its own: the library's caches have no locks. */
static __thread sqfs *reader_of_thread;

static sqfs *reader(void)
{
	if (reader_of_thread)
		return reader_of_thread;
	sqfs *fs = malloc(sizeof *fs);
	if (fs && sqfs_init(fs, -1, 0)) {
		free(fs);
		fs = NULL;
	}
	return reader_of_thread = fs;
}

/*
 * Replaces the library's function of this name (linked with --wrap), which takes a cursor behind
 * the end of its block for one before it.
 */
sqfs_err __wrap_sqfs_md_read(sqfs *fs, sqfs_md_cursor *cursor, void *buffer, size_t size);
sqfs_err __wrap_sqfs_md_read(sqfs *fs, sqfs_md_cursor *cursor, void *buffer, size_t size)
{
	char *to = buffer;
	while (size > 0) {
		sqfs_off_t next = cursor->block;
		sqfs_block *block;
		sqfs_err error = sqfs_md_cache(fs, &next, &block);
		if (error)
			return error;
		if (cursor->offset >= block->size)
			return SQFS_ERR;
		size_t take = block->size - cursor->offset;
		if (take > size)
			take = size;
		if (to) {
			memcpy(to, (char *)block->data + cursor->offset, take);
			to += take;
		}
		size -= take;
		cursor->offset += take;
		if (cursor->offset == block->size) {
			cursor->block = next;
			cursor->offset = 0;
		}
	}
	return SQFS_OK;
}

/* The same for the table of fragments: the library checks neither the index nor the block's size. */
static sqfs_err fragment(sqfs *fs, uint32_t index, struct squashfs_fragment_entry *found)
{
	if (index >= fs->sb.fragments || !fs->frag_table.blocks)
		return SQFS_ERR;
	size_t position = index * sizeof *found;
	sqfs_off_t block_position = (sqfs_off_t)fs->frag_table.blocks[position / SQUASHFS_METADATA_SIZE];
	sqfs_block *block;
	if (sqfs_md_cache(fs, &block_position, &block) ||
		position % SQUASHFS_METADATA_SIZE + sizeof *found > block->size)
		return SQFS_ERR;
	return sqfs_frag_entry(fs, found, index);
}

int image_open(void)
{
	struct squashfs_super_block super;
	if (pack_read(&super, sizeof super, 0) != sizeof super)
		return pack_damaged() ? -1 : because("the image is too short to be SquashFS");
	uint32_t block_size = super.block_size;
	if (super.s_magic != SQUASHFS_MAGIC)
		return because("the image is not SquashFS");
	if (super.s_major != 4 || super.s_minor != 0)
		return because("the image is SquashFS %u.%u, only 4.0 can be read", super.s_major, super.s_minor);
	if (!sqfs_decompressor_get(super.compression))
		return because("the image is compressed with method %u; gzip, xz and zstd can be read", super.compression);
	if (block_size < BLOCK_BYTES_MIN || block_size > BLOCK_BYTES_MAX || (block_size & (block_size - 1)) ||
		super.block_log > 20 || block_size != 1u << super.block_log)
		return because("the image is malformed: blocks of %u bytes", block_size);
	if (super.bytes_used > pack_image_size() || super.inode_table_start >= super.bytes_used ||
		super.directory_table_start >= super.bytes_used)
		return because("the image is cut off or malformed: it says that it has %llu bytes, the file holds %llu",
			(unsigned long long)super.bytes_used, (unsigned long long)pack_image_size());
	if (!reader())
		return pack_damaged() ? -1 : because("the image is malformed: its tables cannot be read");
	struct node root;
	if (image_node(image_root(), &root) || !S_ISDIR(root.mode))
		return pack_damaged() ? -1 : because("the image is malformed: it has no root folder");
	return 0;
}

inode_place image_root(void)
{
	return reader() ? sqfs_inode_root(reader()) : 0;
}

static int get_inode(sqfs *fs, inode_place place, sqfs_inode *inode)
{
	sqfs_md_cursor cursor;
	if (!fs || place >> 48)
		return -EIO;
	sqfs_md_cursor_inode(&cursor, place, (sqfs_off_t)fs->sb.inode_table_start);
	if (__wrap_sqfs_md_read(fs, &cursor, NULL, 1) || sqfs_inode_get(fs, inode, place))
		return -EIO;
	if (S_ISREG(inode->base.mode) && inode->xtra.reg.file_size > FILE_BYTES_MAX)
		return -EIO;
	if (S_ISLNK(inode->base.mode) && inode->xtra.symlink_size > TARGET_BYTES_MAX)
		return -EIO;
	return 0;
}

int image_node(inode_place place, struct node *node)
{
	sqfs_inode inode;
	int error = get_inode(reader(), place, &inode);
	if (error)
		return error;
	*node = (struct node){
		.place = place,
		.number = inode.base.inode_number,
		.mode = inode.base.mode,
		.links = (uint32_t)inode.nlink,
		.modified = inode.base.mtime,
	};
	if (S_ISREG(node->mode))
		node->size = inode.xtra.reg.file_size;
	else if (S_ISLNK(node->mode))
		node->size = inode.xtra.symlink_size;
	else if (S_ISDIR(node->mode))
		node->size = inode.xtra.dir.dir_size;
	else if (S_ISBLK(node->mode) || S_ISCHR(node->mode))
		node->device = makedev((unsigned)inode.xtra.dev.major, (unsigned)inode.xtra.dev.minor);
	return 0;
}

int image_target(inode_place place, char *buffer, size_t size)
{
	sqfs *fs = reader();
	sqfs_inode inode;
	int error = get_inode(fs, place, &inode);
	if (error)
		return error;
	if (!S_ISLNK(inode.base.mode))
		return -EINVAL;
	size_t length = inode.xtra.symlink_size;
	sqfs_md_cursor cursor = inode.next;
	if (length + 1 > size || __wrap_sqfs_md_read(fs, &cursor, buffer, length) || memchr(buffer, 0, length))
		return -EIO;
	buffer[length] = 0;
	return 0;
}

/* ---- Folders -------------------------------------------------------------------------------- */

/*
 * The kernel asks for each name once. A folder is read through at its first question and sorted,
 * or 3,500 names in one folder would cost 6 million comparisons.
 */
#define LISTINGS_KEPT 512

struct kept_listing {
	struct listing listing;
	inode_place place;
	unsigned users;
	bool kept;
	char *names;
};
static struct kept_listing *listings[LISTINGS_KEPT];
static pthread_mutex_t listings_lock = PTHREAD_MUTEX_INITIALIZER;

static void free_listing(struct kept_listing *kept)
{
	if (!kept)
		return;
	free(kept->listing.entries);
	free(kept->names);
	free(kept);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

static bool is_name(const char *name, size_t length)
{
	return length > 0 && length <= NAME_BYTES_MAX && !memchr(name, 0, length) && !memchr(name, '/', length) &&
		strcmp(name, ".") && strcmp(name, "..");
}

static int read_listing(inode_place place, struct kept_listing *kept)
{
	sqfs *fs = reader();
	sqfs_inode inode;
	sqfs_dir dir;
	sqfs_dir_entry entry;
	sqfs_err failed = SQFS_OK;
	int error = get_inode(fs, place, &inode);
	if (error)
		return error;
	if (!S_ISDIR(inode.base.mode))
		return -ENOTDIR;
	if (inode.xtra.dir.dir_size <= 3)
		return 0;
	inode.xtra.dir.idx_count = 0;
	if (sqfs_dir_open(fs, &inode, &dir, 0))
		return -EIO;

	static __thread char *raw_name;
	if (!raw_name && !(raw_name = malloc(RAW_NAME_BYTES)))
		return -ENOMEM;
	size_t names_used = 0, names_room = 0, room = 0;
	struct listing *listing = &kept->listing;
	sqfs_dentry_init(&entry, raw_name);
	while (sqfs_dir_next(fs, &dir, &entry, &failed)) {
		size_t length = entry.name_size;
		if (length >= RAW_NAME_BYTES || listing->count >= ENTRIES_MAX)
			return -EIO;
		raw_name[length] = 0;
		if (!is_name(raw_name, length))
			return -EIO;
		if (listing->count == room) {
			room = room ? room * 2 : 16;
			struct entry *larger = realloc(listing->entries, room * sizeof *larger);
			if (!larger)
				return -ENOMEM;
			listing->entries = larger;
		}
		if (names_used + length + 1 > names_room) {
			names_room = (names_room + length + 1) * 2;
			char *larger = realloc(kept->names, names_room);
			if (!larger)
				return -ENOMEM;
			kept->names = larger;
		}
		memcpy(kept->names + names_used, raw_name, length + 1);
		/* The names move while they grow: an offset now, a pointer below. */
		listing->entries[listing->count++] = (struct entry){
			.name = (const char *)names_used,
			.place = sqfs_dentry_inode(&entry),
			.number = sqfs_dentry_inode_num(&entry),
			.type = sqfs_dentry_mode(&entry) & S_IFMT,
		};
		names_used += length + 1;
	}
	if (failed)
		return -EIO;
	for (size_t i = 0; i < listing->count; i++)
		listing->entries[i].name = kept->names + (size_t)listing->entries[i].name;
	qsort(listing->entries, listing->count, sizeof *listing->entries, by_name);
	return 0;
}

int image_list(inode_place place, const struct listing **listing)
{
	struct kept_listing **slot = &listings[(place ^ place >> 16) % LISTINGS_KEPT];
	pthread_mutex_lock(&listings_lock);
	struct kept_listing *kept = *slot;
	if (kept && kept->place == place) {
		kept->users++;
		pthread_mutex_unlock(&listings_lock);
		*listing = &kept->listing;
		return 0;
	}
	pthread_mutex_unlock(&listings_lock);

	if (!(kept = calloc(1, sizeof *kept)))
		return -ENOMEM;
	int error = read_listing(place, kept);
	if (error) {
		free_listing(kept);
		return error;
	}
	kept->place = place;
	kept->users = 1;
	pthread_mutex_lock(&listings_lock);
	if (!*slot || (*slot)->users == 0) {
		free_listing(*slot);
		*slot = kept;
		kept->kept = true;
	}
	pthread_mutex_unlock(&listings_lock);
	*listing = &kept->listing;
	return 0;
}

void image_release(const struct listing *listing)
{
	/* The listing is the first member of what is kept. */
	struct kept_listing *kept = (struct kept_listing *)listing;
	pthread_mutex_lock(&listings_lock);
	bool unused = --kept->users == 0 && !kept->kept;
	pthread_mutex_unlock(&listings_lock);
	if (unused)
		free_listing(kept);
}

int image_find(inode_place folder, const char *name, inode_place *found)
{
	const struct listing *listing;
	int error = image_list(folder, &listing);
	if (error)
		return error;
	struct entry wanted = {.name = name};
	const struct entry *entry = listing->count
		? bsearch(&wanted, listing->entries, listing->count, sizeof wanted, by_name)
		: NULL;
	if (entry)
		*found = entry->place;
	image_release(listing);
	return entry ? 0 : -ENOENT;
}

int image_find_path(const char *path, inode_place *found)
{
	char name[NAME_BYTES_MAX + 1];
	*found = image_root();
	while (*path) {
		size_t length = strcspn(path, "/");
		if (length > NAME_BYTES_MAX)
			return -ENOENT;
		memcpy(name, path, length);
		name[length] = 0;
		int error = length ? image_find(*found, name, found) : 0;
		if (error)
			return error;
		path += length + (path[length] == '/');
	}
	return 0;
}

/* ---- Files ---------------------------------------------------------------------------------- */

/* The sizes of a file's blocks stand in a list that must be read from its start: kept for large files. */
#define LISTS_KEPT 16
#define BLOCKS_OF_A_LARGE_FILE 64

struct stretch {
	uint64_t position;
	uint32_t header;
};

static struct kept_list {
	inode_place place;
	struct stretch *stretches;
	uint64_t used;
} lists[LISTS_KEPT];
static uint64_t clock_of_lists;
static pthread_mutex_t lists_lock = PTHREAD_MUTEX_INITIALIZER;

static uint64_t blocks_of(const sqfs *fs, const sqfs_inode *inode)
{
	uint64_t size = inode->xtra.reg.file_size, block = fs->sb.block_size;
	return inode->xtra.reg.frag_idx == SQUASHFS_INVALID_FRAG ? (size + block - 1) / block : size / block;
}

static int read_stretches(sqfs *fs, sqfs_inode *inode, uint64_t count, struct stretch *last, struct stretch *all)
{
	sqfs_blocklist list;
	sqfs_blocklist_init(fs, inode, &list);
	for (uint64_t i = 0; i < count; i++) {
		if (sqfs_blocklist_next(&list))
			return -EIO;
		*last = (struct stretch){.position = list.block, .header = list.header};
		if (all)
			all[i] = *last;
	}
	return 0;
}

/* Where block `index` of a file stands. */
static int stretch_of(sqfs *fs, sqfs_inode *inode, inode_place place, uint64_t index, struct stretch *stretch)
{
	uint64_t count = blocks_of(fs, inode);
	if (count < BLOCKS_OF_A_LARGE_FILE)
		return read_stretches(fs, inode, index + 1, stretch, NULL);

	pthread_mutex_lock(&lists_lock);
	struct kept_list *oldest = &lists[0];
	int error = 0;
	for (size_t i = 0; i < LISTS_KEPT; i++) {
		if (lists[i].stretches && lists[i].place == place) {
			oldest = &lists[i];
			goto found;
		}
		if (lists[i].used < oldest->used)
			oldest = &lists[i];
	}
	free(oldest->stretches);
	oldest->stretches = malloc(count * sizeof *stretch);
	error = oldest->stretches ? read_stretches(fs, inode, count, stretch, oldest->stretches) : -ENOMEM;
	if (error) {
		free(oldest->stretches);
		oldest->stretches = NULL;
		oldest->used = 0;
	} else {
		oldest->place = place;
	found:
		oldest->used = ++clock_of_lists;
		*stretch = oldest->stretches[index];
	}
	pthread_mutex_unlock(&lists_lock);
	return error;
}

/* Copies `take` bytes at `skip` of a stored block whose content must reach that far. */
static int copy_of_block(sqfs *fs, struct stretch stretch, uint64_t skip, uint64_t take, uint64_t reach, char *to)
{
	bool compressed;
	uint32_t stored;
	sqfs_data_header(stretch.header, &compressed, &stored);
	if (stored > fs->sb.block_size || stretch.position > pack_image_size())
		return -EIO;
	struct kept_block *kept = take_block(fs, stretch.position, stretch.header);
	if (!kept)
		return -EIO;
	int error = reach > kept->block->size ? -EIO : 0;
	if (!error)
		memcpy(to, (char *)kept->block->data + skip, take);
	give_back(kept);
	return error;
}

ssize_t image_read(inode_place place, uint64_t offset, void *buffer, size_t count)
{
	sqfs *fs = reader();
	sqfs_inode inode;
	int error = get_inode(fs, place, &inode);
	if (error)
		return error;
	if (!S_ISREG(inode.base.mode))
		return -EINVAL;
	uint64_t size = inode.xtra.reg.file_size, block_size = fs->sb.block_size;
	if (offset >= size)
		return 0;
	if (count > size - offset)
		count = size - offset;

	char *to = buffer;
	for (uint64_t at = offset, end = offset + count; at < end;) {
		uint64_t index = at / block_size, skip = at % block_size;
		uint64_t content = size - index * block_size < block_size ? size - index * block_size : block_size;
		uint64_t take = content - skip < end - at ? content - skip : end - at;
		if (index < blocks_of(fs, &inode)) {
			struct stretch stretch;
			if ((error = stretch_of(fs, &inode, place, index, &stretch)))
				return error;
			bool compressed;
			uint32_t stored;
			sqfs_data_header(stretch.header, &compressed, &stored);
			if (stored == 0)
				memset(to, 0, take);
			else if ((error = copy_of_block(fs, stretch, skip, take, content, to)))
				return error;
		} else {
			struct squashfs_fragment_entry entry;
			if (fragment(fs, inode.xtra.reg.frag_idx, &entry))
				return -EIO;
			uint64_t start = inode.xtra.reg.frag_off;
			struct stretch stretch = {.position = entry.start_block, .header = entry.size};
			if ((error = copy_of_block(fs, stretch, start + skip, take, start + content, to)))
				return error;
		}
		to += take;
		at += take;
	}
	return (ssize_t)count;
}
