#define _GNU_SOURCE
#include "tidy.h"

#include "extract.h"
#include "folders.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define UNUSED_SECONDS (60LL * 24 * 60 * 60)
/* Who writes a driver or a copy takes a moment; who died did not finish it. */
#define PARTIAL_SECONDS (24LL * 60 * 60)
#define BYTES_KEPT (4ULL << 30)
#define HASH_DIGITS 64
#define KEPT_MAX 4096
#define OPEN_FOLDERS_MAX 64

struct kept {
	char *path;
	time_t used;
	uint64_t bytes;
	bool folder;
};

static struct kept kept[KEPT_MAX];
static size_t count;

void note_use(const char *path)
{
	/* What cannot be noted goes a little earlier. */
	utimensat(AT_FDCWD, path, NULL, AT_SYMLINK_NOFOLLOW);
}

/* What stands behind a hash, or NULL where none begins the name. */
static const char *behind_hash(const char *name)
{
	return strspn(name, "0123456789abcdef") == HASH_DIGITS ? name + HASH_DIGITS : NULL;
}

static bool is_number(const char *text)
{
	return *text == '.' && text[1] && !text[1 + strspn(text + 1, "0123456789")];
}

static void keep(char *path, const struct stat *status)
{
	if (count < KEPT_MAX)
		kept[count++] = (struct kept){path, status->st_mtime, (uint64_t)status->st_size, S_ISDIR(status->st_mode)};
	else
		free(path);
}

static void list_files(const char *folder, time_t now)
{
	DIR *all = opendir(folder);
	for (struct dirent *entry; all && (entry = readdir(all));) {
		const char *rest = behind_hash(strncmp(entry->d_name, "driver-", 7) ? entry->d_name : entry->d_name + 7);
		struct stat status;
		if (!rest)
			continue;
		bool copy = !strncmp(rest, ".squashfs", 9), driver = entry->d_name[0] == 'd' && rest - entry->d_name > HASH_DIGITS;
		if (copy == driver)
			continue;
		rest += copy ? 9 : 0;
		char *path = joined(folder, entry->d_name);
		if (lstat(path, &status) || !S_ISREG(status.st_mode)) {
			free(path);
		} else if (!*rest) {
			keep(path, &status);
		} else {
			if (is_number(rest) && now - status.st_mtime > PARTIAL_SECONDS)
				unlink(path);
			free(path);
		}
	}
	if (all)
		closedir(all);
}

static void list_folders(const char *folder)
{
	DIR *all = opendir(folder);
	for (struct dirent *entry; all && (entry = readdir(all));) {
		const char *rest = behind_hash(entry->d_name);
		struct stat status;
		if (!rest || (*rest && strcmp(rest, ".part")))
			continue;
		char *path = joined(folder, entry->d_name);
		if (!*rest && !lstat(path, &status) && S_ISDIR(status.st_mode)) {
			keep(path, &status);
			continue;
		}
		/* Who extracts has the lock, and that is the caller. */
		if (*rest)
			remove_all(path);
		free(path);
	}
	if (all)
		closedir(all);
}

static uint64_t bytes_below;

static int add_bytes(const char *path, const struct stat *status, int type, struct FTW *place)
{
	(void)path;
	(void)type;
	(void)place;
	bytes_below += (uint64_t)status->st_blocks * 512;
	return 0;
}

/* A running program has a shared lock on the folder that it was extracted to. */
static void take_away(const struct kept *one)
{
	if (!one->folder) {
		unlink(one->path);
		return;
	}
	int fd = open(one->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	char *part;
	if (fd >= 0 && !flock(fd, LOCK_EX | LOCK_NB) && asprintf(&part, "%s.part", one->path) >= 0) {
		remove_all(part);
		/* Under its name it is whole, or not there. */
		if (!rename(one->path, part))
			remove_all(part);
		free(part);
	}
	if (fd >= 0)
		close(fd);
}

static int youngest_first(const void *a, const void *b)
{
	time_t left = ((const struct kept *)a)->used, right = ((const struct kept *)b)->used;
	return (left < right) - (left > right);
}

void tidy(const char *cache_folder, bool sizes, int lock)
{
	time_t now = time(NULL);
	char *files = joined(cache_folder, "files");
	int own = lock >= 0 ? -1 : open(files, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	count = 0;
	list_files(cache_folder, now);
	if (lock >= 0 || (own >= 0 && !flock(own, LOCK_EX | LOCK_NB)))
		list_folders(files);
	qsort(kept, count, sizeof *kept, youngest_first);
	uint64_t total = 0;
	for (size_t i = 0; i < count; i++) {
		if (sizes && kept[i].folder) {
			bytes_below = 0;
			nftw(kept[i].path, add_bytes, OPEN_FOLDERS_MAX, FTW_PHYS | FTW_MOUNT);
			kept[i].bytes = bytes_below;
		}
		total += kept[i].bytes;
		if (now - kept[i].used > UNUSED_SECONDS || (sizes && total > BYTES_KEPT && i > 0))
			take_away(&kept[i]);
		free(kept[i].path);
	}
	if (own >= 0)
		close(own);
	free(files);
}
