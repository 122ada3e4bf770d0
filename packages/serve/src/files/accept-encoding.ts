/** Codings that files may be sent in, best first where the client likes them the same. */
export const codings = ['br', 'zstd', 'gzip'] as const;
export type Coding = (typeof codings)[number];

/** The codings that `Accept-Encoding` allows, those that the client likes best first. */
export function acceptedCodings(field: string | null): Coding[] {
  if (field === null) return [];
  const quality = new Map<string, number>();
  for (const part of field.toLowerCase().split(',')) {
    const match = /^\s*([^\s;]+)\s*(?:;\s*q=([01](?:\.\d{0,3})?)\s*)?$/.exec(part);
    if (match) quality.set(match[1] === 'x-gzip' ? 'gzip' : match[1]!, Math.min(1, Number(match[2] ?? 1)));
  }
  const of = (coding: string) => quality.get(coding) ?? quality.get('*') ?? 0;
  const plain = quality.get('identity') ?? 0;
  return codings.filter((coding) => of(coding) > 0 && of(coding) >= plain).sort((a, b) => of(b) - of(a));
}
