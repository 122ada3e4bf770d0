import { expected } from './servers.mjs';

/** Resolves once the server on this port answers as it should; what answers otherwise is an error. */
export async function answers(port, target) {
  for (let tries = 0; ; tries++) {
    try {
      const response = await fetch(`http://127.0.0.1:${port}${target}`, { headers: { 'x-agent': 'wrk' } });
      const text = await response.text();
      if (text !== expected[target]) throw new Error(`${target} is answered with ${text}`);
      return;
    } catch (error) {
      if (tries > 100 || !/fetch failed/.test(String(error))) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
