import { createReadStream } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { PackError } from '../pack-error.ts';

/** A server that says nothing for this long is given up, milliseconds. */
const patience = 60_000;

/** Of what is fetched; no pack is larger. */
const limit = 2 ** 40;

/**
 * Writes what stands at an address (http, https) or in a file into another.
 *
 * @param progress called with the bytes so far
 * @throws {@link PackError} `PACK_UPDATE_FAILED`
 */
export async function fetchPack(
  from: string,
  out: FileHandle,
  progress?: (done: number) => void,
): Promise<void> {
  const giveUp = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(() => giveUp.abort(new Error(`nothing came for ${patience / 1000} s`)), patience);
  };
  let done = 0;
  try {
    wait();
    for await (const chunk of await chunksOf(from, giveUp.signal)) {
      wait();
      done += chunk.length;
      if (done > limit) throw new Error('it is larger than any pack');
      await out.write(chunk);
      progress?.(done);
    }
  } catch (cause) {
    throw new PackError('PACK_UPDATE_FAILED', `${from} could not be fetched: ${reasonOf(cause)}.`, { cause });
  } finally {
    clearTimeout(timer);
  }
}

async function chunksOf(from: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
  if (!/^https?:/.test(from)) return createReadStream(from);
  const answer = await fetch(from, { signal, headers: { accept: 'application/octet-stream' } });
  if (!answer.ok || !answer.body) throw new Error(`the server answered ${answer.status}`);
  return answer.body;
}

/** fetch hides why it failed in the cause. */
function reasonOf(error: unknown): string {
  const { cause, message, code } = error as NodeJS.ErrnoException & { cause?: Error };
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'ENOSPC') return 'the disk is full';
  return cause?.message || message;
}
