#define _GNU_SOURCE
#include "mounts.h"

#include "descriptors.h"
#include "reason.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define HELPER "fusermount3"

extern char **environ;

/* The kernel writes blanks, tabs, newlines and backslashes as three octal digits. */
static void unescape(char *text)
{
	char *to = text;
	for (char *from = text; *from;) {
		if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] && from[3]) {
			*to++ = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
			from += 4;
		} else {
			*to++ = *from++;
		}
	}
	*to = 0;
}

bool mounted_at(const char *path, struct mounted *mounted)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	size_t room = 0;
	bool found = false;
	if (!file)
		return false;
	while (getline(&line, &room, file) > 0) {
		char *rest = line, *fields[5];
		for (size_t i = 0; i < 5; i++)
			fields[i] = strsep(&rest, " ");
		char *behind = rest ? strstr(rest, " - ") : NULL;
		if (!behind)
			continue;
		unescape(fields[4]);
		if (strcmp(fields[4], path))
			continue;
		behind += 3;
		char *type = strsep(&behind, " "), *source = strsep(&behind, " ");
		snprintf(mounted->type, sizeof mounted->type, "%s", type ? type : "");
		snprintf(mounted->source, sizeof mounted->source, "%s", source ? source : "");
		found = true;
	}
	free(line);
	fclose(file);
	return found;
}

/* A name for the mount that no other one has, before or after. */
static const char *new_source(void)
{
	static char source[64];
	struct timespec time;
	clock_gettime(CLOCK_REALTIME, &time);
	snprintf(source, sizeof source, MOUNT_TYPE ":%d.%lld%09ld", getpid(), (long long)time.tv_sec, time.tv_nsec);
	return source;
}

int mount_directly(const char *path)
{
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return because_errno("/dev/fuse");
	char options[128];
	snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=%u,group_id=%u,default_permissions", fd, geteuid(), getegid());
	if (mount(new_source(), path, "fuse." MOUNT_TYPE, MS_RDONLY | MS_NOSUID | MS_NODEV, options)) {
		because_errno("mount");
		close(fd);
		return -1;
	}
	return fd;
}

/* Runs the setuid helper; what it prints becomes the reason. */
static int run_helper(char *const arguments[], int socket)
{
	int output[2];
	if (pipe2(output, O_CLOEXEC))
		return because_errno("pipe");
	posix_spawn_file_actions_t actions;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDWR, 0);
	posix_spawn_file_actions_adddup2(&actions, output[1], 1);
	posix_spawn_file_actions_adddup2(&actions, output[1], 2);
	if (socket >= 0)
		posix_spawn_file_actions_adddup2(&actions, socket, 3);
	setenv("_FUSE_COMMFD", "3", 1);
	pid_t helper;
	int error = posix_spawnp(&helper, HELPER, &actions, NULL, arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	unsetenv("_FUSE_COMMFD");
	close(output[1]);
	if (error) {
		close(output[0]);
		return error == ENOENT ? because("no " HELPER " (Debian's package fuse3)") : because(HELPER ": %s", strerror(error));
	}
	char said[256] = "";
	size_t length = 0;
	ssize_t got;
	while (length < sizeof said - 1 && ((got = read(output[0], said + length, sizeof said - 1 - length)) > 0 || (got < 0 && errno == EINTR)))
		length += got > 0 ? (size_t)got : 0;
	close(output[0]);
	said[strcspn(said, "\n")] = 0;
	int status;
	while (waitpid(helper, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	return because("%s", said[0] ? said : HELPER " failed");
}

int mount_by_helper(const char *path)
{
	/* The helper opens it as the user; its own words for this are no help. */
	if (access("/dev/fuse", R_OK | W_OK))
		return because_errno("/dev/fuse");
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return because_errno("socketpair");
	char options[192];
	snprintf(options, sizeof options, "ro,nosuid,nodev,default_permissions,subtype=" MOUNT_TYPE ",fsname=%s", new_source());
	char *arguments[] = {HELPER, "-o", options, "--", (char *)path, NULL};
	int fd = run_helper(arguments, pair[1]);
	close(pair[1]);
	if (fd == 0)
		fd = receive_descriptor(pair[0]);
	close(pair[0]);
	return fd;
}

int mount_by_kernel(int image_fd, const char *path)
{
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	if (control < 0)
		return because_errno("/dev/loop-control");
	/* Between asking for a free device and taking it another process may have taken it. */
	int device = -1;
	char name[32];
	for (int tries = 0; tries < 16 && device < 0; tries++) {
		int number = ioctl(control, LOOP_CTL_GET_FREE);
		if (number < 0)
			break;
		snprintf(name, sizeof name, "/dev/loop%d", number);
		if ((device = open(name, O_RDONLY | O_CLOEXEC)) < 0)
			break;
		struct loop_config configuration = {
			.fd = (unsigned)image_fd,
			.info = {.lo_flags = LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR},
		};
		if (ioctl(device, LOOP_CONFIGURE, &configuration)) {
			int error = errno;
			close(device);
			device = -1;
			errno = error;
			if (error != EBUSY)
				break;
		}
	}
	if (device < 0)
		because_errno("no loop device");
	close(control);
	if (device < 0)
		return -1;
	int result = mount(name, path, "squashfs", MS_RDONLY | MS_NOSUID | MS_NODEV, NULL);
	if (result)
		because_errno("mount");
	close(device);
	return result;
}

int unmount(const char *path, bool lazily)
{
	if (!umount2(path, UMOUNT_NOFOLLOW | (lazily ? MNT_DETACH : 0)))
		return 0;
	if (errno != EPERM)
		return because_errno("unmount");
	char *arguments[] = {HELPER, "-u", lazily ? "-qz" : "-q", "--", (char *)path, NULL};
	return run_helper(arguments, -1);
}
