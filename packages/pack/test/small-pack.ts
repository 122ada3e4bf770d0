import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type ImageEntry, type PackHeader, writePack } from '@whetstone/pack';
import { onTestFinished } from 'vitest';

/** A folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'whetstone-pack-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes a pack with these texts as files, and a start script that ends at once. */
export async function smallPack(
  file: string,
  texts: Readonly<Record<string, string>>,
  facts: Partial<Pick<PackHeader, 'kind' | 'name' | 'version'>> = {},
): Promise<PackHeader> {
  const entries = Object.entries(texts).map(([at, text]): ImageEntry => {
    const content = Buffer.from(text);
    return { kind: 'file', path: at, executable: false, size: content.length, content };
  });
  return await writePack(file, {
    kind: 'bundle',
    name: 'small',
    version: '1.0.0',
    arch: 'any',
    glibc: '0',
    ...facts,
    entries,
    script: 'exit 0\n',
    driver: new Uint8Array(5000).fill(7),
    level: 3,
  });
}
