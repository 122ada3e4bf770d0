import { spawn } from 'node:child_process';
import { expect, test } from 'vitest';
import { ProcFigures } from '../src/proc-figures.ts';

test.runIf(process.platform === 'linux')(
  'memory is not known before a second look: at the first the program may not have been loaded',
  () => {
    const child = spawn('sleep', ['60']);
    const figures = new ProcFigures(child.pid!, Infinity);
    try {
      expect(figures.peakMemory).toBeNull();
      figures.look();
      expect(figures.peakMemory).toBeGreaterThan(0);
    } finally {
      figures.stop();
      child.kill();
    }
  },
);
