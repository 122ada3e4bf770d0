/** Options of Node's that have their value behind a blank. */
const valued =
  /^(?:-r|--require|--import|--loader|--experimental-loader|-C|--conditions|--env-file|--env-file-if-exists|--input-type|--disable-warning|--title)$/;

/** Where in the arguments of `node` the program stands: what is before it are options. Their number if there is none. */
export function programAt(args: readonly string[]): number {
  const at = args.findIndex(
    (argument, index) => !argument.startsWith('-') && !valued.test(args[index - 1] ?? ''),
  );
  return at < 0 ? args.length : at;
}
