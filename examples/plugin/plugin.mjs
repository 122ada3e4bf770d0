// A plugin of Whetstone: a format (functions as CSV) and a finding (the file that most of the computing is in).
import { categories, functionTotals } from '@whetstone/profile';

/** @type {import('whetstone/hooks').WhetstonePlugin} */
export default {
  name: 'csv',
  formats: () => [{ name: 'csv', extensions: ['.csv'], write: async (profile) => csvOf(profile) }],
  findings: ({ report }) => busiestFile(report),
};

/**
 * One row for each function, the most self time first, without the time in which none ran; the file comes in pieces, so that it may be large.
 *
 * @param {import('@whetstone/profile').Profile} profile
 */
function* csvOf({ strings, functions, ...rest }) {
  const { self, total } = functionTotals({ strings, functions, ...rest });
  const encoder = new TextEncoder();
  yield encoder.encode('name,file,line,self µs,total µs\n');
  for (const row of [...self.keys()].sort((a, b) => self[b] - self[a])) {
    if (categories[functions.category[row]] === 'idle') continue;
    const cells = [
      strings[functions.name[row]],
      strings[functions.file[row]],
      functions.line[row],
      Math.round(self[row]),
      Math.round(total[row]),
    ];
    yield encoder.encode(`${cells.map(quoted).join(',')}\n`);
  }
}

/** As RFC 4180 has it. */
function quoted(cell) {
  const text = String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * The file of the program's own that takes the most of the computing.
 *
 * @param {import('@whetstone/analyze').RunReport} report
 */
function busiestFile({ about, functions }) {
  const selfOf = new Map();
  for (const { file, category, self } of functions)
    if (category === 'own' && file !== '') selfOf.set(file, (selfOf.get(file) ?? 0) + self);
  const [most] = [...selfOf].sort(([, a], [, b]) => b - a);
  if (!most || about.sampled === 0) return [];
  const [file, self] = most;
  const share = Math.round((self / about.sampled) * 100);
  return [
    {
      id: 'busiest-file',
      title: `Of the files, ${file} computes the most: ${share} %`,
      // Markdown; what comes from the program stays text in a code span.
      text: `Of what was sampled, ${share} % is in functions of \`${file.replaceAll('`', "'")}\`.`,
      confidence: 'certain',
      // Times are microseconds; a share is from 0 to 1.
      gainAtMost: about.wall > 0 ? Math.min(1, self / about.wall) : null,
      where: { file, line: 0, function: '' },
      evidence: { file, self, share: self / about.sampled },
      suggestions: [`List its functions: \`whetstone convert <profile> --to csv\``],
    },
  ];
}
