/**
 * Prints "PASSED FAILED" for a step of .ci/run that counts for itself.
 *
 *   node .ci/counts.cjs check|vitest RESULT_FILE EXIT_CODE
 *
 * A step that failed without saying so (it crashed, or a test file could not be loaded) counts one failure.
 */
const fs = require('node:fs');

const [kind, file, exitCode] = process.argv.slice(2);
let passed = 0;
let failed = 0;
try {
  const result = JSON.parse(fs.readFileSync(file, 'utf8'));
  if (kind === 'check') {
    ({ passed, failed } = result);
  } else {
    passed = result.numPassedTests;
    const unloadable = result.testResults.filter(
      (each) => each.status === 'failed' && each.assertionResults.length === 0,
    );
    failed = result.numFailedTests + unloadable.length;
  }
} catch (error) {
  console.error(`No result of ${kind}: ${error.message}`);
}
if (exitCode !== '0' && failed === 0) failed = 1;
console.log(`${passed} ${failed}`);
