#define _GNU_SOURCE
#include "extract.h"

#include "image.h"
#include "pack.h"
#include "reason.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK_BYTES (1u << 20)
#define DEPTH_MAX 256
#define FILES_MAX (1u << 22)
#define OPEN_FOLDERS_MAX 64

static char chunk[CHUNK_BYTES];
static unsigned files;

static int unreadable(const char *name, int error)
{
	if (pack_damaged())
		return -1;
	return because("%s in the image is malformed (%s)", name, strerror(-error));
}

static int write_fully(int fd, const char *bytes, size_t count)
{
	while (count > 0) {
		ssize_t written = write(fd, bytes, count);
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return -1;
		bytes += written;
		count -= (size_t)written;
	}
	return 0;
}

static int extract_file(int folder, const char *name, const struct node *node)
{
	int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, node->mode & 0111 ? 0700 : 0600);
	if (fd < 0)
		return because_errno("%s cannot be written", name);
	for (uint64_t at = 0; at < node->size;) {
		ssize_t got = image_read(node->place, at, chunk, sizeof chunk);
		if (got <= 0) {
			close(fd);
			return unreadable(name, got < 0 ? (int)got : -EIO);
		}
		if (write_fully(fd, chunk, (size_t)got)) {
			because_errno("%s cannot be written", name);
			close(fd);
			return -1;
		}
		at += (uint64_t)got;
	}
	/* As in the mount: nobody writes to what was verified. */
	if (fchmod(fd, node->mode & 0111 ? 0500 : 0400) || close(fd))
		return because_errno("%s cannot be written", name);
	return 0;
}

static int extract_folder(int folder, inode_place place, unsigned depth);

static int extract_entry(int folder, const struct entry *entry, unsigned depth)
{
	struct node node;
	int error = image_node(entry->place, &node);
	if (error)
		return unreadable(entry->name, error);
	if (++files > FILES_MAX)
		return because("the image has more than %u files", FILES_MAX);
	if (S_ISREG(node.mode))
		return extract_file(folder, entry->name, &node);
	if (S_ISLNK(node.mode)) {
		char target[4096];
		if ((error = image_target(entry->place, target, sizeof target)))
			return unreadable(entry->name, error);
		return symlinkat(target, folder, entry->name) ? because_errno("%s cannot be linked", entry->name) : 0;
	}
	if (!S_ISDIR(node.mode))
		return because("%s is neither a file, a folder nor a link", entry->name);
	if (mkdirat(folder, entry->name, 0700))
		return because_errno("%s cannot be made", entry->name);
	int inside = openat(folder, entry->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (inside < 0)
		return because_errno("%s cannot be opened", entry->name);
	int result = extract_folder(inside, entry->place, depth + 1);
	close(inside);
	return result;
}

static int extract_folder(int folder, inode_place place, unsigned depth)
{
	const struct listing *listing;
	if (depth > DEPTH_MAX)
		return because("folders in the image are deeper than %u", DEPTH_MAX);
	int error = image_list(place, &listing);
	if (error)
		return unreadable("a folder", error);
	int result = 0;
	for (size_t i = 0; !result && i < listing->count; i++)
		result = extract_entry(folder, &listing->entries[i], depth);
	image_release(listing);
	return result;
}

int extract(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return because_errno("%s", folder);
	files = 0;
	int result = extract_folder(fd, image_root(), 0);
	close(fd);
	return result;
}

int copy_image(int fd)
{
	for (uint64_t at = 0; at < pack_image_size();) {
		ssize_t got = pack_read(chunk, sizeof chunk, (int64_t)at);
		if (got <= 0)
			return -1;
		if (write_fully(fd, chunk, (size_t)got))
			return because_errno("the image cannot be copied");
		at += (uint64_t)got;
	}
	return fsync(fd) ? because_errno("the image cannot be copied") : 0;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *place)
{
	(void)status;
	(void)type;
	(void)place;
	return remove(path) && errno != ENOENT ? -1 : 0;
}

int remove_all(const char *folder)
{
	return nftw(folder, remove_one, OPEN_FOLDERS_MAX, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}
