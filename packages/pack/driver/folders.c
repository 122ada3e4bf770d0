#define _GNU_SOURCE
#include "folders.h"

#include "reason.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *joined(const char *folder, const char *name)
{
	char *path;
	if (asprintf(&path, "%s/%s", folder, name) < 0)
		abort();
	return path;
}

static int make(const char *path)
{
	if (!mkdir(path, 0700) || errno == EEXIST)
		return 0;
	if (errno != ENOENT)
		return because_errno("%s cannot be made", path);
	char *above = strdup(path), *slash = above ? strrchr(above, '/') : NULL;
	int result = -1;
	if (slash && slash != above) {
		*slash = 0;
		result = make(above);
		if (!result && mkdir(path, 0700) && errno != EEXIST)
			result = because_errno("%s cannot be made", path);
	} else {
		because("%s cannot be made", path);
	}
	free(above);
	return result;
}

int private_folder(const char *path)
{
	struct stat status;
	if (path[0] != '/')
		return because("%s is not an absolute path", path);
	if (make(path))
		return -1;
	if (lstat(path, &status))
		return because_errno("%s", path);
	if (!S_ISDIR(status.st_mode))
		return because("%s is not a folder", path);
	if (status.st_uid != geteuid())
		return because("%s belongs to user %u, not to %u", path, status.st_uid, geteuid());
	if (status.st_mode & 077)
		return because("%s can be entered by others: chmod 700 %s", path, path);
	return 0;
}
