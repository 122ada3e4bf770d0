'use strict';
// What the program marks itself, by `import { profile } from 'whetstone'`.

const { now } = require('./clock.cjs');

/** Under this name the public package finds us. */
const hook = Symbol.for('@whetstone/marks');

/**
 * Offers `globalThis[Symbol.for('@whetstone/marks')]`: `function(name, fn)`, and `region(name)`, which begins a
 * region and returns what ends it: once, and where measuring ends at the latest.
 */
exports.installMarks = function installMarks(context, session, control) {
  const open = new Set();
  const marks = Object.freeze({
    region(name) {
      const mark = { type: 'mark', kind: 'region', name: String(name), start: now() };
      const end = () => {
        if (open.delete(end)) context.record({ ...mark, duration: now() - mark.start });
      };
      open.add(end);
      return end;
    },
    function(name, fn) {
      context.record({
        type: 'mark',
        kind: 'function',
        name: String(name),
        start: now(),
        duration: 0,
        ...placeOf(session, fn),
      });
    },
  });
  control.beforeFinish.push(() => {
    for (const end of open) end();
  });
  Object.defineProperty(globalThis, hook, {
    value: marks,
    configurable: true,
    enumerable: false,
    writable: false,
  });
};

/** Where a function is: `{scriptId, line, column}` as the profile's nodes count them, from 0; empty if it cannot be told. */
function placeOf(session, fn) {
  const key = Symbol.for('@whetstone/agent');
  const control = globalThis[key];
  let place = {};
  try {
    control.subject = fn;
    session.post(
      'Runtime.evaluate',
      { expression: "globalThis[Symbol.for('@whetstone/agent')].subject" },
      (error, answer) => {
        if (error || !answer.result.objectId) return;
        const { objectId } = answer.result;
        session.post('Runtime.getProperties', { objectId, ownProperties: true }, (failed, properties) => {
          if (failed) return;
          const found = properties.internalProperties?.find(({ name }) => name === '[[FunctionLocation]]');
          if (found === undefined) return;
          const { scriptId, lineNumber, columnNumber } = found.value.value;
          place = { scriptId, line: lineNumber, column: columnNumber };
        });
        session.post('Runtime.releaseObject', { objectId });
      },
    );
  } catch {
  } finally {
    control.subject = undefined;
  }
  return place;
}
