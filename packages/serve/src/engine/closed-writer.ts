import type { AnswerWriter } from './engine.ts';

/** For an answer that nobody gets. */
export const closedWriter: AnswerWriter = {
  open: false,
  write: () => false,
  drained: () => Promise.resolve(),
  end: () => undefined,
  abort: () => undefined,
};
