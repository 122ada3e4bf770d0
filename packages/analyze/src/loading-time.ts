import { categories, selfByNode, type Microseconds, type Profile } from '@whetstone/profile';

/** Where runtimes keep their module loader. */
const loaders = { node: 'node:internal/modules/', cpython: '<frozen importlib', pypy: null, other: null };

/**
 * Time in the main thread for finding, reading and compiling modules, by samples: the loader and what it
 * calls of the runtime. What a module does when it runs is its own, not the loader's.
 *
 * `null` where there are no samples, or where the runtime's loader is not known.
 */
export function loadingTime(profile: Profile): Microseconds | null {
  const { functions, nodes, strings, about } = profile;
  const loader = loaders[about.runtime.name];
  if (loader === null || nodes.parent.length === 0) return null;
  const self = selfByNode(profile, 0);
  const isLoader = Uint8Array.from(functions.file, (file) => (strings[file]!.startsWith(loader) ? 1 : 0));
  const isCode = Uint8Array.from(functions.category, (category) =>
    categories[category] === 'own' || categories[category] === 'dependency' ? 1 : 0,
  );
  const loading = new Uint8Array(self.length);
  let time = 0;
  // Parents come first, so each node knows already whether it was called by the loader.
  for (let row = 0; row < self.length; row++) {
    const f = nodes.function[row]!;
    const parent = nodes.parent[row]!;
    if (isLoader[f] || (!isCode[f] && parent >= 0 && loading[parent])) {
      loading[row] = 1;
      time += self[row]!;
    }
  }
  return time;
}
