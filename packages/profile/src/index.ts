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
export { pythonCategory } from './python-category.ts';
export { formatBytes, formatCount, formatPercent, formatRatio, formatTime } from './units.ts';
export type { Codec } from './formats/codec.ts';
export { writeCollapsed } from './formats/collapsed.ts';
export { readCpuProfile } from './formats/cpuprofile.ts';
export { readLprof } from './formats/lprof.ts';
export { readProf } from './formats/prof.ts';
export { readPstatsText } from './formats/pstats-text.ts';
export {
  detectFormat,
  formats,
  readProfile,
  type Format,
  type FormatName,
  type WriteOptions,
} from './formats/formats.ts';
export { writeSpeedscope } from './formats/speedscope.ts';
export { readWhet, writeWhet } from './formats/whet.ts';
export { writeCpuProfile } from './formats/write-cpuprofile.ts';
export { writeProf } from './formats/write-prof.ts';
