// Where and of what a measurement was made: what stands above every table in benches/runs/.
// Knows nothing of what was measured.

import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** The repository's root. */
export const REPOSITORY = path.resolve(import.meta.dirname, '../..');

/**
 * Date, machine, commit and command line; `versions` maps a name to what its program says. `program`
 * is what the command line begins with, where that is not the script itself.
 */
export function about(versions = {}, program = path.relative(REPOSITORY, process.argv[1])) {
  return {
    date: new Date().toISOString(),
    cpu: os.cpus()[0]?.model.trim() ?? 'unknown',
    cores: os.cpus().length,
    memoryBytes: os.totalmem(),
    kernel: `${os.type()} ${os.release()}`,
    commit: commit(),
    command: [program, ...process.argv.slice(2)].join(' '),
    versions: { node: process.version, ...versions },
  };
}

/** The first line a program prints about its version, or undefined where there is no such program. */
export function version(command, ...args) {
  const { error, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (error) return undefined;
  return `${stdout}${stderr}`.trim().split('\n')[0];
}

/** The beginning of a file's SHA-256: which build it was, when the commit does not say. */
export function fingerprint(file) {
  return createHash('sha256').update(readFileSync(file)).digest('hex').slice(0, 12);
}

/** The commit, and whether the tree differs from it. */
function commit() {
  const git = (...args) => execFileSync('git', args, { cwd: REPOSITORY, encoding: 'utf8' }).trim();
  try {
    // Files that git does not know do not change what was built.
    return git('rev-parse', '--short=12', 'HEAD') + (git('status', '--porcelain', '-uno') ? ' with changes' : '');
  } catch {
    return 'unknown (no git)';
  }
}

/** The lines of a report that say where it comes from. */
export function aboutLines(facts) {
  return [
    `- date: ${facts.date}`,
    `- machine: ${facts.cpu}, ${facts.cores} cores, ${Math.round(facts.memoryBytes / 2 ** 30)} GiB, ${facts.kernel}`,
    `- commit: ${facts.commit}`,
    `- command: \`${facts.command}\``,
    `- versions: ${Object.entries(facts.versions).map(([name, text]) => `${name} ${text ?? 'absent'}`).join('; ')}`,
  ];
}

/** Writes `NAME.md` and `NAME.json` into `benches/runs/<date>-<cpu model>/`; gives the directory. */
export function saveRun(name, facts, markdown, json) {
  const directory = path.join(REPOSITORY, 'benches', 'runs', runName(facts));
  mkdirSync(directory, { recursive: true });
  writeFileSync(path.join(directory, `${name}.md`), markdown);
  writeFileSync(path.join(directory, `${name}.json`), `${JSON.stringify(json, undefined, 2)}\n`);
  return directory;
}

/** `2026-03-01-amd-epyc`: the day and the processor, fit for a file's name. */
export function runName({ date, cpu }) {
  return `${date.slice(0, 10)}-${cpu.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '')}`;
}
