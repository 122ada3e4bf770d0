export * from './profile.ts';
export { ProfileBuilder, type MeasureColumn, type WaitInput } from './profile-builder.ts';
export {
  functionTotals,
  functionTotalsOf,
  outermostCalls,
  selfByNode,
  totalByNode,
  totalOf,
  type FunctionTotals,
} from './totals.ts';
export { formatBytes, formatCount, formatPercent, formatRatio, formatTime } from './units.ts';
export type { Codec } from './formats/codec.ts';
export { isWhet, readWhet, writeWhet } from './formats/whet.ts';
export { readCpuProfile } from './formats/cpuprofile.ts';
