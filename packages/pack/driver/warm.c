#define _GNU_SOURCE
#include "warm.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What the kernel remembers of a file takes about a kilobyte. */
#define ENTRIES_MAX 20000
#define DEPTH_MAX 32
#define AHEAD_FILES_MAX 20000
#define AHEAD_BYTES_MAX (64 << 20)

/* One question fills it, with what a lookup would tell of each entry. */
#define BUFFER_BYTES 65536

struct entry64 {
	uint64_t inode;
	int64_t offset;
	unsigned short length;
	unsigned char type;
	char name[];
};

static unsigned entries;

/* Outermost folders first would be fairer, but needs memory for all that wait; programs are deep, not wide. */
static void list(int folder, unsigned depth)
{
	char *buffer = malloc(BUFFER_BYTES);
	long got;
	while (buffer && entries < ENTRIES_MAX && (got = syscall(SYS_getdents64, folder, buffer, BUFFER_BYTES)) > 0) {
		for (long at = 0; at < got && entries < ENTRIES_MAX;) {
			struct entry64 *entry = (struct entry64 *)(buffer + at);
			at += entry->length;
			if (!strcmp(entry->name, ".") || !strcmp(entry->name, ".."))
				continue;
			entries++;
			if (entry->type != DT_DIR || depth == 0)
				continue;
			int inside = openat(folder, entry->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
			if (inside < 0)
				continue;
			list(inside, depth - 1);
			close(inside);
		}
	}
	free(buffer);
}

/* The list comes from the image: it may name nothing outside of it, and nothing that makes this wait. */
static int open_beneath(int root, const char *path)
{
	struct open_how how = {
		.flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS,
	};
	return (int)syscall(SYS_openat2, root, path, &how, sizeof how);
}

static void read_ahead(int root)
{
	int names = open_beneath(root, ".pack/ahead");
	FILE *file = names < 0 ? NULL : fdopen(names, "r");
	char *line = NULL;
	size_t room = 0;
	ssize_t length;
	off_t bytes = 0;
	for (unsigned files = 0; file && files < AHEAD_FILES_MAX && bytes < AHEAD_BYTES_MAX && (length = getline(&line, &room, file)) > 0; files++) {
		if (line[length - 1] == '\n')
			line[length - 1] = 0;
		int fd = open_beneath(root, line);
		struct stat status;
		if (fd < 0)
			continue;
		if (!fstat(fd, &status) && S_ISREG(status.st_mode)) {
			posix_fadvise(fd, 0, 0, POSIX_FADV_WILLNEED);
			bytes += status.st_size;
		}
		close(fd);
	}
	free(line);
	if (file)
		fclose(file);
}

void warm(const char *folder)
{
	int root = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return;
	list(root, DEPTH_MAX);
	read_ahead(root);
	close(root);
}
