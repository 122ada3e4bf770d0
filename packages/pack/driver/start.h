/* The ways of starting, in order. */
#pragma once
#include "pack.h"

struct start {
	/** The file as the user named it, for messages and as the program's $0. */
	const char *file;
	/** The root hash in hexadecimal digits: stands in every path. */
	const char *identity;
	/** Private folder of the shared mounts. */
	const char *run_folder;
	/** Private folder of what is kept: copies, extracted files. */
	const char *cache_folder;
	/** Seconds after which an unused shared mount ends; 0: never. */
	unsigned idle_seconds;
	/** Ways that may be taken, of "shared,namespace,kernel,extract"; NULL: all. */
	const char *ways;
	/** Arguments of the program, ended by NULL. */
	char **arguments;
};

/** Becomes the program. Returns, with a reason(), only where that is impossible. */
int start(const struct start *start);

/** Mounts at a folder until unmount_command, without becoming a program. */
int mount_command(const struct start *start, const char *folder);

/** Ends such a mount. */
int unmount_command(const char *folder);
