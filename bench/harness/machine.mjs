import { cpus, release, totalmem, type } from 'node:os';

/** One line that says where the figures were measured. */
export function machineLine() {
  const { length } = cpus();
  const processor = cpus()[0]?.model.trim() ?? 'unknown processor';
  const memory = `${(totalmem() / 2 ** 30).toFixed(0)} GiB`;
  return `${processor}, ${length} core${length === 1 ? '' : 's'}, ${memory}, ${type()} ${release()}, Node ${process.versions.node}`;
}
