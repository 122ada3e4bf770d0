/**
 * The start script of a pack: what stands behind the variables of its header.
 *
 * Where the image is mounted already, it takes built-in commands of the shell alone until it
 * becomes the program. Otherwise it writes the carried driver into the user's private cache, once,
 * and becomes that. It ends by `exec` or `exit` on every path, so that the shell never reads the
 * binary parts behind it. See format.md.
 */
export function headerScript(): string {
  return SCRIPT;
}

const SCRIPT = `wpk_fail() {
  printf '%s: %s\\n' "\${0##*/}" "$1" >&2
  exit 125
}
if [ "$#" = 1 ] && [ "$1" = --pack-info ]; then
  printf '%s: %s\\n' kind "$WPK_KIND" name "$WPK_NAME" version "$WPK_VERSION" arch "$WPK_ARCH" \\
    glibc "$WPK_GLIBC" compressor "$WPK_COMPRESSOR" driver-size "$WPK_DRIVER_SIZE" \\
    image-size "$WPK_IMAGE_SIZE" root "$WPK_ROOT"
  exit 0
fi
if [ "$WPK_KIND" != program ]; then
  wpk_fail "it holds files, not a program: mount it with 'whetstone pack mount'"
fi
WPK_RUN=
case \${XDG_RUNTIME_DIR-} in
/*) [ ! -O "$XDG_RUNTIME_DIR" ] || WPK_RUN=$XDG_RUNTIME_DIR/wpk ;;
esac
if [ -z "$WPK_RUN" ]; then
  while read -r WPK_KEY WPK_REAL WPK_USER WPK_REST; do
    case $WPK_KEY in
    Uid:)
      WPK_RUN=/tmp/wpk-$WPK_USER
      break
      ;;
    esac
  done </proc/self/status
  [ -n "$WPK_RUN" ] || wpk_fail 'cannot read /proc/self/status: mount /proc'
fi
# The first 16 digits.
WPK_MOUNT=$WPK_RUN/\${WPK_ROOT%????????????????????????????????????????????????}
# Only a living driver of this very image answers for the name, and open it keeps the mount from ending.
if [ -O "$WPK_RUN" ] && [ ! -h "$WPK_RUN" ] && [ -z "\${WHETSTONE_PACK_WAYS-}" ] &&
  [ ! -e /proc/self/fd/9 ] && { command exec 9<"$WPK_MOUNT/.pack-$WPK_ROOT"; } 2>/dev/null; then
  . "$WPK_MOUNT/.pack/start"
  exit 125
fi
[ "$WPK_DRIVER_SIZE" != 0 ] || wpk_fail "it carries no driver: start it with 'whetstone pack run'"
# A machine may have its tools as busybox alone, without links.
wpk_tool() {
  if command -v "$1" >/dev/null; then
    "$@"
  else
    busybox "$@"
  fi
}
WPK_HERE=$(wpk_tool uname -m 2>/dev/null)
case $WPK_HERE in
'' | "$WPK_ARCH") ;;
*) [ "$WPK_ARCH" = any ] || wpk_fail "it is for $WPK_ARCH, and this machine is $WPK_HERE: build it here" ;;
esac
# Sets WPK_DRIVER to the driver in the folder $1, written there where it is missing.
wpk_driver() {
  [ -d "$1" ] || wpk_tool mkdir -p -m 700 "$1" 2>/dev/null || return
  [ -O "$1" ] && [ ! -h "$1" ] || return
  WPK_DRIVER=$1/driver-$WPK_DRIVER_SHA256
  [ ! -x "$WPK_DRIVER" ] || return 0
  { wpk_tool tail -c "+$((WPK_DRIVER_OFFSET + 1))" <"$0" |
    wpk_tool head -c "$WPK_DRIVER_SIZE" >"$WPK_DRIVER.$$" &&
    wpk_tool chmod 700 "$WPK_DRIVER.$$"; } 2>/dev/null || return
  WPK_SUM=$(wpk_tool sha256sum <"$WPK_DRIVER.$$" 2>/dev/null)
  case $WPK_SUM in
  '' | "$WPK_DRIVER_SHA256 "*) ;;
  *)
    wpk_tool rm -f "$WPK_DRIVER.$$"
    wpk_fail 'the driver in it was changed: get the file anew'
    ;;
  esac
  wpk_tool mv -f "$WPK_DRIVER.$$" "$WPK_DRIVER" && [ -x "$WPK_DRIVER" ]
}
WPK_CACHE=\${XDG_CACHE_HOME:-\${HOME-}/.cache}
case $WPK_CACHE in
/.cache | [!/]*) WPK_CACHE=$WPK_RUN ;;
*) WPK_CACHE=$WPK_CACHE/whetstone-pack ;;
esac
wpk_driver "$WPK_CACHE" || {
  WPK_FIRST=$WPK_CACHE
  WPK_CACHE=$WPK_RUN
  wpk_driver "$WPK_CACHE" || wpk_fail "cannot write its driver to $WPK_FIRST or $WPK_RUN (no room, not yours, or noexec): name another folder in XDG_CACHE_HOME"
}
exec "$WPK_DRIVER" start --image "$WPK_IMAGE_OFFSET:$WPK_IMAGE_SIZE" --tree "$WPK_TREE_OFFSET:$WPK_TREE_SIZE" \\
  --seal "$WPK_SEAL_OFFSET" --root "$WPK_ROOT" --run "$WPK_RUN" --cache "$WPK_CACHE" \\
  --idle "\${WHETSTONE_PACK_IDLE:-60}" "$0" "$@"
`;
