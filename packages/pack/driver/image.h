/* The files of the image: libsquashfuse with every length and offset checked, safe for many threads. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/** Where an inode stands in the image: its name for all functions below. */
typedef uint64_t inode_place;

struct node {
	inode_place place;
	uint32_t number;
	/** Type and permissions as stat has them. */
	mode_t mode;
	uint32_t links;
	/** Bytes of a file, of a link's target, or of a folder as listed. */
	uint64_t size;
	/** Seconds since 1970. */
	uint32_t modified;
	/** Device of a block or character special file. */
	dev_t device;
};

struct entry {
	const char *name;
	inode_place place;
	uint32_t number;
	mode_t type;
};

/** A folder's entries, sorted by their bytes. */
struct listing {
	size_t count;
	struct entry *entries;
};

/** Checks the superblock and opens the image for this thread. Returns 0, or -1 with a reason(). */
int image_open(void);

inode_place image_root(void);

/** All functions below return 0 or a negative errno: -EIO where the image is malformed or changed. */
int image_node(inode_place place, struct node *node);

/** Lists a folder. The listing stays valid until image_release(). */
int image_list(inode_place place, const struct listing **listing);

void image_release(const struct listing *listing);

/** Finds one entry; -ENOENT where there is none. */
int image_find(inode_place folder, const char *name, inode_place *found);

/** Finds a path of names with slashes between them, from the root. */
int image_find_path(const char *path, inode_place *found);

/** Writes the target of a link, ended by 0; `size` is the buffer's, 4,096 is always enough. */
int image_target(inode_place place, char *buffer, size_t size);

/** Reads of a file. Returns the number of bytes, fewer only at its end, or a negative errno. */
ssize_t image_read(inode_place place, uint64_t offset, void *buffer, size_t count);
