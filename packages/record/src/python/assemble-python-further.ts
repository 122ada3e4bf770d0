import { pythonCategory, type ProfileBuilder, type ProfileWarning } from '@whetstone/profile';
import type { FurtherRuns, RawRecording } from '../recording.ts';
import { fileOf, pythonFunctionName } from './python-stacks.ts';

/**
 * Adds what further runs counted and traced to a profile, by function and line.
 *
 * @returns what may be missing from the figures, and what those runs cost
 */
export function addPythonFurther(
  raw: RawRecording,
  { counts, memory }: FurtherRuns,
  builder: ProfileBuilder,
): ProfileWarning[] {
  const functionRow = (file: string, name: string, qualname: string | null, line: number) => {
    const place = fileOf(file, raw.workingDirectory);
    return builder.functionRow(pythonFunctionName(qualname ?? name), place, line, 0, pythonCategory(place));
  };
  const warnings: ProfileWarning[] = [];
  const counted = counts?.pythonCounts ?? null;
  if (counted !== null && counts !== undefined) {
    const calls = builder.measure('calls', 'count', 'measured', 'function');
    for (const each of counted.calls)
      calls.add(functionRow(each.file, each.name, each.qualname, each.line), 0, -1, each.calls);
    const hits = builder.measure('hits', 'count', 'measured', 'function');
    for (const each of counted.hits)
      hits.add(functionRow(each.file, each.name, each.qualname, each.function), each.line, -1, each.hits);
    warnings.push(...cost('counting-cost', 'Counting', raw, counts));
    if (counted.processes.some(({ disturbed }) => disturbed)) {
      warnings.push({
        code: 'counts-disturbed',
        message:
          'The program used sys.setprofile or sys.settrace itself while its calls were counted: some are missing.',
      });
    }
    if (counted.processes.some(({ way, ended }) => way === 'profile' && !ended)) {
      warnings.push({
        code: 'counts-cut',
        message:
          'A process ended without asking Python while its calls were counted: the last of them are missing.',
      });
    }
  }
  const traced = memory?.pythonMemory ?? null;
  if (traced !== null && memory !== undefined) {
    const allocated = builder.measure('allocated', 'bytes', 'measured', 'function');
    for (const { lines } of traced.processes) {
      for (const { file, line, function: around, peakBytes } of lines) {
        const row = functionRow(file, around?.name ?? '', around?.qualname ?? null, around?.line ?? 0);
        if (peakBytes !== 0) allocated.add(row, line, -1, peakBytes);
      }
    }
    warnings.push(...cost('memory-cost', 'Tracing memory', raw, memory));
    if (traced.processes.length > 0 && traced.processes.every((process) => !process.traced)) {
      warnings.push({
        code: 'memory-untraced',
        message: 'This Python has no tracemalloc: what lines allocate is not known.',
      });
    }
  }
  return warnings;
}

function cost(code: string, what: string, first: RawRecording, further: RawRecording): ProfileWarning[] {
  const factor = (further.end - further.begin) / Math.max(first.end - first.begin, 1);
  const message = `${what} took a run of its own, ${factor.toPrecision(2)} times as long; its times were thrown away.`;
  return [{ code, message }];
}
