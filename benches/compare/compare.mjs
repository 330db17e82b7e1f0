// The comparison as a program: its sections one after the other, then what they found.
// Knows nothing of what a section does.

import { writeFileSync } from 'node:fs';

import { about, fingerprint, saveRun, version } from '../machine/about.mjs';
import { prepare } from './bench.mjs';
import { readOptions, USAGE } from './options.mjs';
import { report } from './report.mjs';
import { fill } from './sections/fill.mjs';
import { h2 } from './sections/h2.mjs';
import { idle } from './sections/idle.mjs';
import { memory } from './sections/memory.mjs';
import { mix } from './sections/mix.mjs';
import { p99 } from './sections/p99.mjs';
import { readers } from './sections/readers.mjs';
import { restart } from './sections/restart.mjs';
import { rivals } from './sections/rivals.mjs';
import { logs, rows } from './sections/rows.mjs';
import { stampede } from './sections/stampede.mjs';
import { threads } from './sections/threads.mjs';
import { tls } from './sections/tls.mjs';
import { verdaccioVersion } from './servers/verdaccio.mjs';

const SECTIONS = { rows, logs, readers, threads, mix, p99, stampede, idle, memory, fill, restart, tls, h2, rivals };

/** However long a section takes, nothing of it takes longer than that: whatever hangs is ended. */
const LIMIT_MS = 2 * 60 * 60 * 1000;

function options() {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`benches/compare/run: ${error.message}\n\n${USAGE}\n`);
    return process.exit(2);
  }
}

async function measure(bench, names) {
  const results = [];
  for (const name of names) {
    bench.note(`${name}: ${SECTIONS[name].title}`);
    const started = performance.now();
    try {
      results.push({ name, title: SECTIONS[name].title, ...(await SECTIONS[name].run(bench)) });
    } catch (error) {
      // One section that fails is reported, and does not take the others' results with it.
      bench.note(error.stack);
      results.push({ name, title: SECTIONS[name].title, failed: error.message, checks: [], text: `failed: ${error.message}` });
    }
    bench.note(`  ${((performance.now() - started) / 1000).toFixed(0)} s`);
  }
  return results;
}

function versions(binary) {
  return {
    nopar: `${version(binary, '--version')} (sha256 ${fingerprint(binary)}…)`,
    nginx: version('nginx', '-v')?.replace('nginx version: ', ''),
    wrk: version('wrk', '-v')?.split(' Copyright')[0],
    h2load: version('h2load', '--version'),
    verdaccio: verdaccioVersion(),
  };
}

async function main() {
  const chosen = options();
  if (chosen.help) return console.log(USAGE);
  if (!process.env.NOPAR_BINARY) throw new Error('NOPAR_BINARY is not set: start this by benches/compare/run');
  setTimeout(() => { throw new Error('the comparison takes too long'); }, LIMIT_MS).unref();
  const facts = about(versions(process.env.NOPAR_BINARY), 'benches/compare/run');
  const bench = await prepare(chosen);
  const results = await measure(bench, chosen.sections);
  await bench.upstream.stop();
  const { markdown, json, good } = report(facts, results);
  console.log(markdown);
  if (chosen.json) writeFileSync(chosen.json, `${JSON.stringify(json, undefined, 2)}\n`);
  if (chosen.save) bench.note(`saved in ${saveRun('compare', facts, markdown, json)}`);
  // Also a target that is not met is a failure: so a script can ask.
  process.exitCode = good ? 0 : 1;
}

await main();
