// Counts what held and what did not, one line each, and closes with `N passed, N failed`.
// Knows nothing of what is checked.

/** Clients that fall over show the line where they did: all of the program, as it is packed. */
const LONG = /^(.{400}).+$/gm;

let passed = 0;
let failed = 0;

/** Runs one check: it holds unless `body` throws; returns what `body` returned. */
export async function check(name, body) {
  const started = performance.now();
  try {
    const value = await body();
    passed += 1;
    console.log(`ok - ${name} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
    return value;
  } catch (error) {
    failed += 1;
    console.log(`not ok - ${name}`);
    console.log(String(error?.message ?? error).replace(LONG, '$1…').replace(/^/gm, '    '));
    return undefined;
  }
}

/** Throws `message` unless `condition` holds. */
export function expect(condition, message) {
  if (!condition) throw new Error(message);
}

/** Throws, naming the first few of them, unless `findings` is empty. */
export function expectNone(findings, what) {
  const shown = findings.slice(0, 10).join('\n');
  const more = findings.length > 10 ? `\n… and ${findings.length - 10} more` : '';
  expect(findings.length === 0, `${what}:\n${shown}${more}`);
}

/** Prints the closing line and sets the exit code; a run that checked nothing has failed. */
export function close() {
  if (passed + failed === 0) failed += 1;
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}
