/* Answers the kernel's questions about the files. */
#pragma once
#include <stdbool.h>

/** The longest name of a service. */
#define ALIVE_NAME_MAX 128

struct service {
	/**
	 * A file in the root that is in no listing and asked for anew each time. Its name ends with the
	 * whole root hash: who can open it knows that the driver lives, that it serves this image, and
	 * keeps the mount from ending.
	 */
	const char *alive_name;
	/** Open /dev/fuse of the mount. */
	int fuse_fd;
	/** Seconds without a question after which let_go is tried; 0: never. */
	unsigned idle_seconds;
	/** Ends the mount unless it is in use; true if it ended. */
	bool (*let_go)(void);
};

/** Serves until the mount is gone. Returns 0, or -1 with a reason(). */
int serve(const struct service *service);
