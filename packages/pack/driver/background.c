#define _GNU_SOURCE
#include "background.h"

#include "descriptors.h"
#include "mounts.h"
#include "pack.h"
#include "reason.h"
#include "serve.h"
#include "warm.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PACK_FD 3
#define KEPT_FD 4

static struct background mount;
static struct mounted own_mount;

/* A caller that reads the program's output waits for its end: nothing of his may stay open here. */
static void leave_caller(int kept)
{
	setsid();
	prctl(PR_SET_NAME, "whetstone-pack");
	/* They may hold a secret, and this process outlives the program. */
	for (char **argument = mount.hidden_arguments; argument && *argument; argument++)
		memset(*argument, 0, strlen(*argument));
	for (int signal_number = 1; signal_number < NSIG; signal_number++)
		signal(signal_number, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (chdir("/")) {
		/* Only a folder that cannot be unmounted is at stake. */
	}
	/* Both may stand where the other goes. */
	int file = fcntl(pack_fd(), F_DUPFD_CLOEXEC, 16), other = fcntl(kept, F_DUPFD_CLOEXEC, 16);
	dup3(file, PACK_FD, O_CLOEXEC);
	dup3(other, KEPT_FD, O_CLOEXEC);
	pack_move(PACK_FD);
	closefrom(KEPT_FD + 1);
	int nothing = open("/dev/null", O_RDWR);
	for (int fd = 0; fd < 3; fd++)
		if (nothing < 0)
			close(fd);
		else if (nothing != fd)
			dup2(nothing, fd);
	if (nothing > 2)
		close(nothing);
}

/* Two forks: the program must not find a child that it did not make. True in the process that stays. */
static int detach(void)
{
	pid_t child = fork();
	if (child < 0)
		return because_errno("fork");
	if (child > 0) {
		int status;
		while (waitpid(child, &status, 0) < 0 && errno == EINTR)
			;
		return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : because("fork failed");
	}
	pid_t grandchild = fork();
	if (grandchild != 0)
		_exit(grandchild < 0);
	return 1;
}

static int locked(int wait)
{
	int fd = open(mount.lock_folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 && flock(fd, LOCK_EX | wait)) {
		close(fd);
		return -1;
	}
	return fd;
}

static bool still_ours(void)
{
	struct mounted now;
	return mounted_at(mount.path, &now) && !strcmp(now.source, own_mount.source);
}

/* Ends the mount unless it is in use or somebody is starting on it. */
static bool let_go(void)
{
	int lock = mount.lock_folder ? locked(LOCK_NB) : -1;
	if (mount.lock_folder && lock < 0)
		return false;
	bool ended = still_ours() && unmount(mount.path, false) == 0;
	if (lock >= 0)
		close(lock);
	return ended;
}

/* After the server: detaches what a killed one left, and removes the folder where it stood. */
static void clear_away(void)
{
	int lock = mount.lock_folder ? locked(0) : -1;
	if (still_ours())
		unmount(mount.path, true);
	if (mount.lock_folder)
		rmdir(mount.path);
	if (lock >= 0)
		close(lock);
}

static void guard(void)
{
	mounted_at(mount.path, &own_mount);
	pid_t server = fork();
	if (server == 0) {
		struct service service = {.fuse_fd = KEPT_FD, .alive_name = mount.alive_name, .idle_seconds = mount.idle_seconds, .let_go = let_go};
		_exit(serve(&service) ? 1 : 0);
	}
	/* While another process has it open, a mount with a dead server would wait for ever. */
	close(KEPT_FD);
	close(PACK_FD);
	if (mount.lock_folder)
		warm(mount.path);
	int status;
	while (server > 0 && waitpid(server, &status, 0) < 0 && errno == EINTR)
		;
	clear_away();
	_exit(0);
}

int serve_in_background(int fuse_fd, const struct background *background)
{
	int where = detach();
	if (where == 1) {
		mount = *background;
		leave_caller(fuse_fd);
		guard();
	}
	close(fuse_fd);
	return where;
}

int serve_when_sent(int socket, const char *alive_name, char **hidden_arguments)
{
	int where = detach();
	if (where == 1) {
		mount.hidden_arguments = hidden_arguments;
		leave_caller(socket);
		int fuse_fd = receive_descriptor(KEPT_FD);
		close(KEPT_FD);
		if (fuse_fd < 0)
			_exit(0);
		struct service service = {.fuse_fd = fuse_fd, .alive_name = alive_name};
		_exit(serve(&service) ? 1 : 0);
	}
	return where;
}
