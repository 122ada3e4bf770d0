import { programAt } from './node/program-at.ts';
import type { Target } from './recording.ts';

/** Under the permission model Node may not read our files, and would not start with them. */
const permission = /(?:^|[\s"'])--(?:experimental-)?permission\b/;

/** A Node that a shell, a script or a launcher is told to start so. */
const nodeWithPermission = /\bnode\b.*\s--(?:experimental-)?permission\b/;

/** Why the agent must stay out of the program, or `null`. */
export function readsNoAgent(target: Target, environment: NodeJS.ProcessEnv): string | null {
  const asked =
    target.kind === 'node'
      ? target.args.slice(0, programAt(target.args)).some((option) => permission.test(option))
      : nodeWithPermission.test(target.args.join(' '));
  if (asked || permission.test(environment['NODE_OPTIONS'] ?? '')) {
    return 'The program runs under Node’s permission model, where the recorder cannot be read';
  }
  return null;
}
