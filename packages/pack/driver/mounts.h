/* Mounting, unmounting, and what /proc/self/mountinfo says. */
#pragma once
#include <stdbool.h>

/** Shown as the file system's type behind "fuse.", so that our mounts can be told from others. */
#define MOUNT_TYPE "whetstone-pack"

/** What stands at a mount point. */
struct mounted {
	char type[64];
	/** Ours are unlike any other's: the kernel uses the numbers of devices and mounts again. */
	char source[128];
};

/** The topmost mount at exactly this absolute path; false where there is none. */
bool mounted_at(const char *path, struct mounted *mounted);

/** Mounts FUSE at the path by mount(2). Returns the open /dev/fuse, or -1 with a reason(). */
int mount_directly(const char *path);

/** Mounts FUSE at the path by fusermount3. Returns the open /dev/fuse, or -1 with a reason(). */
int mount_by_helper(const char *path);

/** Mounts a SquashFS file through a loop device that vanishes with the mount. */
int mount_by_kernel(int image_fd, const char *path);

/** Ends what is mounted at the path; `lazily` even where it is in use or its driver is dead. */
int unmount(const char *path, bool lazily);
