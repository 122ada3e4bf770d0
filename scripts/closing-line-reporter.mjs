// Ends a test run with plain lines that any tool can read: `12 passed, 0 failed, 1 skipped`, and above it each
// test that passed only when it was tried again.
export default class ClosingLine {
  onTestRunEnd(modules, errors) {
    const count = { passed: 0, failed: errors.length, skipped: 0 };
    const again = [];
    for (const module of modules) {
      if (module.state() === 'failed' && module.errors().length > 0) count.failed++;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state in count) count[state]++;
        if (test.diagnostic()?.flaky) again.push(`${module.relativeModuleId} > ${test.fullName}`);
      }
    }
    const lines = again.map((name) => `passed at the second try: ${name}\n`);
    const skipped = count.skipped > 0 ? `, ${count.skipped} skipped` : '';
    const tried = again.length > 0 ? `, ${again.length} at the second try` : '';
    process.on('exit', () =>
      process.stdout.write(
        `${lines.join('')}${count.passed} passed, ${count.failed} failed${skipped}${tried}\n`,
      ),
    );
  }
}
