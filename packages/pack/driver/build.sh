#!/bin/sh
# Builds the driver, where a source is newer than it, with the C compiler and Debian's static libraries; needs no network.
#
#   build.sh [FILE]           the static program, stripped (build/whetstone-pack-<processor>)
#   build.sh --asan [FILE]    the same under AddressSanitizer, for tests (build/asan/…)
#
# Needs: gcc libc6-dev libfuse3-dev libsquashfuse-dev libzstd-dev zlib1g-dev liblzma-dev libssl-dev
set -eu
folder=$(cd "$(dirname "$0")" && pwd)
processor=$(uname -m)
compiler=${CC:-gcc}
# One date in all builds: the same sources and libraries give the same bytes.
common="-std=gnu11 -O2 -Wall -Wextra -Werror -D_FILE_OFFSET_BITS=64 -D_FORTIFY_SOURCE=2
  -fstack-protector-strong -ffile-prefix-map=$folder=. -Wl,--wrap=sqfs_md_read"
libraries="-lsquashfuse -lfuse3 -lcrypto -lzstd -lz -llzma"

if [ "${1-}" = --asan ]; then
  output=${2-$folder/build/asan/whetstone-pack-$processor}
  kind="-g -fsanitize=address,undefined -fno-sanitize-recover=undefined -U_FORTIFY_SOURCE"
  libraries="-Wl,-Bstatic $libraries -Wl,-Bdynamic"
else
  output=${1-$folder/build/whetstone-pack-$processor}
  kind="-static-pie -fPIE -ffunction-sections -fdata-sections -Wl,--gc-sections -Wl,-z,relro,-z,now -Wl,--build-id=none -s"
fi

if [ -e "$output" ] && [ -z "$(find "$folder" -maxdepth 1 -newer "$output" -name '*.[ch]')" ] &&
  [ ! "$folder/build.sh" -nt "$output" ]; then
  exit 0
fi
mkdir -p "$(dirname "$output")"
fresh=$output.$$
trap 'rm -f "$fresh"' EXIT
# The lists are words on purpose.
# shellcheck disable=SC2086
"$compiler" $common $kind -I/usr/include/squashfuse -o "$fresh" "$folder"/*.c $libraries
mv "$fresh" "$output"
