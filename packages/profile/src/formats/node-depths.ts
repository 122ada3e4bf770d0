import type { NodeTable } from '../profile.ts';

/** How many functions stand in every call path, 1 for a root. */
export function nodeDepths(nodes: NodeTable): Int32Array {
  const { parent } = nodes;
  const depths = new Int32Array(parent.length);
  for (let row = 0; row < parent.length; row++) {
    const caller = parent[row] as number;
    depths[row] = caller < 0 ? 1 : (depths[caller] as number) + 1;
  }
  return depths;
}
