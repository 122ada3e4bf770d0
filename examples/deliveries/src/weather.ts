import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mended } from './mended.ts';
import type { Place } from './place.ts';

/** Wind in km/h at each place, from the weather service. */
export async function windAt(places: readonly Place[]): Promise<number[]> {
  const server = fork(new URL('./weather-server.ts', import.meta.url));
  const [port] = (await once(server, 'message')) as [number];
  try {
    return mended('waiting') ? await allAtOnce(port, places) : await oneAfterAnother(port, places);
  } finally {
    await end(server);
  }
}

// Planted: each question waits for the answer to the one before.
async function oneAfterAnother(port: number, places: readonly Place[]): Promise<number[]> {
  const winds: number[] = [];
  for (const place of places) {
    winds.push(await wind(port, place));
  }
  return winds;
}

async function allAtOnce(port: number, places: readonly Place[]): Promise<number[]> {
  return await Promise.all(places.map((place) => wind(port, place)));
}

async function wind(port: number, place: Place): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}/weather?zone=${encodeURIComponent(place.zone)}`);
  const { wind } = (await response.json()) as { wind: number };
  return wind;
}

async function end(server: ChildProcess): Promise<void> {
  server.disconnect();
  await once(server, 'exit');
}
