// The worker: draws stripes, from left to right, with sharp.
import sharp from 'sharp';
import { workerData } from 'node:worker_threads';

const { stripes, file } = workerData as { readonly stripes: readonly string[]; readonly file: string };
const [width, height] = [96, 60];
const shapes = stripes.map((colour, i) => {
  const [from, to] = [i, i + 1].map((edge) => Math.round((edge * width) / stripes.length)) as [
    number,
    number,
  ];
  return `<rect x="${from}" width="${to - from}" height="${height}" fill="${colour}"/>`;
});
const drawing = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${shapes.join('')}</svg>`;
await sharp(Buffer.from(drawing)).png().toFile(file);
