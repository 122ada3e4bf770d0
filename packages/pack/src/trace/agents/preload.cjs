// Runs inside each Node process and worker of a traced run, before the program: notes the files that it loads and
// opens. A note is on the disk before the file is used, so a process that is killed has told all.
'use strict';
const fs = require('node:fs');
const Module = require('node:module');
const path = require('node:path');
const childProcess = require('node:child_process');
const { fileURLToPath, pathToFileURL } = require('node:url');
const { threadId } = require('node:worker_threads');

const folder = process.env.WHETSTONE_PACK_TRACE;
if (folder) trace();

function trace() {
  const { openSync, writeSync } = fs;
  const ours = { WHETSTONE_PACK_TRACE: folder, NODE_OPTIONS: process.env.NODE_OPTIONS };
  const known = new Set();
  let descriptor;

  const note = (file) => {
    try {
      const given =
        file instanceof URL || (typeof file === 'string' && file.startsWith('file:///'))
          ? fileURLToPath(file)
          : file;
      if (typeof given !== 'string' && !Buffer.isBuffer(given)) return;
      const full = path.resolve(String(given));
      if (known.has(full)) return;
      known.add(full);
      descriptor ??= openSync(path.join(folder, `${process.pid}-${threadId}.files`), 'a');
      writeSync(descriptor, `${full}\0`);
    } catch {
      // The program must not notice: it goes on, and meets its own error if there is one.
    }
  };

  /** Puts a function that notes its first argument in the place of another, which keeps its own properties. */
  const wrap = (object, name, before) => {
    const original = object[name];
    if (typeof original !== 'function') return;
    const replaced = function (...args) {
      before(args);
      return Reflect.apply(original, this, args);
    };
    const described = Object.getOwnPropertyDescriptors(original);
    delete described.prototype;
    Object.defineProperties(replaced, described);
    Object.defineProperty(object, name, {
      ...Object.getOwnPropertyDescriptor(object, name),
      value: replaced,
    });
  };
  const first = ([file]) => note(file);

  wrap(Module.prototype, 'load', first);
  wrap(process, 'dlopen', ([, file]) => note(file));
  const opening = ['open', 'readFile', 'copyFile', 'cp', 'openAsBlob', 'createReadStream'];
  for (const name of opening) {
    wrap(fs, name, first);
    wrap(fs, `${name}Sync`, first);
    wrap(fs.promises, name, first);
  }

  // A program that gives its children another environment still has them traced.
  const withOurs = (options) => {
    if (!options || typeof options !== 'object' || !options.env) return options;
    const { NODE_OPTIONS } = options.env;
    const both = [NODE_OPTIONS, ours.NODE_OPTIONS].filter((one) => one).join(' ');
    const env = {
      ...options.env,
      ...ours,
      NODE_OPTIONS: NODE_OPTIONS?.includes(__filename) ? NODE_OPTIONS : both,
    };
    return { ...options, env };
  };
  const started = (args) => {
    for (const [row, one] of args.entries()) {
      if (typeof one === 'string' && path.isAbsolute(one)) note(one);
      else if (Array.isArray(one)) started([...one]);
      else if (one && typeof one === 'object') args[row] = withOurs(one);
    }
  };
  for (const name of ['spawn', 'fork', 'execFile', 'exec', 'spawnSync', 'execFileSync', 'execSync'])
    wrap(childProcess, name, started);

  // What import loads goes past all of the above.
  if (Module.registerHooks)
    Module.registerHooks({
      load(url, context, nextLoad) {
        note(url);
        return nextLoad(url, context);
      },
    });
  else if (Module.register) {
    const file = path.join(folder, `${process.pid}-${threadId}-import.files`);
    Module.register(pathToFileURL(path.join(__dirname, 'hooks.mjs')), { data: { file } });
  }
  Module.syncBuiltinESMExports();
}
