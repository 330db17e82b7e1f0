// Counts the instructions of a hot lookup and of a packument's ingest, under callgrind, and compares them with
// the figures of benches/instructions/expected.json. `--write` puts what was counted there.
// Knows nothing of what the program does; how long it takes on this machine plays no part.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.join(import.meta.dirname, '..', '..');
const figures = path.join(root, 'benches', 'instructions', 'expected.json');

/** Optimised, but without link-time optimisation: see the profile in Cargo.toml. */
const BUILD = ['bench', '--locked', '--quiet', '--profile', 'instructions', '--bench', 'instructions', '--no-run'];

/**
 * Compares counts with expected figures, both by name; `findings` are what must fail, `notes` what should be
 * known. Less is better: it fails nothing, but the figure is then to be lowered, or what is won may be lost
 * again unseen.
 */
export function compare(counted, expected, tolerancePercent) {
  const findings = [];
  const notes = [];
  for (const name of new Set([...Object.keys(expected), ...Object.keys(counted)])) {
    if (!Number.isFinite(counted[name])) findings.push(`${name}: nothing was counted`);
    else if (!(expected[name] > 0)) findings.push(`${name}: nothing is expected of it`);
    else {
      const percent = ((counted[name] - expected[name]) * 100) / expected[name];
      const said = `${name}: ${counted[name]} instructions, expected ${expected[name]} (${percent < 0 ? '' : '+'}${percent.toFixed(1)} %)`;
      if (percent > tolerancePercent) findings.push(`${said}: more than ${tolerancePercent} % above`);
      else if (percent < -tolerancePercent) notes.push(`${said}: better; lower the figure with --write`);
      else notes.push(said);
    }
  }
  return { findings, notes };
}

/** The instructions in what callgrind wrote: those that were counted, of the whole run. */
export function totalOf(written) {
  const [, total] = written.match(/^(?:totals|summary): (\d+)$/m) ?? [];
  if (!Number(total)) throw new Error('callgrind counted nothing: the function it should count in is not called');
  return Number(total);
}

/** What is expected on this kind of processor; instructions of another cannot be compared. */
export function expectedFor(architecture, stated) {
  const expected = stated.instructions[architecture];
  if (!expected) throw new Error(`no figures are stated for ${architecture}: count them there, with --write`);
  return expected;
}

/** Makes sure that there is valgrind; as root on a Debian it is installed. */
function needValgrind() {
  const isThere = () => spawnSync('valgrind', ['--version']).status === 0;
  if (isThere()) return;
  if (process.getuid() === 0 && spawnSync('apt-get', ['--version']).status === 0) {
    console.log('# installing valgrind');
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    spawnSync('apt-get', ['update', '-qq'], { env, stdio: ['ignore', 'ignore', 'inherit'] });
    const flags = ['install', '-y', '-qq', '--no-install-recommends', 'valgrind'];
    spawnSync('apt-get', flags, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  }
  if (!isThere()) throw new Error('there is no valgrind: install it (Debian: apt-get install valgrind)');
}

function build() {
  const options = { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'inherit'] };
  const messages = execFileSync('cargo', [...BUILD, '--message-format=json'], options).split('\n').filter(Boolean);
  const made = messages.map((line) => JSON.parse(line)).find(({ target, executable }) => executable && target.name === 'instructions');
  if (!made) throw new Error('cargo built no benches/instructions');
  return made.executable;
}

function count(program, scenario) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'nopar-instructions-'));
  const file = path.join(folder, 'callgrind.out');
  const flags = ['--tool=callgrind', `--callgrind-out-file=${file}`, '--collect-atstart=no', `--toggle-collect=*measured_${scenario}*`];
  try {
    const run = spawnSync('valgrind', [...flags, program, scenario], { encoding: 'utf8' });
    if (run.status !== 0) throw new Error(`valgrind failed:\n${run.stderr}`);
    return totalOf(readFileSync(file, 'utf8'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function main() {
  needValgrind();
  const stated = JSON.parse(readFileSync(figures, 'utf8'));
  const program = build();
  const counted = {
    hotLookup: Math.round(count(program, 'hot') / stated.requests),
    ingest: count(program, 'ingest'),
  };
  const rustc = execFileSync('rustc', ['--version'], { encoding: 'utf8' }).trim();
  if (process.argv.includes('--write')) {
    stated.instructions[process.arch] = counted;
    writeFileSync(figures, `${JSON.stringify({ ...stated, rustc }, null, 2)}\n`);
    console.log(counted);
    return;
  }
  const { findings, notes } = compare(counted, expectedFor(process.arch, stated), stated.tolerancePercent);
  if (rustc !== stated.rustc) console.log(`the figures are those of ${stated.rustc}; this is ${rustc}`);
  [...notes, ...findings].forEach((line) => console.log(line));
  process.exitCode = findings.length === 0 ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
