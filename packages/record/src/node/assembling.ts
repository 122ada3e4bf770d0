export { assemble, type AssembleOptions } from '../assemble.ts';
export { categoryOf } from './category.ts';
export {
  BLOCKING,
  chargeSamples,
  IDLE,
  RUNNING,
  SLEEPING,
  type Charges,
  type GapTable,
} from './clamp-samples.ts';
export { deoptimisations, type Deoptimisation } from './deopts.ts';
export { functionRanges, LineStarts, type FunctionRange, type FunctionRanges } from './function-ranges.ts';
export { maskSecrets } from './mask-secrets.ts';
export type { RawCounts, RawRecord, RawScript, RawStart, V8Node } from './raw.ts';
export { sourceMapOf, type OriginalPlace, type SourceMap } from './source-maps.ts';
