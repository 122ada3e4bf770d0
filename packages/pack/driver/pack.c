#define OPENSSL_SUPPRESS_DEPRECATED
#include "pack.h"

#include "reason.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/sha.h>
#include <squashfuse/common.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HASHES_PER_NODE (LEAF_BYTES / HASH_BYTES)
#define SEAL_BYTES 144
#define SIGNATURE_BYTES 96
#define SIGNATURES_MAX 8
#define IMAGE_BYTES_MAX (1ULL << 40)

/* Neighbouring metadata blocks share a leaf: without these each would be hashed again. */
#define LEAVES_KEPT 8

static struct {
	int fd;
	struct layout at;
	uint8_t *tree;
	uint8_t head[HASH_BYTES];
	atomic_bool damaged;
} pack = {.fd = -1};

static int read_fully(void *buffer, size_t count, uint64_t offset)
{
	uint8_t *to = buffer;
	while (count > 0) {
		ssize_t got = pread(pack.fd, to, count, (off_t)offset);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			if (got == 0)
				errno = EIO;
			return -1;
		}
		to += got;
		offset += (uint64_t)got;
		count -= (size_t)got;
	}
	return 0;
}

static void hash_with(uint8_t domain, const void *bytes, size_t count, uint8_t out[HASH_BYTES])
{
	SHA256_CTX context;
	SHA256_Init(&context);
	SHA256_Update(&context, &domain, 1);
	SHA256_Update(&context, bytes, count);
	SHA256_Final(out, &context);
}

static uint64_t hashes_of(uint64_t bytes)
{
	return (bytes + LEAF_BYTES - 1) / LEAF_BYTES;
}

static uint64_t tree_bytes(uint64_t image_size)
{
	uint64_t total = 0, level = hashes_of(image_size);
	for (;; level = (level + HASHES_PER_NODE - 1) / HASHES_PER_NODE) {
		total += level;
		if (level <= 1)
			return total * HASH_BYTES;
	}
}

/* All nodes are checked at once: they are a five-hundredth of the image, and any of them may be asked for. */
static int check_tree(void)
{
	uint64_t size = pack.at.tree_size;
	if (size != tree_bytes(pack.at.image_size))
		return because("the hash tree has %llu bytes, %llu were expected", (unsigned long long)size,
			(unsigned long long)tree_bytes(pack.at.image_size));
	if (!(pack.tree = malloc(size)))
		return because("no memory for the hash tree (%llu bytes)", (unsigned long long)size);
	if (read_fully(pack.tree, size, pack.at.tree_offset))
		return because_errno("the hash tree cannot be read");

	uint8_t *level = pack.tree;
	uint64_t count = hashes_of(pack.at.image_size);
	while (count > 1) {
		uint8_t *above = level + count * HASH_BYTES;
		uint64_t nodes = (count + HASHES_PER_NODE - 1) / HASHES_PER_NODE;
		for (uint64_t i = 0; i < nodes; i++) {
			uint64_t first = i * HASHES_PER_NODE;
			uint64_t in_node = count - first < HASHES_PER_NODE ? count - first : HASHES_PER_NODE;
			uint8_t hash[HASH_BYTES];
			hash_with(1, level + first * HASH_BYTES, in_node * HASH_BYTES, hash);
			if (memcmp(hash, above + i * HASH_BYTES, HASH_BYTES))
				return because("the hash tree was changed: a node differs from its hash");
		}
		level = above;
		count = nodes;
	}

	static const char domain[] = "whetstone-pack-root-1\n";
	uint64_t image_size = htole64(pack.at.image_size);
	uint32_t leaf = htole32(LEAF_BYTES);
	uint8_t root[HASH_BYTES];
	SHA256_CTX context;
	SHA256_Init(&context);
	SHA256_Update(&context, domain, sizeof domain - 1);
	SHA256_Update(&context, &image_size, sizeof image_size);
	SHA256_Update(&context, &leaf, sizeof leaf);
	SHA256_Update(&context, level, HASH_BYTES);
	SHA256_Final(root, &context);
	if (memcmp(root, pack.at.root, HASH_BYTES))
		return because("the hash tree was changed: it does not lead to the root hash of the header");
	return 0;
}

static uint64_t number_at(const uint8_t *bytes)
{
	uint64_t value;
	memcpy(&value, bytes, sizeof value);
	return le64toh(value);
}

static uint32_t small_number_at(const uint8_t *bytes)
{
	uint32_t value;
	memcpy(&value, bytes, sizeof value);
	return le32toh(value);
}

static int check_seal(uint64_t file_size)
{
	uint8_t seal[SEAL_BYTES + SIGNATURES_MAX * SIGNATURE_BYTES];
	uint64_t size = file_size - pack.at.seal_offset;
	if (size < SEAL_BYTES || size > sizeof seal || (size - SEAL_BYTES) % SIGNATURE_BYTES)
		return because("the file has another size than its header says: it is cut off or something was added");
	if (read_fully(seal, size, pack.at.seal_offset))
		return because_errno("the seal cannot be read");

	uint8_t hash[HASH_BYTES];
	/* Not SHA256(): that one brings all of libcrypto with it. */
	SHA256_CTX context;
	SHA256_Init(&context);
	SHA256_Update(&context, seal, size - HASH_BYTES);
	SHA256_Final(hash, &context);
	if (memcmp(seal, "WPKSEAL1", 8) || memcmp(hash, seal + size - HASH_BYTES, HASH_BYTES))
		return because("the seal or a signature was changed");
	if (small_number_at(seal + 8) != size || small_number_at(seal + 12) != (size - SEAL_BYTES) / SIGNATURE_BYTES ||
		number_at(seal + 16) != pack.at.image_offset || number_at(seal + 24) != pack.at.image_size ||
		number_at(seal + 32) != pack.at.tree_offset || number_at(seal + 40) != pack.at.tree_size ||
		memcmp(seal + 48, pack.at.root, HASH_BYTES))
		return because("header and seal name different parts: one of them was changed");
	memcpy(pack.head, seal + 80, HASH_BYTES);
	return 0;
}

int pack_open(const char *file, const struct layout *layout)
{
	struct stat status;
	pack.at = *layout;
	pack.fd = open(file, O_RDONLY | O_CLOEXEC);
	if (pack.fd < 0 || fstat(pack.fd, &status))
		return because_errno("the file cannot be opened");
	if (!S_ISREG(status.st_mode))
		return because("it is not a regular file");

	uint64_t size = (uint64_t)status.st_size;
	struct layout *at = &pack.at;
	if (at->image_offset >= size)
		return because("the file ends before its image begins");
	if (!at->verified) {
		if (at->image_size == 0 || at->image_size > size - at->image_offset)
			at->image_size = size - at->image_offset;
		return 0;
	}
	if (at->image_size == 0 || at->image_size > IMAGE_BYTES_MAX || at->image_size > size - at->image_offset ||
		at->tree_offset != at->image_offset + at->image_size || at->tree_size > size - at->tree_offset ||
		at->seal_offset != at->tree_offset + at->tree_size)
		return because("the file has another size than its header says: it is cut off or something was added");
	return check_seal(size) || check_tree() ? -1 : 0;
}

int pack_fd(void)
{
	return pack.fd;
}

void pack_move(int fd)
{
	pack.fd = fd;
}

uint64_t pack_image_size(void)
{
	return pack.at.image_size;
}

bool pack_damaged(void)
{
	return pack.damaged;
}

static size_t leaf_size(uint64_t leaf)
{
	uint64_t left = pack.at.image_size - leaf * LEAF_BYTES;
	return left < LEAF_BYTES ? left : LEAF_BYTES;
}

/* Into memory of this process first: what was checked cannot change behind the check. */
static int read_leaf(uint64_t leaf, uint8_t *buffer)
{
	uint8_t hash[HASH_BYTES];
	if (read_fully(buffer, leaf_size(leaf), pack.at.image_offset + leaf * LEAF_BYTES))
		return because_errno("block %llu of the image cannot be read", (unsigned long long)leaf);
	hash_with(0, buffer, leaf_size(leaf), hash);
	if (!memcmp(hash, pack.tree + leaf * HASH_BYTES, HASH_BYTES))
		return 0;
	pack.damaged = true;
	errno = EIO;
	return because("the image was changed: block %llu (bytes %llu to %llu of the file) differs from its hash",
		(unsigned long long)leaf, (unsigned long long)(pack.at.image_offset + leaf * LEAF_BYTES),
		(unsigned long long)(pack.at.image_offset + leaf * LEAF_BYTES + leaf_size(leaf) - 1));
}

static const uint8_t *kept_leaf(uint64_t leaf)
{
	static __thread struct {
		uint64_t leaf_plus_one;
		uint8_t bytes[LEAF_BYTES];
	} *kept;
	if (!kept && !(kept = calloc(LEAVES_KEPT, sizeof *kept)))
		return NULL;
	size_t slot = leaf % LEAVES_KEPT;
	if (kept[slot].leaf_plus_one != leaf + 1) {
		kept[slot].leaf_plus_one = 0;
		if (read_leaf(leaf, kept[slot].bytes))
			return NULL;
		kept[slot].leaf_plus_one = leaf + 1;
	}
	return kept[slot].bytes;
}

ssize_t pack_read(void *buffer, size_t count, int64_t offset)
{
	if (offset < 0 || (uint64_t)offset >= pack.at.image_size)
		return 0;
	uint64_t at = (uint64_t)offset;
	if (count > pack.at.image_size - at)
		count = pack.at.image_size - at;
	if (!pack.at.verified)
		return read_fully(buffer, count, pack.at.image_offset + at) ? -1 : (ssize_t)count;

	uint8_t *to = buffer;
	for (size_t left = count; left > 0;) {
		uint64_t leaf = at / LEAF_BYTES;
		size_t skip = at % LEAF_BYTES, take = leaf_size(leaf) - skip;
		if (skip == 0 && left >= take) {
			if (read_leaf(leaf, to))
				return -1;
		} else {
			const uint8_t *bytes = kept_leaf(leaf);
			if (!bytes)
				return -1;
			if (take > left)
				take = left;
			memcpy(to, bytes + skip, take);
		}
		to += take;
		at += take;
		left -= take;
	}
	return (ssize_t)count;
}

/* libsquashfuse reads through this name; its own pread would not verify. */
ssize_t sqfs_pread(sqfs_fd_t fd, void *buffer, size_t count, sqfs_off_t offset)
{
	(void)fd;
	return pack_read(buffer, count, offset);
}

int pack_verify_blocks(void)
{
	static uint8_t buffer[LEAF_BYTES];
	for (uint64_t leaf = 0; leaf < hashes_of(pack.at.image_size); leaf++)
		if (read_leaf(leaf, buffer))
			return -1;
	return 0;
}

int pack_verify_head(void)
{
	static uint8_t buffer[LEAF_BYTES];
	uint8_t hash[HASH_BYTES];
	SHA256_CTX context;
	SHA256_Init(&context);
	for (uint64_t at = 0; at < pack.at.image_offset;) {
		uint64_t left = pack.at.image_offset - at;
		size_t take = left < sizeof buffer ? left : sizeof buffer;
		if (read_fully(buffer, take, at))
			return because_errno("the header cannot be read");
		SHA256_Update(&context, buffer, take);
		at += take;
	}
	SHA256_Final(hash, &context);
	return memcmp(hash, pack.head, HASH_BYTES) ? because("the header or the driver was changed") : 0;
}
