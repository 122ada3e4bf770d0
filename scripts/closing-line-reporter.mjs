// Ends a test run with plain lines that any tool can read: `12 passed, 0 failed, 1 skipped`, and above it each
// test that passed only when it was tried again, with what was wrong before.
export default class ClosingLine {
  onTestRunEnd(modules, errors) {
    const count = { passed: 0, failed: errors.length, skipped: 0 };
    let tries = 0;
    let again = '';
    for (const module of modules) {
      if (module.state() === 'failed' && module.errors().length > 0) count.failed++;
      for (const test of module.children.allTests()) {
        const { state, errors: wrong } = test.result();
        if (state in count) count[state]++;
        if (test.diagnostic()?.flaky) {
          tries++;
          again += `passed at the second try: ${module.relativeModuleId} > ${test.fullName}\n`;
          for (const { diff, stack } of wrong ?? []) again += indented(diff, stack);
        }
      }
    }
    const skipped = count.skipped > 0 ? `, ${count.skipped} skipped` : '';
    const tried = tries > 0 ? `, ${tries} at the second try` : '';
    process.on('exit', () =>
      process.stdout.write(`${again}${count.passed} passed, ${count.failed} failed${skipped}${tried}\n`),
    );
  }
}

const indented = (...texts) =>
  texts
    .filter((text) => text !== undefined)
    .join('\n')
    .replaceAll(/^/gm, '    ') + '\n';
