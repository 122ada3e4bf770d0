// The child process: how many colours a picture has, and how large it is.
import sharp from 'sharp';

const { data, info } = await sharp(process.argv[2]).raw().toBuffer({ resolveWithObject: true });
const seen = new Set<string>();
for (let i = 0; i < data.length; i += info.channels) seen.add(data.subarray(i, i + 3).toString('hex'));
process.stdout.write(`${seen.size} colours, ${info.width}×${info.height}\n`);
