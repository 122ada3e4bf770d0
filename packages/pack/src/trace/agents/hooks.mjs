// The loader's hooks of a traced run, for Nodes without synchronous ones: notes what import loads.
import { openSync, writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

let file;
let descriptor;

export function initialize(data) {
  ({ file } = data);
}

export async function load(url, context, nextLoad) {
  if (url.startsWith('file:')) {
    try {
      descriptor ??= openSync(file, 'a');
      writeSync(descriptor, `${fileURLToPath(url)}\0`);
    } catch {
      // The program must not notice.
    }
  }
  return await nextLoad(url, context);
}
