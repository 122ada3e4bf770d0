/** A plugin that failed where nothing can go on without its answer; the message names it. */
export class PluginError extends Error {
  override readonly name = 'PluginError';
  readonly code: 'PLUGIN_FAILED' | 'PLUGIN_RECORDING_FAILED';

  constructor(code: PluginError['code'], plugin: string, cause: unknown) {
    super(`plugin '${plugin}' failed: ${causeText(cause)}`, { cause });
    this.code = code;
  }
}

/** An error's message as one line, whatever was thrown: plugins are not ours. */
export function causeText(cause: unknown): string {
  const text = cause instanceof Error ? cause.message || cause.name : String(cause);
  return text.replaceAll(/\s*\p{Cc}\s*/gu, ' ').trim();
}
