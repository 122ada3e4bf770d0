import type { CallTree } from './call-tree.ts';

export type Direction = 'up' | 'down' | 'left' | 'right';

/** The box that an arrow key leads to from a box: its caller, its largest callee, its neighbours in the row. */
export function step(tree: CallTree, box: number, direction: Direction): number {
  if (box < 0) return 0;
  switch (direction) {
    case 'up':
      return Math.max(0, tree.parent[box]!);
    case 'down':
      return tree.childCount[box]! > 0 ? tree.firstChild[box]! : box;
    case 'left':
      return tree.rows.includes(box) ? box : box - 1;
    case 'right':
      return tree.rows.includes(box + 1) ? box : box + 1;
  }
}
