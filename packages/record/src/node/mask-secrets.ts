const MASK = '***';

/** Names of options and of parameters whose value nobody should see in a report that is shared. */
const secretWord =
  /(?:^|[-_.])(?:token|secret|password|passwd|passphrase|pass|pwd|pw|credentials?|auth|authorization|bearer|cookie|session|api-?key|apikey|access-?key|private-?key|secret-?key|client-?secret|key)$/i;

/** Options whose value may be `name:password`, as curl's is. */
const userOption = /^(?:-[uU]|--(?:proxy-)?user)$/;

/** What well-known services issue: recognisable whatever the option is called. */
const knownKey =
  /\b(?:sk|pk|rk)[-_](?:live|test|proj|ant)?[-_]?[A-Za-z0-9_-]{16,}|\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}|\bnpm_[A-Za-z0-9]{30,}|\bxox[abprs]-[\w-]{10,}|\bAKIA[A-Z0-9]{16}\b|\bAIza[\w-]{30,}|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g;

/**
 * A command line with what looks like a secret replaced by `***`: the value of `--token=…` and
 * `--password …`, users and passwords in addresses and in `-u name:password`, parameters such as
 * `?api_key=…`, and long random values. Paths and ordinary words stay, and so does the value of `-p`: it is
 * a port, a project or an expression more often, and nothing tells them from a password.
 */
export function maskSecrets(argv: readonly string[]): string[] {
  const masked: string[] = [];
  let valueIsSecret = false;
  for (const [i, argument] of argv.entries()) {
    if (valueIsSecret && !argument.startsWith('-')) {
      masked.push(MASK);
      valueIsSecret = false;
      continue;
    }
    valueIsSecret = /^--?[^=\s]+$/.test(argument) && isSecretName(argument.replace(/^-+/, ''));
    const isUser = userOption.test(argv[i - 1] ?? '');
    masked.push(maskedArgument(isUser ? maskedPassword(argument) : argument));
  }
  return masked;
}

/** `name:***`; an address, a path of Windows and the numbers of a user and a group stay. */
function maskedPassword(argument: string): string {
  return /^\d+:\d+$/.test(argument)
    ? argument
    : argument.replace(/^([^:/\\\s]+:)(?!\/\/|\\)[^]+$/, `$1${MASK}`);
}

function maskedArgument(argument: string): string {
  const assigned = /^(-{0,2}[\w.-]+)=([^]*)$/.exec(argument);
  if (assigned !== null && userOption.test(assigned[1] as string)) {
    return `${assigned[1]}=${maskedPassword(assigned[2] as string)}`;
  }
  if (assigned !== null && isSecretName((assigned[1] as string).replace(/^-+/, '')) && assigned[2] !== '') {
    return `${assigned[1]}=${MASK}`;
  }
  return (
    argument
      .replace(/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@]+@/gi, `$1${MASK}@`)
      .replace(/([?&;]([\w.-]+)=)([^&#\s]+)/g, (all, before: string, name: string) =>
        isSecretName(name) ? before + MASK : all,
      )
      .replace(/\b(authorization|cookie|x-[\w-]*(?:token|key))(\s*:\s*)([^\r\n]+)/gi, `$1$2${MASK}`)
      .replace(/\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi, `$1 ${MASK}`)
      .replace(knownKey, MASK)
      // What stands alone or behind `=` and is long, without separators of paths, and random.
      .replace(/(^|=)([A-Za-z0-9+_-]{24,}={0,2})$/g, (all, before: string, value: string) =>
        isRandom(value) ? before + MASK : all,
      )
  );
}

/** `apiToken` is `api-token`. */
function isSecretName(name: string): boolean {
  return secretWord.test(name.replace(/([a-z0-9])([A-Z])/g, '$1-$2'));
}

/** Random text has digits and letters mixed all over; words, dates and names of files have not. */
function isRandom(value: string): boolean {
  let changes = 0;
  let digits = 0;
  for (let i = 0; i < value.length; i++) {
    if (kindOf(value, i) === 'digit') digits++;
    if (i > 0 && kindOf(value, i) !== kindOf(value, i - 1)) changes++;
  }
  return digits >= 3 && changes >= value.length / 4;
}

function kindOf(value: string, index: number): 'digit' | 'upper' | 'lower' | 'other' {
  const code = value.charCodeAt(index);
  if (code >= 48 && code <= 57) return 'digit';
  if (code >= 65 && code <= 90) return 'upper';
  return code >= 97 && code <= 122 ? 'lower' : 'other';
}
