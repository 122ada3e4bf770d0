export type * from './report.ts';
export { runReport } from './run-report.ts';
export { callees, callers, type RelativeRow, type Relatives } from './relatives.ts';
export { functionLines } from './function-lines.ts';
export { functionNames, matchFunctions } from './match-functions.ts';
export { pathFilter } from './path-filter.ts';
export { explain } from './explain.ts';
export { findingIds, placeText, type Evidence, type FindingId } from './evidence.ts';
export { headline } from './headline.ts';
