/** What {@link startScript} needs to know. */
export interface StartFacts {
  /** Of the pack, for messages. */
  readonly name: string;
  /** In the image. */
  readonly entry: string;
  readonly language: 'node' | 'python';
  /** The carried runtime in the image; without it the one on the PATH is taken. */
  readonly runtime: string | undefined;
  /** `3.11` for Python. */
  readonly version: string;
  /** The folder of Python packages in the image, where the runtime does not find it itself. */
  readonly packages: string | undefined;
  /** True where `/lib` of the image has libraries. */
  readonly libraries: boolean;
  /** What comes before the entry on the command line, such as `--require` and a file; paths in the image have `$WPK_MOUNT` before them. */
  readonly before: readonly string[];
}

/**
 * The lines of `/.pack/start`, which the header reads into its own shell when the image is mounted at `$WPK_MOUNT`.
 *
 * No name in it can be read as shell: each is quoted.
 */
export function startScript(facts: StartFacts): string {
  const { name, runtime, language, version } = facts;
  const lines = [`# Starts ${name.replace(/[^\w@/.+-]/g, '')}`];
  if (facts.libraries)
    lines.push('export LD_LIBRARY_PATH="$WPK_MOUNT/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"');
  if (runtime !== undefined) lines.push('export PATH="$WPK_MOUNT/runtime/bin${PATH:+:$PATH}"');
  if (language === 'python' && runtime !== undefined) lines.push('unset PYTHONHOME');
  if (facts.packages !== undefined)
    lines.push(`export PYTHONPATH=${mounted(facts.packages)}"\${PYTHONPATH:+:$PYTHONPATH}"`);
  const rest = [...facts.before, mounted(facts.entry), '"$@"'].join(' ');
  if (runtime !== undefined)
    lines.push(`exec ${mounted(runtime)} ${language === 'python' ? '-s ' : ''}${rest}`);
  else if (language === 'node')
    lines.push(
      `command -v node >/dev/null 2>&1 || { echo ${quoted(`${name}: there is no 'node' on the PATH: install Node, or build with --with-node.`)} >&2; exit 127; }`,
      `exec node ${rest}`,
    );
  else {
    const needs = quoted(
      `${name}: it needs Python ${version}, and there is none on the PATH: install it, or build with --with-python.`,
    );
    // Compiled files and native modules are for one version.
    lines.push(
      `if command -v python${version} >/dev/null 2>&1; then exec python${version} ${rest}; fi`,
      `if [ "$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)" = ${version} ]; then exec python3 ${rest}; fi`,
      `echo ${needs} >&2`,
      'exit 127',
    );
  }
  return `${lines.join('\n')}\n`;
}

/** A path of the image as a word of shell, once `$WPK_MOUNT` is set. */
export function mounted(path: string): string {
  return `"$WPK_MOUNT"${quoted(`/${path}`)}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
