/* Answers the kernel's questions about the files. */
#pragma once
#include <stdbool.h>

/** The name that is in no listing, and asked for anew each time: who opens it holds the mount and knows that it lives. */
#define ALIVE_NAME ".pack-alive"

struct service {
	/** Open /dev/fuse of the mount. */
	int fuse_fd;
	/** Seconds without a question after which let_go is tried; 0: never. */
	unsigned idle_seconds;
	/** Ends the mount unless it is in use; true if it ended. */
	bool (*let_go)(void);
};

/** Serves until the mount is gone. Returns 0, or -1 with a reason(). */
int serve(const struct service *service);
