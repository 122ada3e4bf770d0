import type { Profile } from '@whetstone/profile';
import type { CallTree } from './call-tree.ts';
import { isWaiting } from './scope.ts';

/** The part of each box's width that was computing, not waiting. */
export function busyWidths({ functions }: Profile, tree: CallTree): Float64Array {
  const busy = new Float64Array(tree.width.length);
  for (let box = busy.length - 1; box > 0; box--) {
    if (!isWaiting(functions.category[tree.function[box]!]!)) busy[box]! += tree.self[box]!;
    busy[tree.parent[box]!]! += busy[box]!;
  }
  return busy;
}
