/* Takes the place of libsquashfuse's own list: no LZO (GPL), and one zstd context for each thread. */
#include <lzma.h>
#include <squashfuse/common.h>
#include <squashfuse/decompress.h>
#include <squashfuse/squashfs_fs.h>
#include <zlib.h>
#include <zstd.h>

static sqfs_err zstd(void *in, size_t in_size, void *out, size_t *out_size)
{
	static __thread ZSTD_DCtx *context;
	if (!context && !(context = ZSTD_createDCtx()))
		return SQFS_ERR;
	size_t size = ZSTD_decompressDCtx(context, out, *out_size, in, in_size);
	if (ZSTD_isError(size))
		return SQFS_ERR;
	*out_size = size;
	return SQFS_OK;
}

static sqfs_err gzip(void *in, size_t in_size, void *out, size_t *out_size)
{
	uLongf size = *out_size;
	if (uncompress(out, &size, in, in_size) != Z_OK)
		return SQFS_ERR;
	*out_size = size;
	return SQFS_OK;
}

/* The format's largest dictionary is a block of 1 MiB. */
#define XZ_MEMORY_BYTES (16ULL << 20)

static sqfs_err xz(void *in, size_t in_size, void *out, size_t *out_size)
{
	uint64_t memory = XZ_MEMORY_BYTES;
	size_t read = 0, written = 0;
	if (lzma_stream_buffer_decode(&memory, 0, NULL, in, &read, in_size, out, &written, *out_size) != LZMA_OK)
		return SQFS_ERR;
	*out_size = written;
	return SQFS_OK;
}

sqfs_decompressor sqfs_decompressor_get(sqfs_compression_type type)
{
	switch (type) {
	case ZLIB_COMPRESSION:
		return gzip;
	case XZ_COMPRESSION:
		return xz;
	case ZSTD_COMPRESSION:
		return zstd;
	default:
		return NULL;
	}
}
