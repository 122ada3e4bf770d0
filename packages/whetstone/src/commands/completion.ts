import { commands, type Command } from '../commands.ts';
import { parseOptions } from '../options.ts';
import { UsageError } from '../usage-error.ts';

const shells = ['bash', 'zsh', 'fish'] as const;

/** `whetstone completion bash`: a script for the shell, from the same tables as the help text. */
export const completionCommand: Command = {
  usage: 'bash|zsh|fish',
  summary: 'Completion for your shell: eval "$(whetstone completion bash)"',
  completes: 'shell',
  options: [],
  async run(args) {
    const { rest } = parseOptions(args, [], { stopAtFirst: false });
    const shell = shells.find((name) => name === rest[0]);
    if (!shell || rest.length > 1) {
      throw new UsageError(
        `completion takes one of ${shells.join(', ')}${rest[0] === undefined ? '' : `, and was given '${rest.join(' ')}'`}.`,
      );
    }
    const loaded = await Promise.all(
      [...commands].map(async ([name, load]) => [name, await load()] as const),
    );
    process.stdout.write({ bash, zsh, fish }[shell](loaded));
    return 0;
  },
};

type Named = readonly (readonly [name: string, command: Command])[];

const words = (command: Command) => command.options.map(({ name }) => `--${name}`).join(' ');

function bash(all: Named): string {
  const names = [...all.map(([name]) => name), 'help', '--version'].join(' ');
  // A name of a file may hold blanks; words of ours hold none.
  const files = (what: string) => `local IFS=$'\\n'; COMPREPLY=($(compgen ${what} -- "$word"))`;
  const choose = (words: string) => `COMPREPLY=($(compgen -W "${words}" -- "$word"))`;
  const cases = all
    .map(([name, command]) => {
      const values = command.options
        .filter((option) => option.value !== undefined && option.optional !== true)
        .map(({ name, short, choices }) => {
          const option = short === undefined ? `--${name}` : `--${name}|-${short}`;
          return `        ${option}) ${choices ? choose(choices.join(' ')) : files('-f')}; return;;\n`;
        })
        .join('');
      const then = {
        file: files('-f'),
        command: files('-c -f'),
        none: ':',
        shell: choose(shells.join(' ')),
      }[command.completes];
      const below = [...(command.commands?.keys() ?? [])].join(' ');
      const own = command.completes === 'command' ? behindProgram(command, files) : '';
      return `    ${name})
${own}${values && `      case "$before" in\n${values}      esac\n`}${below && `      if [ "$COMP_CWORD" -eq 2 ]; then ${choose(below)}; return; fi\n`}      case "$word" in
        -*) ${choose(`${words(command)} --help`)};;
        *) ${then};;
      esac;;`;
    })
    .join('\n');
  return `_whetstone() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}"
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${names}" -- "$word"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases}
    help) COMPREPLY=($(compgen -W "${all.map(([name]) => name).join(' ')}" -- "$word"));;
  esac
}
complete -o filenames -F _whetstone whetstone
`;
}

/** Options behind the program are the program's: there only files are offered. */
function behindProgram({ options }: Command, files: (what: string) => string): string {
  const withValue = options
    .filter(({ value, optional }) => value !== undefined && optional !== true)
    .flatMap(({ name, short }) => (short === undefined ? [`--${name}`] : [`--${name}`, `-${short}`]));
  // Bash takes `--sort=self` apart at its `=`.
  return `      local i
      for ((i = 2; i < COMP_CWORD; i++)); do
        case "\${COMP_WORDS[i]}" in
          ${withValue.join('|')}) if [ "\${COMP_WORDS[i+1]}" = '=' ]; then ((i++)); fi; ((i++));;
          =) ((i++));;
          --) if [ "$((i + 1))" -lt "$COMP_CWORD" ]; then ${files('-f')}; else ${files('-c -f')}; fi; return;;
          -m|-c|[!-]*) ${files('-f')}; return;;
        esac
      done
`;
}

function zsh(all: Named): string {
  const quote = (text: string) => text.replaceAll("'", "'\\''").replaceAll(/[[\]:]/g, (c) => `\\${c}`);
  const describe = all.map(([name, command]) => `    '${name}:${quote(command.summary)}'`).join('\n');
  const cases = all
    .map(([name, command]) => {
      const options = command.options.map((option) => {
        const value =
          option.value === undefined || option.optional === true
            ? ''
            : `:${quote(option.value)}:${option.choices ? `(${option.choices.join(' ')})` : '_files'}`;
        return `        '${option.many ? '*' : ''}--${option.name}[${quote(option.help)}]${value}'`;
      });
      const below = [...(command.commands?.keys() ?? [])].join(' ');
      const first = below && `        '1:command:(${below})'`;
      const rest = {
        file: ["        '*:file:_files'"],
        command: ["        '1:program:_whetstone_program'", "        '*:file:_files'"],
        none: [],
        shell: [`        '1:shell:(${shells.join(' ')})'`],
      }[command.completes];
      return `      ${name}) _arguments \\\n${[...options, ...(first ? [first] : []), ...rest].join(' \\\n')} ;;`;
    })
    .join('\n');
  // No variable may be called `commands`: zsh has those of the PATH there.
  return `#compdef whetstone
_whetstone_program() {
  _alternative 'files:file:_files' 'commands:command:_command_names -e'
}
_whetstone() {
  local -a names
  names=(
${describe}
  )
  if (( CURRENT == 2 )); then
    _describe command names
  else
    local name=$words[2]
    shift words
    (( CURRENT-- ))
    case $name in
${cases}
    esac
  fi
}
compdef _whetstone whetstone
`;
}

function fish(all: Named): string {
  const quote = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const lines = ['complete -c whetstone -f'];
  for (const [name, command] of all) {
    lines.push(`complete -c whetstone -n __fish_use_subcommand -a ${name} -d ${quote(command.summary)}`);
    const inside = `-n '__fish_seen_subcommand_from ${name}'`;
    if (command.completes === 'file' || command.completes === 'command')
      lines.push(`complete -c whetstone ${inside} -F`);
    for (const below of command.commands?.keys() ?? [])
      lines.push(`complete -c whetstone ${inside} -a ${below}`);
    if (command.completes === 'shell')
      lines.push(`complete -c whetstone ${inside} -a ${quote(shells.join(' '))}`);
    for (const option of command.options) {
      const value =
        option.value === undefined || option.optional === true
          ? ''
          : option.choices
            ? ` -x -a ${quote(option.choices.join(' '))}`
            : ' -r';
      lines.push(`complete -c whetstone ${inside} -l ${option.name}${value} -d ${quote(option.help)}`);
    }
  }
  return `${lines.join('\n')}\n`;
}
