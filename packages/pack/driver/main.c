#include "extract.h"
#include "image.h"
#include "pack.h"
#include "reason.h"
#include "start.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* As env and timeout: 125 says that the trouble is ours, not the program's. */
#define EXIT_OURS 125
#define IDLE_SECONDS 60

static const char usage[] =
	"usage: whetstone-pack start   WHERE --run DIR --cache DIR [--idle S] FILE [argument…]\n"
	"       whetstone-pack mount   WHERE [--cache DIR] [--idle S] FILE DIR\n"
	"       whetstone-pack unmount DIR\n"
	"       whetstone-pack extract WHERE FILE DIR\n"
	"       whetstone-pack verify  WHERE FILE\n"
	"\n"
	"WHERE says where the parts of the file stand, in bytes:\n"
	"  --image OFFSET:SIZE --tree OFFSET:SIZE --seal OFFSET --root HASH\n"
	"  --image OFFSET      an image without a tree: nothing can be verified\n";

static int number(const char *text, char **end, uint64_t *value)
{
	if (*text < '0' || *text > '9')
		return -1;
	errno = 0;
	*value = strtoull(text, end, 10);
	return errno ? -1 : 0;
}

static int stretch(const char *text, uint64_t *offset, uint64_t *size)
{
	char *end;
	if (number(text, &end, offset))
		return -1;
	if (*end == ':')
		return number(end + 1, &end, size) || *end ? -1 : 0;
	*size = 0;
	return *end ? -1 : 0;
}

static int hash(const char *text, uint8_t *bytes)
{
	if (strlen(text) != 2 * HASH_BYTES || strspn(text, "0123456789abcdef") != 2 * HASH_BYTES)
		return -1;
	for (size_t i = 0; i < HASH_BYTES; i++) {
		char digits[3] = {text[2 * i], text[2 * i + 1], 0};
		bytes[i] = (uint8_t)strtoul(digits, NULL, 16);
	}
	return 0;
}

static int wrong_usage(void)
{
	fputs(usage, stderr);
	return EXIT_OURS;
}

static int fail(const char *file)
{
	const char *slash = strrchr(file, '/');
	fprintf(stderr, "%s: %s\n", slash ? slash + 1 : file, reason());
	return EXIT_OURS;
}

int main(int count, char **arguments)
{
	struct layout layout = {0};
	struct start what = {.idle_seconds = IDLE_SECONDS, .ways = getenv("WHETSTONE_PACK_WAYS")};
	const char *command = count > 1 ? arguments[1] : "";
	int at = 2;
	bool starts = !strcmp(command, "start"), mounts = !strcmp(command, "mount");
	if (mounts)
		what.idle_seconds = 0;
	if (what.ways && !*what.ways)
		what.ways = NULL;
	if (!strcmp(command, "unmount") && count == 3)
		return unmount_command(arguments[2]) ? fail(arguments[2]) : 0;

	for (; at + 1 < count && !strncmp(arguments[at], "--", 2); at += 2) {
		const char *option = arguments[at], *value = arguments[at + 1];
		char *end;
		uint64_t seconds = 0;
		int wrong = 0;
		if (!strcmp(option, "--image"))
			wrong = stretch(value, &layout.image_offset, &layout.image_size);
		else if (!strcmp(option, "--tree"))
			wrong = stretch(value, &layout.tree_offset, &layout.tree_size);
		else if (!strcmp(option, "--seal"))
			wrong = number(value, &end, &layout.seal_offset) || *end;
		else if (!strcmp(option, "--root")) {
			wrong = hash(value, layout.root);
			what.identity = value;
			layout.verified = true;
		} else if (!strcmp(option, "--run"))
			what.run_folder = value;
		else if (!strcmp(option, "--cache"))
			what.cache_folder = value;
		else if (!strcmp(option, "--idle")) {
			wrong = number(value, &end, &seconds) || *end || seconds > 1000000000;
			what.idle_seconds = (unsigned)seconds;
		} else
			return wrong_usage();
		if (wrong) {
			fprintf(stderr, "whetstone-pack: %s cannot be '%s'\n", option, value);
			return EXIT_OURS;
		}
	}
	int rest = count - at;
	bool extracts = !strcmp(command, "extract"), verifies = !strcmp(command, "verify");
	if (rest < 1 || (starts && (!what.run_folder || !what.cache_folder || !what.identity)) ||
		((mounts || extracts) && rest != 2) || (verifies && (rest != 1 || !what.identity)) ||
		!(starts || mounts || extracts || verifies))
		return wrong_usage();

	what.file = arguments[at];
	what.arguments = arguments + at + 1;
	if (pack_open(what.file, &layout))
		return fail(what.file);
	/* Before the image is parsed: what was changed is never interpreted. */
	if (verifies)
		return pack_verify_head() || pack_verify_blocks() || image_open() ? fail(what.file) : 0;
	if (image_open())
		return fail(what.file);
	if (starts)
		return start(&what) ? fail(what.file) : 0;
	const char *folder = arguments[at + 1];
	if (mounts)
		return mount_command(&what, folder) ? fail(what.file) : 0;
	if (mkdir(folder, 0700) && errno != EEXIST) {
		because_errno("%s cannot be made", folder);
		return fail(what.file);
	}
	return extract(folder) ? fail(what.file) : 0;
}
