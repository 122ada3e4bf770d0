import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { readManifest } from '../collect/node-packages.ts';
import type { PackSettings } from '../settings.ts';

/** Name and version of a project: of pack.json, package.json or pyproject.toml, else the folder's name and 0.0.0. */
export function projectName(
  project: string,
  settings: Pick<PackSettings, 'name' | 'version'>,
): { readonly name: string; readonly version: string } {
  const manifest = readManifest(project);
  const python = pyproject(project);
  const name = settings.name ?? manifest?.name ?? python['name'] ?? asName(path.basename(project));
  return { name, version: settings.version ?? manifest?.version ?? python['version'] ?? '0.0.0' };
}

/** Texts of the table `[project]`; that is all that is needed of the file. */
function pyproject(project: string): Readonly<Record<string, string>> {
  const file = path.join(project, 'pyproject.toml');
  if (!existsSync(file)) return {};
  const [, table] = /^\[project\]\s*$([\s\S]*?)(?:^\[|$(?![\s\S]))/m.exec(readFileSync(file, 'utf8')) ?? [];
  const lines = (table ?? '').matchAll(/^(\w+)\s*=\s*["']([^"']*)["']/gm);
  return Object.fromEntries([...lines].map(([, key, value]) => [key!, value!]));
}

function asName(text: string): string {
  return text.replace(/[^A-Za-z0-9@._+-]/g, '-').replace(/^[^A-Za-z0-9@]+/, '') || 'pack';
}
