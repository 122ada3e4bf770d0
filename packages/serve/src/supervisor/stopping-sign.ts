import { typescriptEngine } from '../engine/typescript/engine.ts';
import { withinDescriptors } from '../engine/descriptors.ts';
import { defaultLimits } from '../limits.ts';
import type { Where } from '../engine/engine.ts';
import type { TlsOptions } from '../options.ts';

/**
 * Answers whoever comes while a server lets its last requests end: 503, so that a balancer sends nothing more here.
 *
 * Listens where the server did, which must have closed its own socket. Returns what closes it. Where the address cannot be had again,
 * because the next server has it already, nobody is answered: that one's health is what counts then.
 */
export async function stoppingSign(
  where: Exclude<Where, 'handed'>,
  tls: TlsOptions | null,
): Promise<() => Promise<void>> {
  const fields = [
    'content-type',
    'text/plain;charset=UTF-8',
    'cache-control',
    'no-store',
    'retry-after',
    '1',
  ];
  try {
    const listener = await typescriptEngine.listen({
      where,
      tls,
      limits: withinDescriptors(defaultLimits),
      onRequest: (incoming) => incoming.answer(503, fields, 'stopping\n'),
      onRefused: () => undefined,
    });
    return () => listener.close(0);
  } catch {
    return () => Promise.resolve();
  }
}
