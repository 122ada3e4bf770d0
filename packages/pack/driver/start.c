#define _GNU_SOURCE
#include "start.h"

#include "background.h"
#include "descriptors.h"
#include "extract.h"
#include "folders.h"
#include "image.h"
#include "mounts.h"
#include "reason.h"
#include "serve.h"
#include "tidy.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <unistd.h>

/* The header keeps descriptor 9 open on a mount that it finds; here the first free one from there on. */
#define ALIVE_FD_MIN 9

/* What was changed must not be started in the next way either. */
#define FATAL (-2)

/* Digits of the root hash in the path of a mount. The whole is in the name that its driver answers to. */
#define IDENTITY_DIGITS 16

/* The program is read like any other, and so verified: it is part of the identity. */
static const char start_script[] = "WPK_MOUNT=$1; shift; . \"$WPK_MOUNT/.pack/start\"";

static int become_program(const struct start *start, const char *folder)
{
	size_t count = 0;
	while (start->arguments[count])
		count++;
	char **arguments = calloc(count + 6, sizeof *arguments);
	if (!arguments)
		return because("no memory");
	arguments[0] = "sh";
	arguments[1] = "-c";
	arguments[2] = (char *)start_script;
	arguments[3] = (char *)start->file;
	arguments[4] = (char *)folder;
	memcpy(arguments + 5, start->arguments, count * sizeof *arguments);
	execv("/bin/sh", arguments);
	because_errno("/bin/sh cannot be started");
	return FATAL;
}

/* Part of the hash in the paths of mounts: each letter is paid for in every path of the program. */
static const char *short_identity(const struct start *start)
{
	static char digits[IDENTITY_DIGITS + 1];
	memcpy(digits, start->identity, IDENTITY_DIGITS);
	return digits;
}

static const char *alive_name(const struct start *start)
{
	static char name[ALIVE_NAME_MAX];
	snprintf(name, sizeof name, ".pack-%s", start->identity ? start->identity : "alive");
	return name;
}

/* Opens what only a living driver of this image answers for; open, it keeps the mount from ending. */
static int hold(const struct start *start, const char *folder)
{
	char *path = joined(folder, alive_name(start));
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	free(path);
	return fd;
}

static void hold_in_program(int fd)
{
	fcntl(fd, F_DUPFD, ALIVE_FD_MIN);
	close(fd);
}

static bool is_ours(const struct mounted *mounted)
{
	return !strcmp(mounted->type, "fuse." MOUNT_TYPE);
}

/* Takes away what a dead or damaged driver left at the path; `error` is why it could not be held. */
static int clear_mount_point(const char *path, int error)
{
	struct mounted mounted;
	while (mounted_at(path, &mounted)) {
		if (!is_ours(&mounted) || error == ENOENT)
			return because("something else is mounted at %s", path);
		/* The driver met a changed block: of another copy of the file, or of this one? */
		if (error == EIO && pack_verify_blocks())
			return FATAL;
		if (unmount(path, true))
			return -1;
	}
	return mkdir(path, 0700) && errno != EEXIST ? because_errno("%s cannot be made", path) : 0;
}

static int mount_for_all(const char *path)
{
	return geteuid() == 0 ? mount_directly(path) : mount_by_helper(path);
}

static int serve_shared(const struct start *start, int fuse_fd, const char *path, const char *lock_folder)
{
	struct background background = {
		.alive_name = alive_name(start),
		.path = path,
		.lock_folder = lock_folder,
		.idle_seconds = start->idle_seconds,
		.hidden_arguments = lock_folder ? start->arguments : NULL,
	};
	return serve_in_background(fuse_fd, &background);
}

static int start_shared(const struct start *start)
{
	if (private_folder(start->run_folder))
		return -1;
	int lock = open(start->run_folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (lock < 0 || flock(lock, LOCK_EX))
		return because_errno("%s cannot be locked", start->run_folder);
	char *path = joined(start->run_folder, short_identity(start));
	int result = 0, alive = hold(start, path);
	if (alive < 0) {
		result = clear_mount_point(path, errno);
		int fuse = result ? -1 : mount_for_all(path);
		if (fuse < 0 && !result) {
			result = -1;
			rmdir(path);
		}
		if (!result && serve_shared(start, fuse, path, start->run_folder))
			result = -1;
		if (!result && (alive = hold(start, path)) < 0)
			result = because_errno("the driver does not answer");
		if (!result)
			tidy(start->cache_folder, false, -1);
	}
	close(lock);
	if (result)
		return result;
	hold_in_program(alive);
	return become_program(start, path);
}

static char *private_mount_point(const struct start *start)
{
	char *mounts = joined(start->cache_folder, "mount"), *path = joined(mounts, short_identity(start));
	free(mounts);
	if (!private_folder(start->cache_folder) && !private_folder(path))
		return path;
	free(path);
	return NULL;
}

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t written = fd < 0 ? -1 : write(fd, text, strlen(text));
	int error = errno;
	if (fd >= 0)
		close(fd);
	errno = error;
	return written < 0 ? because_errno("%s", path) : 0;
}

static int own_mounts(int flags)
{
	if (unshare(flags | CLONE_NEWNS))
		return because_errno("unshare");
	return 0;
}

static int stay_private(void)
{
	/* What is mounted outside later still appears inside, never the other way. */
	return mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) ? because_errno("mount namespace") : 0;
}

/* Enters namespaces of its own with the same user, and mounts there. Returns the open /dev/fuse, or -1. */
static int mount_in_namespace(const char *path)
{
	char users[64], groups[64];
	snprintf(users, sizeof users, "%u %u 1", geteuid(), geteuid());
	snprintf(groups, sizeof groups, "%u %u 1", getegid(), getegid());
	if (own_mounts(CLONE_NEWUSER) || write_file("/proc/self/setgroups", "deny") ||
		write_file("/proc/self/uid_map", users) || write_file("/proc/self/gid_map", groups) || stay_private())
		return -1;
	return mount_directly(path);
}

/*
 * The same in a child first. Some systems let anybody enter a user namespace and forbid everything
 * in it, and nobody gets out again to try the next way.
 */
static int try_namespace(const char *path)
{
	int said[2];
	if (pipe2(said, O_CLOEXEC))
		return because_errno("pipe");
	pid_t child = fork();
	if (child == 0) {
		bool works = mount_in_namespace(path) >= 0;
		if (!works && write(said[1], reason(), strlen(reason())) < 0)
			_exit(2);
		_exit(!works);
	}
	close(said[1]);
	char words[256];
	ssize_t length;
	while ((length = read(said[0], words, sizeof words - 1)) < 0 && errno == EINTR)
		;
	close(said[0]);
	int status = 1;
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	words[length > 0 ? length : 0] = 0;
	return because("%s", words[0] ? words : "the namespace cannot be entered");
}

static int start_in_namespace(const struct start *start)
{
	if (access("/dev/fuse", R_OK | W_OK))
		return because_errno("/dev/fuse");
	char *path = private_mount_point(start);
	int pair[2];
	if (!path || try_namespace(path))
		return -1;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return because_errno("socketpair");
	if (serve_when_sent(pair[1], alive_name(start), start->arguments))
		return -1;
	close(pair[1]);

	int fuse = mount_in_namespace(path);
	int result = fuse < 0 || send_descriptor(pair[0], fuse) ? -1 : 0;
	close(pair[0]);
	if (fuse >= 0)
		close(fuse);
	int alive = result ? -1 : hold(start, path);
	if (!result && alive < 0)
		result = because_errno("the driver does not answer");
	if (result)
		return result;
	close(alive);
	return become_program(start, path);
}

/* A copy, because a mounted file could be changed behind the kernel's back. */
static int private_copy(const struct start *start)
{
	char *path, *fresh;
	if (private_folder(start->cache_folder))
		return -1;
	if (asprintf(&path, "%s/%s.squashfs", start->cache_folder, start->identity) < 0 ||
		asprintf(&fresh, "%s.%d", path, getpid()) < 0)
		abort();
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct stat status;
	if (fd >= 0 && !fstat(fd, &status) && S_ISREG(status.st_mode) && status.st_uid == geteuid() &&
		!(status.st_mode & 077) && (uint64_t)status.st_size == pack_image_size()) {
		note_use(path);
		return fd;
	}
	if (fd >= 0)
		close(fd);
	unlink(fresh);
	fd = open(fresh, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return because_errno("%s cannot be written", fresh);
	if (copy_image(fd) || rename(fresh, path)) {
		if (!pack_damaged())
			because_errno("%s cannot be written", path);
		unlink(fresh);
		close(fd);
		return pack_damaged() ? FATAL : -1;
	}
	close(fd);
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	tidy(start->cache_folder, true, -1);
	return fd;
}

static int start_by_kernel(const struct start *start)
{
	if (geteuid() != 0)
		return because("not root");
	/* Before anything is copied. */
	if (access("/dev/loop-control", R_OK | W_OK))
		return because_errno("/dev/loop-control");
	char *path = private_mount_point(start);
	if (!path || own_mounts(0) || stay_private())
		return -1;
	int copy = private_copy(start);
	if (copy < 0)
		return copy;
	if (mount_by_kernel(copy, path))
		return -1;
	close(copy);
	return become_program(start, path);
}

static int start_extracted(const struct start *start)
{
	char *files = joined(start->cache_folder, "files"), *path = joined(files, start->identity), *part;
	struct stat status;
	bool fresh = false;
	if (private_folder(start->cache_folder) || private_folder(files))
		return -1;
	/* Whoever dies while extracting lets go of the lock, and the next one begins anew. */
	int lock = open(files, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (lock < 0 || flock(lock, LOCK_EX))
		return because_errno("%s cannot be locked", files);
	if (lstat(path, &status)) {
		if (asprintf(&part, "%s.part", path) < 0)
			abort();
		remove_all(part);
		if (mkdir(part, 0700))
			return because_errno("%s cannot be made", part);
		if (extract(part)) {
			remove_all(part);
			return pack_damaged() ? FATAL : -1;
		}
		/* Whoever finds the finished folder after a power failure trusts it. */
		if (syncfs(lock) || rename(part, path))
			return because_errno("%s cannot be made", path);
		fresh = true;
	} else if (!S_ISDIR(status.st_mode) || status.st_uid != geteuid() || status.st_mode & 077) {
		return because("%s is not a private folder of user %u", path, geteuid());
	}
	/* Shared by all that run from it: nobody takes it away meanwhile. */
	int use = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (use >= 0 && !flock(use, LOCK_SH | LOCK_NB))
		hold_in_program(use);
	note_use(path);
	tidy(start->cache_folder, fresh, lock);
	close(lock);
	return become_program(start, path);
}

static const struct way {
	const char *name;
	const char *title;
	int (*take)(const struct start *start);
} ways[] = {
	{"shared", "mount", start_shared},
	{"namespace", "namespace", start_in_namespace},
	{"kernel", "kernel mount", start_by_kernel},
	{"extract", "extraction", start_extracted},
};

static bool allowed(const char *list, const char *name)
{
	size_t length = strlen(name);
	for (const char *at = list; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (!strncmp(at, name, length) && (at[length] == ',' || !at[length]))
			return true;
	}
	return !list;
}

/* Reads the start script once here, where a refusal can still be said in words. */
static int check_start_script(void)
{
	inode_place place;
	struct node node;
	char text[4096];
	if (image_find_path(".pack/start", &place) || image_node(place, &node) || !S_ISREG(node.mode))
		return pack_damaged() ? -1 : because("it holds files, not a program: mount it with 'whetstone pack mount'");
	for (uint64_t at = 0; at < node.size;) {
		ssize_t got = image_read(place, at, text, sizeof text);
		if (got <= 0)
			return pack_damaged() ? -1 : because("its start script cannot be read");
		at += (uint64_t)got;
	}
	return 0;
}

/* The header looks for the driver in the cache, and writes it where it is gone. */
static void note_driver(const char *cache_folder)
{
	char path[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
	size_t folder = strlen(cache_folder);
	if (length <= 0)
		return;
	path[length] = 0;
	if (!strncmp(path, cache_folder, folder) && !strncmp(path + folder, "/driver-", 8))
		note_use(path);
}

int start(const struct start *start)
{
	char tried[768] = "";
	size_t length = 0;
	if (check_start_script())
		return -1;
	note_driver(start->cache_folder);
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		if (!allowed(start->ways, ways[i].name))
			continue;
		int result = ways[i].take(start);
		if (result == FATAL)
			return -1;
		int added = snprintf(tried + length, sizeof tried - length, "%s%s: %s", length ? "; " : "", ways[i].title, reason());
		length = added < 0 || (size_t)added >= sizeof tried - length ? sizeof tried - 1 : length + (size_t)added;
	}
	if (!length)
		return because("WHETSTONE_PACK_WAYS names none of shared, namespace, kernel, extract");
	if (!allowed(start->ways, "extract"))
		return because("no way to start it here (%s). WHETSTONE_PACK_WAYS leaves out extract, which needs only room", tried);
	return because("no way to start it here (%s). Make room in %s, or name a folder with room in XDG_CACHE_HOME", tried,
		start->cache_folder);
}

int mount_command(const struct start *start, const char *folder)
{
	struct mounted mounted;
	char *path = realpath(folder, NULL);
	if (!path)
		return because_errno("%s", folder);
	if (mounted_at(path, &mounted))
		return because("something is already mounted at %s", path);
	int fuse = mount_for_all(path);
	if (fuse >= 0) {
		if (serve_shared(start, fuse, path, NULL))
			return -1;
		int alive = hold(start, path);
		if (alive < 0)
			return because_errno("the driver does not answer");
		close(alive);
		return 0;
	}
	if (geteuid() != 0 || !start->identity)
		return because("cannot mount at %s (%s). 'whetstone pack extract' needs no mount", path, strdup(reason()));
	int copy = private_copy(start);
	return copy < 0 || mount_by_kernel(copy, path) ? -1 : 0;
}

int unmount_command(const char *folder)
{
	/* realpath() would ask a dead driver for the last name of the path. */
	char *copy = strdup(folder), *slash;
	while ((slash = strrchr(copy, '/')) && slash != copy && !slash[1])
		*slash = 0;
	slash = strrchr(copy, '/');
	const char *name = slash ? slash + 1 : copy;
	char *above = slash == copy ? strdup("/") : slash ? strndup(copy, (size_t)(slash - copy)) : strdup(".");
	char *real = realpath(above, NULL);
	if (!real)
		return because_errno("%s", above);
	char *path = !strcmp(real, "/") ? joined("", name) : joined(real, name);
	struct mounted mounted;
	if (!mounted_at(path, &mounted))
		return because("nothing is mounted at %s", path);
	if (!is_ours(&mounted) && strcmp(mounted.type, "squashfs"))
		return because("what is mounted at %s is not a pack (%s)", path, mounted.type);
	/* Never answered from the kernel's cache, as stat would be. */
	struct statfs status;
	bool dead = is_ours(&mounted) && statfs(path, &status) && errno == ENOTCONN;
	if (unmount(path, dead))
		return strstr(reason(), strerror(EBUSY)) ? because("%s is in use: end what runs from it first", path) : -1;
	return 0;
}
