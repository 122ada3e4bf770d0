import { categories } from '@whetstone/profile';
import type { Activity } from '../model/activity.ts';
import { categoryColour, css, type Palette } from './palette.ts';

/** What is drawn last stands on top: computing at the bottom of the strip, waiting above it. */
const stacked = ['own', 'dependency', 'native', 'runtime', 'collector', 'waiting'] as const;

/** Draws what a thread did over time: the parts of each moment, one above the other. */
export function drawActivity(
  canvas: HTMLCanvasElement,
  activity: Activity,
  palette: Palette,
  together: boolean,
  range: readonly [number, number] | null,
): void {
  const ratio = devicePixelRatio;
  const width = Math.max(1, Math.round(canvas.clientWidth * ratio));
  const height = Math.max(1, Math.round(canvas.clientHeight * ratio));
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const context = canvas.getContext('2d')!;
  context.fillStyle = css(palette.background);
  context.fillRect(0, 0, width, height);
  // One thread does one thing at a time; of all threads the busiest moment fills the height.
  const alone = (activity.to - activity.from) / activity.bins;
  const most = together ? Math.max(alone, ...sums(activity)) : alone;
  const columns = Math.min(width, activity.bins);
  for (let column = 0; column < columns; column++) {
    const from = Math.floor((column * activity.bins) / columns);
    const to = Math.max(from + 1, Math.floor(((column + 1) * activity.bins) / columns));
    const left = Math.round((column * width) / columns);
    const right = Math.round(((column + 1) * width) / columns);
    let y = height;
    for (const category of stacked) {
      const index = categories.indexOf(category);
      let time = 0;
      for (let bin = from; bin < to; bin++) time += activity.time[bin * categories.length + index]!;
      const part = Math.min(y, (time / (to - from) / most) * height);
      if (part <= 0) continue;
      context.fillStyle = css(categoryColour(palette, index));
      context.fillRect(left, y - part, right - left, part);
      y -= part;
    }
  }
  if (range === null) return;
  const scale = width / Math.max(activity.to, 1);
  context.fillStyle = css(palette.background);
  context.globalAlpha = 0.72;
  context.fillRect(0, 0, range[0] * scale, height);
  context.fillRect(range[1] * scale, 0, width, height);
  context.globalAlpha = 1;
  context.fillStyle = css(palette.accent);
  for (const edge of range) context.fillRect(Math.round(edge * scale) - ratio, 0, 2 * ratio, height);
}

function sums({ bins, time }: Activity): number[] {
  return Array.from({ length: bins }, (_, bin) => {
    let sum = 0;
    for (let i = 0; i < categories.length; i++) {
      if (categories[i] !== 'idle') sum += time[bin * categories.length + i]!;
    }
    return sum;
  });
}
