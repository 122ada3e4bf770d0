/* The processes that stay behind a mount. */
#pragma once

/**
 * Leaves a server and its guard behind for a mount that this process just made, and closes its own
 * `fuse_fd`. The guard detaches the mount if the server is killed. After `idle_seconds` without use
 * (0: never) the mount ends; `lock_folder` is then locked, so that nobody starts on it meanwhile,
 * and the empty folder at `path` removed. NULL where the mount is shared by nobody.
 */
int serve_in_background(int fuse_fd, const char *path, const char *lock_folder, unsigned idle_seconds);

/**
 * Leaves a server behind that waits for an open /dev/fuse on the socket, and ends with its mount.
 * It is forked before its starter enters a namespace: were it inside, it would keep it alive.
 */
int serve_when_sent(int socket);
