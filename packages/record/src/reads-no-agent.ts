import type { Target } from './recording.ts';

/** Under the permission model Node may not read our files, and would not start with them. */
const permission = /(?:^|[\s"'])--(?:experimental-)?permission\b/;

/** Why the agent must stay out of the program, or `null`. */
export function readsNoAgent(target: Target, environment: NodeJS.ProcessEnv): string | null {
  const options =
    target.kind === 'node' ? optionsOf(target.args) : target.kind === 'script' ? target.args : [];
  if (
    options.some((option) => permission.test(option)) ||
    permission.test(environment['NODE_OPTIONS'] ?? '')
  ) {
    return 'The program runs under Node’s permission model, where the recorder cannot be read';
  }
  return null;
}

/** What stands before the program: behind it, everything is the program's own. */
function optionsOf(args: readonly string[]): readonly string[] {
  const first = args.findIndex((argument) => !argument.startsWith('-'));
  return first < 0 ? args : args.slice(0, first);
}
