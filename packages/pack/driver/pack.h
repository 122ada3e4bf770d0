/* A pack or a bare SquashFS image, opened and checked. One program serves one image, so it is global. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define HASH_BYTES 32
#define LEAF_BYTES 16384

/** Where the parts of a file stand, as its header says it; all in bytes from the start. */
struct layout {
	uint64_t image_offset, image_size;
	uint64_t tree_offset, tree_size;
	uint64_t seal_offset;
	uint8_t root[HASH_BYTES];
	/** False for an image without a tree (a XAR): nothing is verified then. */
	bool verified;
};

/** Opens the file and checks seal and tree against the root. Returns 0, or -1 with a reason(). */
int pack_open(const char *file, const struct layout *layout);

/** Descriptor of the open file. */
int pack_fd(void);

/** Moves the open file to another descriptor, so that a daemon can close all others. */
void pack_move(int fd);

/** Bytes of the image. */
uint64_t pack_image_size(void);

/**
 * Reads bytes of the image, each block checked against the tree before a byte of it is handed out.
 * Returns how many were read, fewer only at the end of the image; -1 where a block is unreadable
 * or differs from its hash.
 */
ssize_t pack_read(void *buffer, size_t count, int64_t offset);

/** True once a block differed from its hash. */
bool pack_damaged(void);

/** Checks every block of the image. Returns 0, or -1 with a reason(). */
int pack_verify_blocks(void);

/** Checks header and driver against the seal. Returns 0, or -1 with a reason(). */
int pack_verify_head(void);
