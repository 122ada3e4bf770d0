/* The processes that stay behind a mount. */
#pragma once

struct background {
	/** As in struct service. */
	const char *alive_name;
	/** Where the mount is. */
	const char *path;
	/** Folder that is locked while a mount in it begins or ends; NULL for a mount of a user's own choice. */
	const char *lock_folder;
	/** Seconds without use after which the mount ends; 0: never. */
	unsigned idle_seconds;
	/** The program's arguments, which no list of processes shall show of the server; ended by NULL. */
	char **hidden_arguments;
};

/**
 * Leaves a server and its guard behind for a mount that this process just made, and closes its own
 * `fuse_fd`. The guard detaches the mount if the server is killed, and removes the folder at its
 * path where a lock folder is named.
 */
int serve_in_background(int fuse_fd, const struct background *background);

/**
 * Leaves a server behind that waits for an open /dev/fuse on the socket, and ends with its mount.
 * It is forked before its starter enters a namespace: were it inside, it would keep it alive.
 */
int serve_when_sent(int socket, const char *alive_name, char **hidden_arguments);
