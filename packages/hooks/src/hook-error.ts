/** What went wrong; a plugin system's caller may handle each. */
export type HookErrorCode =
  | 'DUPLICATE_PLUGIN'
  | 'BLOCKED_PLUGIN'
  | 'INVALID_PLUGIN'
  | 'UNKNOWN_HOOK'
  | 'ORDER_CYCLE'
  | 'WRAPPER_YIELDS'
  | 'ASYNC_IN_SYNC_HOOK'
  | 'DUPLICATE_HOOK';

/** Every error of the manager; `code` is stable. */
export class HookError extends Error {
  override readonly name = 'HookError';
  readonly code: HookErrorCode;
  readonly plugin: string | undefined;
  readonly hook: string | undefined;

  constructor(
    code: HookErrorCode,
    message: string,
    where: { plugin?: string; hook?: string; cause?: unknown } = {},
  ) {
    super(message, 'cause' in where ? { cause: where.cause } : {});
    this.code = code;
    this.plugin = where.plugin;
    this.hook = where.hook;
  }
}
