import type { Format } from '@whetstone/profile';
import { checkAnswer } from './check-answer.ts';
import { hooks, type Hooks, type ReportKind, type WhetstonePlugin } from './hooks.ts';
import { isKnownError } from './known-error.ts';
import { PluginError } from './plugin-error.ts';

type Call = (args: unknown, context: unknown) => unknown;
type Wrap = (args: unknown, context: unknown) => Generator | AsyncGenerator;

/**
 * A plugin of someone else's, in its own hooks only: what it throws, or answers wrongly, goes to `failed`, and counts
 * as no answer. Recording is the exception: it throws, because the program has perhaps run already.
 */
export function guardedPlugin(plugin: WhetstonePlugin, failed: (cause: unknown) => void): WhetstonePlugin {
  const guarded: Record<string, unknown> = { name: plugin.name };
  for (const hook of answeredHooks(plugin)) {
    const member = plugin[hook] as Call | { handler?: Call; wrapper?: Wrap };
    if (typeof member === 'function') guarded[hook] = guardedCall(member.bind(plugin));
    else if (member.wrapper)
      guarded[hook] = { ...member, wrapper: guardedWrapper(hook, member.wrapper.bind(plugin)) };
    else guarded[hook] = { ...member, handler: guardedCall(member.handler!.bind(plugin)) };

    function guardedCall(call: Call): Call {
      return async (args, context) => {
        try {
          return guardedAnswer(hook, checked(hook, await call(args, context)));
        } catch (cause) {
          if (hook === 'recordTarget' || hook === 'recordProcess')
            throw isKnownError(cause)
              ? cause
              : new PluginError('PLUGIN_RECORDING_FAILED', plugin.name, cause);
          failed(cause);
          return undefined;
        }
      };
    }
  }
  return guarded as WhetstonePlugin;

  /** What is answered here is called later, and must name the plugin when it fails then. */
  function guardedAnswer(hook: keyof Hooks, answer: unknown): unknown {
    if (answer === undefined || answer === null) return answer;
    if (hook === 'formats')
      return (answer as readonly Format[]).map((format) => namedFormat(plugin.name, format, failed));
    if (hook === 'reports')
      return (answer as readonly ReportKind[]).map((kind) => namedReport(plugin.name, kind));
    return answer;
  }

  function guardedWrapper(hook: keyof Hooks, wrapper: Wrap) {
    return async function* guardedSteps(args: unknown, context: unknown): AsyncGenerator {
      const steps = wrapper(args, context);
      try {
        if ((await steps.next()).done) throw new Error(`its wrapper of ${hook} ended before it yielded`);
      } catch (cause) {
        failed(cause);
        return yield;
      }
      let outcome: unknown;
      try {
        outcome = yield;
      } catch (error) {
        // The program was not measured, or the like: the wrapper may still make something of it, or throw.
        return (await steps.throw(error)).value;
      }
      try {
        const last = await steps.next(outcome);
        if (!last.done) throw new Error(`its wrapper of ${hook} yielded twice`);
        const answers: unknown[] = isCollected(hook) ? (last.value as unknown[]) : [last.value];
        for (const answer of answers) checked(hook, answer);
        return last.value;
      } catch (cause) {
        failed(cause);
        return outcome;
      }
    };
  }
}

/** The hooks of ours that a plugin implements, in the order in which they are declared. */
export function answeredHooks(plugin: WhetstonePlugin): (keyof Hooks)[] {
  return (Object.keys(hooks.options) as (keyof Hooks)[]).filter((hook) => plugin[hook] !== undefined);
}

function isCollected(hook: keyof Hooks): boolean {
  return !('firstResult' in hooks.options[hook]);
}

function checked(hook: keyof Hooks, answer: unknown): unknown {
  const wrong = checkAnswer(hook, answer);
  if (wrong !== undefined) throw new TypeError(wrong);
  return answer;
}

function namedFormat(plugin: string, format: Format, failed: (cause: unknown) => void): Format {
  return {
    name: format.name,
    extensions: format.extensions,
    ...(format.matches && {
      matches: (bytes) => {
        try {
          return format.matches!(bytes);
        } catch (cause) {
          // The file may be of another format.
          failed(cause);
          return false;
        }
      },
    }),
    ...(format.read && {
      read: async (bytes, codec) => await named(plugin, async () => await format.read!(bytes, codec)),
    }),
    ...(format.write && {
      write: async (profile, codec, options) =>
        await named(plugin, async () => {
          // Taken here, where an error still has the plugin's name.
          const pieces = [...(await format.write!(profile, codec, options))];
          const wrong = pieces.find((piece) => !(piece instanceof Uint8Array));
          if (wrong !== undefined)
            throw new TypeError(
              `format ${format.name} writes pieces that are ${typeof wrong}, not Uint8Array`,
            );
          return pieces;
        }),
    }),
  };
}

function namedReport(plugin: string, kind: ReportKind): ReportKind {
  return {
    name: kind.name,
    render: async (shown) =>
      await named(plugin, async () => {
        const text: unknown = await kind.render(shown);
        if (typeof text !== 'string')
          throw new TypeError(`report ${kind.name} is ${typeof text}, and must be text`);
        return text;
      }),
  };
}

async function named<T>(plugin: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw isKnownError(cause) ? cause : new PluginError('PLUGIN_FAILED', plugin, cause);
  }
}
