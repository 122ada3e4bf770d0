#define FUSE_USE_VERSION 314
#include "serve.h"

#include "image.h"
#include "pack.h"
#include "reason.h"

#include <errno.h>
#include <fuse3/fuse_lowlevel.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Nothing ever changes: a year is forever. */
#define FOREVER_SECONDS 31536000.0
#define THREADS_MIN 2
#define THREADS_MAX 4
#define READ_BYTES_MAX (1u << 20)

/* FUSE calls the root 1; an inode's place is a number of 48 bits. */
#define ALIVE_INODE ((fuse_ino_t)1 << 60)
#define INODE_OF_PLACE(place) ((fuse_ino_t)(place) + 2)
#define NO_PLACE UINT64_MAX

static const char *alive_name;
static atomic_long last_use;
static uid_t owner;
static gid_t group;

static long now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
	return time.tv_sec;
}

static void used(void)
{
	atomic_store_explicit(&last_use, now(), memory_order_relaxed);
}

static inode_place place_of(fuse_ino_t inode)
{
	return inode == FUSE_ROOT_ID ? image_root() : inode - 2;
}

/* The image's owner means nothing here: who mounts it owns what he sees. */
static struct stat status_of(const struct node *node)
{
	return (struct stat){
		.st_ino = node->number,
		.st_mode = node->mode,
		.st_nlink = node->links,
		.st_uid = owner,
		.st_gid = group,
		.st_size = (off_t)node->size,
		.st_blocks = (blkcnt_t)((node->size + 511) / 512),
		.st_mtime = node->modified,
		.st_ctime = node->modified,
		.st_atime = node->modified,
		.st_rdev = node->device,
	};
}

static struct stat alive_status(void)
{
	return (struct stat){.st_ino = ALIVE_INODE, .st_mode = S_IFREG | 0444, .st_nlink = 1, .st_uid = owner, .st_gid = group};
}

static struct fuse_entry_param entry_of(const struct node *node)
{
	return (struct fuse_entry_param){
		.ino = INODE_OF_PLACE(node->place),
		.attr = status_of(node),
		.attr_timeout = FOREVER_SECONDS,
		.entry_timeout = FOREVER_SECONDS,
	};
}

static void init(void *data, struct fuse_conn_info *connection)
{
	(void)data;
	connection->want |= connection->capable & FUSE_CAP_CACHE_SYMLINKS;
	connection->want &= ~(unsigned)(FUSE_CAP_AUTO_INVAL_DATA | FUSE_CAP_READDIRPLUS_AUTO | FUSE_CAP_SPLICE_READ | FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE);
}

static void lookup(fuse_req_t request, fuse_ino_t parent, const char *name)
{
	struct fuse_entry_param entry = {.attr_timeout = FOREVER_SECONDS, .entry_timeout = FOREVER_SECONDS};
	used();
	if (parent == FUSE_ROOT_ID && !strcmp(name, alive_name)) {
		if (pack_damaged()) {
			fuse_reply_err(request, EIO);
			return;
		}
		entry = (struct fuse_entry_param){.ino = ALIVE_INODE, .attr = alive_status()};
		fuse_reply_entry(request, &entry);
		return;
	}
	inode_place place;
	struct node node;
	int error = parent == ALIVE_INODE ? -ENOTDIR : image_find(place_of(parent), name, &place);
	if (error == -ENOENT) {
		/* Inode 0 lets the kernel remember that there is nothing: programs look for modules in many places. */
		fuse_reply_entry(request, &entry);
		return;
	}
	if (error || (error = image_node(place, &node))) {
		fuse_reply_err(request, -error);
		return;
	}
	entry = entry_of(&node);
	fuse_reply_entry(request, &entry);
}

static void get_attributes(fuse_req_t request, fuse_ino_t inode, struct fuse_file_info *file)
{
	(void)file;
	used();
	if (inode == ALIVE_INODE) {
		struct stat status = alive_status();
		fuse_reply_attr(request, &status, 0);
		return;
	}
	struct node node;
	int error = image_node(place_of(inode), &node);
	if (error) {
		fuse_reply_err(request, -error);
		return;
	}
	struct stat status = status_of(&node);
	fuse_reply_attr(request, &status, FOREVER_SECONDS);
}

static void read_link(fuse_req_t request, fuse_ino_t inode)
{
	char target[4096];
	used();
	int error = inode == ALIVE_INODE ? -EINVAL : image_target(place_of(inode), target, sizeof target);
	if (error)
		fuse_reply_err(request, -error);
	else
		fuse_reply_readlink(request, target);
}

/*
 * "No such function" tells the kernel never to ask again, so that it opens files by itself and
 * keeps their pages from one open to the next. This is what makes a warm start cost nothing.
 */
static void open_never(fuse_req_t request, fuse_ino_t inode, struct fuse_file_info *file)
{
	(void)inode;
	(void)file;
	used();
	fuse_reply_err(request, ENOSYS);
}

static void read_file(fuse_req_t request, fuse_ino_t inode, size_t size, off_t offset, struct fuse_file_info *file)
{
	(void)file;
	used();
	if (inode == ALIVE_INODE) {
		fuse_reply_buf(request, NULL, 0);
		return;
	}
	static __thread char *buffer;
	if (!buffer && !(buffer = malloc(READ_BYTES_MAX))) {
		fuse_reply_err(request, ENOMEM);
		return;
	}
	ssize_t got = image_read(place_of(inode), (uint64_t)offset, buffer, size < READ_BYTES_MAX ? size : READ_BYTES_MAX);
	if (got < 0)
		fuse_reply_err(request, (int)-got);
	else
		fuse_reply_buf(request, buffer, (size_t)got);
}

/* Adds one entry if it fits. With `plus`, what a lookup would say goes with it. Returns its bytes, or a negative errno. */
static ssize_t add_entry(fuse_req_t request, char *to, size_t room, const struct entry *entry, off_t next, bool plus)
{
	if (!plus) {
		struct stat status = {.st_ino = entry->number, .st_mode = entry->type};
		return (ssize_t)fuse_add_direntry(request, to, room, entry->name, &status, next);
	}
	struct fuse_entry_param parameters = {.attr = {.st_ino = entry->number, .st_mode = entry->type}};
	struct node node;
	if (entry->place != NO_PLACE) {
		int error = image_node(entry->place, &node);
		if (error)
			return error;
		parameters = entry_of(&node);
	}
	return (ssize_t)fuse_add_direntry_plus(request, to, room, entry->name, &parameters, next);
}

static void answer_folder(fuse_req_t request, fuse_ino_t inode, size_t size, off_t offset, bool plus)
{
	used();
	const struct listing *listing;
	struct node folder;
	int error = inode == ALIVE_INODE ? -ENOTDIR : image_list(place_of(inode), &listing);
	if (error) {
		fuse_reply_err(request, -error);
		return;
	}
	char *buffer = malloc(size);
	size_t length = 0;
	error = buffer ? image_node(place_of(inode), &folder) : -ENOMEM;
	/* Offsets 1 and 2 follow "." and "..". Nobody asks a read-only file system for the number of "..". */
	for (size_t i = (size_t)offset; !error && i < listing->count + 2; i++) {
		struct entry dots = {.name = i == 0 ? "." : "..", .place = NO_PLACE, .number = folder.number, .type = S_IFDIR};
		const struct entry *entry = i < 2 ? &dots : &listing->entries[i - 2];
		ssize_t bytes = add_entry(request, buffer + length, size - length, entry, (off_t)i + 1, plus);
		if (bytes > 0 && (size_t)bytes > size - length)
			break;
		/* One that cannot be read is told of when its turn comes first. */
		if (bytes < 0 && length > 0)
			break;
		if (bytes < 0)
			error = (int)bytes;
		else
			length += (size_t)bytes;
	}
	if (error)
		fuse_reply_err(request, -error);
	else
		fuse_reply_buf(request, buffer, length);
	free(buffer);
	image_release(listing);
}

static void read_folder(fuse_req_t request, fuse_ino_t inode, size_t size, off_t offset, struct fuse_file_info *file)
{
	(void)file;
	answer_folder(request, inode, size, offset, false);
}

static void read_folder_plus(fuse_req_t request, fuse_ino_t inode, size_t size, off_t offset, struct fuse_file_info *file)
{
	(void)file;
	answer_folder(request, inode, size, offset, true);
}

static void file_system_status(fuse_req_t request, fuse_ino_t inode)
{
	(void)inode;
	struct statvfs status = {
		.f_bsize = 4096,
		.f_frsize = 4096,
		.f_blocks = pack_image_size() / 4096,
		.f_namemax = 255,
	};
	fuse_reply_statfs(request, &status);
}

static const struct fuse_lowlevel_ops operations = {
	.init = init,
	.lookup = lookup,
	.getattr = get_attributes,
	.readlink = read_link,
	.open = open_never,
	.opendir = open_never,
	.read = read_file,
	.readdir = read_folder,
	.readdirplus = read_folder_plus,
	.statfs = file_system_status,
};

/* libfuse knows CUSE too, and with it would come its whole high-level half. */
int cuse_lowlevel_init(void);
int cuse_lowlevel_init(void)
{
	abort();
}

static void *answer(void *session)
{
	struct fuse_buf buffer = {.mem = NULL};
	while (!fuse_session_exited(session)) {
		int got = fuse_session_receive_buf(session, &buffer);
		if (got == -EINTR)
			continue;
		if (got <= 0)
			break;
		fuse_session_process_buf(session, &buffer);
	}
	free(buffer.mem);
	return NULL;
}

static void *watch_idle(void *data)
{
	const struct service *service = data;
	for (;;) {
		long left = atomic_load(&last_use) + (long)service->idle_seconds - now();
		if (left > 0) {
			sleep((unsigned)left);
			continue;
		}
		if (service->let_go())
			return NULL;
		/* In use without questions: everything is in the kernel's cache. */
		used();
	}
}

int serve(const struct service *service)
{
	char name[] = "whetstone-pack";
	char *arguments[] = {name, NULL};
	struct fuse_args fuse_arguments = FUSE_ARGS_INIT(1, arguments);
	struct fuse_session *session = fuse_session_new(&fuse_arguments, &operations, sizeof operations, NULL);
	char descriptor[32];
	snprintf(descriptor, sizeof descriptor, "/dev/fd/%d", service->fuse_fd);
	if (!session || fuse_session_mount(session, descriptor))
		return because("the FUSE session cannot be made");

	alive_name = service->alive_name;
	owner = geteuid();
	group = getegid();
	used();
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	long count = processors < THREADS_MIN ? THREADS_MIN : processors > THREADS_MAX ? THREADS_MAX : processors;
	pthread_t threads[THREADS_MAX], watcher;
	long started = 0;
	while (started < count && !pthread_create(&threads[started], NULL, answer, session))
		started++;
	if (started == 0)
		return because("no thread can be started");
	if (service->idle_seconds > 0 && pthread_create(&watcher, NULL, watch_idle, (void *)service))
		return because("no thread can be started");
	for (long i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
