'use strict';
// Loads the agent past Node's loader, whose table of modules the program can read, and with the code that V8
// made of it for an earlier program.

const {
  existsSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} = require('node:fs');
const { Script } = require('node:vm');
const { concat, from } = Buffer;

const head = '(function (exports, require, __filename, __dirname) {';
const tail = '\n})';
/** Compiled code is of one version of Node, of the agent, and of one kind of processor. */
const version = `agent-${process.version}-${process.arch}-`;
/** So many copies of the agent have their code kept: projects that are measured in turn each have their own. */
const KEPT_COPIES = 4;

/**
 * Begins to measure the calling thread; `options` as for the agent, and `revision`, which changes with its files.
 *
 * The cache is one file: the length of its table in ten digits, the table `{[name]: {source, code}}` of lengths,
 * and what they are the lengths of. All that twice: V8 ends the process over code that a disk has damaged, and
 * to compare two halves is the quickest check there is.
 */
exports.start = function start(options) {
  const cacheFile = `${options.cacheFolder}/${version}${options.revision}`;
  const kept = readKept(cacheFile);
  const loaded = new Map();
  const scripts = [];

  /** What `require` is to our files. */
  function load(name) {
    if (!name.startsWith('./')) return require(name);
    let exports = loaded.get(name);
    if (exports !== undefined) return exports;
    exports = {};
    loaded.set(name, exports);
    const filename = __dirname + name.slice(1);
    const { source, code } = kept?.get(name) ?? { source: readFileSync(filename, 'utf8'), code: undefined };
    const script = new Script(head + source + tail, {
      filename,
      columnOffset: -head.length,
      cachedData: code,
    });
    if (kept === null) scripts.push({ name, source, script });
    Reflect.apply(script.runInThisContext(), undefined, [exports, load, filename, __dirname]);
    return exports;
  }

  load('./agent.cjs').start(options);
  // The program may look at it.
  for (const file of [__filename, options.preload]) delete require.cache[file];
  // By now all that a start needs has been compiled, if it was a whole one.
  if (kept === null && loaded.has('./waits.cjs')) keep(options.cacheFolder, cacheFile, scripts);
};

/** Source and code by name, `null` where none are kept. */
function readKept(file) {
  try {
    const whole = readFileSync(file);
    const bytes = whole.subarray(0, whole.length / 2);
    if (!bytes.equals(whole.subarray(bytes.length))) return null;
    const kept = new Map();
    let at = 10 + Number(bytes.latin1Slice(0, 10));
    for (const [name, lengths] of Object.entries(JSON.parse(bytes.utf8Slice(10, at)))) {
      const source = bytes.utf8Slice(at, (at += lengths.source));
      kept.set(name, { source, code: bytes.subarray(at, (at += lengths.code)) });
    }
    return at === bytes.length ? kept : null;
  } catch {
    return null;
  }
}

/** For the next program. A disk that refuses costs that one some milliseconds. */
function keep(folder, file, scripts) {
  try {
    if (existsSync(folder)) write(folder, file, scripts);
  } catch {}
}

function write(folder, file, scripts) {
  const table = {};
  const parts = [];
  for (const { name, source, script } of scripts) {
    const [text, code] = [from(source), script.createCachedData()];
    table[name] = { source: text.length, code: code.length };
    parts.push(text, code);
  }
  const text = from(JSON.stringify(table));
  // Under another name first, so that nobody reads a half-written file.
  const temporary = `${file}.${process.pid}`;
  const half = [from(String(text.length).padStart(10, '0')), text, ...parts];
  writeFileSync(temporary, concat([...half, ...half]), { mode: 0o600, flag: 'wx' });
  renameSync(temporary, file);
  const copies = readdirSync(folder)
    .filter((name) => name.startsWith(version))
    .map((name) => ({ file: `${folder}/${name}`, written: statSync(`${folder}/${name}`).mtimeMs }))
    .sort((a, b) => b.written - a.written);
  for (const copy of copies.slice(KEPT_COPIES)) rmSync(copy.file, { force: true });
}
