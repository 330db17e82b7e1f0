// What every section starts from: the synthetic registry, its upstream, cores, a directory.
// Knows nothing of what a section measures.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { REPOSITORY } from '../machine/about.mjs';
import { temporaryDirectory } from '../machine/directory.mjs';
import { start } from '../machine/program.mjs';
import { ask } from './http.mjs';

/** The servers' core, and that of everybody else. */
export const CORES = { server: 0, load: 1, both: '0,1' };

const REGISTRY = path.join(REPOSITORY, 'benches', 'registry');

/** Makes (or finds) the registry and starts its upstream. */
export async function prepare(options) {
  const directory = temporaryDirectory('nopar-compare');
  const registry = await makeRegistry(options, directory);
  const upstream = await startUpstream(registry.directory);
  // What this script itself does (asking, answering as origin) stays away from the servers' core.
  execFileSync('taskset', ['--all-tasks', '-pc', String(CORES.load), String(process.pid)], { stdio: 'ignore' });
  let homes = 0;
  return {
    options,
    directory,
    registry,
    upstream,
    rounds: { rounds: options.rounds, seconds: options.seconds, core: CORES.load },
    /** A new directory: for a server, that is a cold cache. */
    home: (name) => directory.make(`${name}-${(homes += 1)}`),
    note: (text) => process.stderr.write(`${text}\n`),
  };
}

async function makeRegistry(options, directory) {
  const large = options.sections.includes('memory');
  const where = options.registry ?? directory.make('registry');
  const file = path.join(where, 'registry.json');
  const isThere = () => {
    const { packages } = JSON.parse(readFileSync(file, 'utf8'));
    return !large || packages.some(({ name }) => name.startsWith('bench-packument-20m'));
  };
  if (!existsSync(file) || !isThere()) {
    process.stderr.write('making the synthetic registry …\n');
    // Deterministic: the same bytes in every run.
    execFileSync(process.execPath, [path.join(REGISTRY, 'make.mjs'), where, ...(large ? ['--large'] : [])], { stdio: ['ignore', 'ignore', 'inherit'] });
  }
  const { packages } = JSON.parse(readFileSync(file, 'utf8'));
  return {
    directory: where,
    packages,
    find: (name) => packages.find((each) => each.name === name),
    /** Those a fleet installs; the others are for single rows. */
    ordinary: packages.filter(({ name }) => !name.startsWith('bench-')),
  };
}

/** The registry's own server, on the load's core. */
async function startUpstream(directory) {
  const program = await start(process.execPath, [path.join(REGISTRY, 'upstream.mjs'), directory], {
    core: CORES.load, ready: /listening (\d+)/, limitMs: 120_000,
  });
  const port = Number(program.output.match(/listening (\d+)/)[1]);
  return {
    port,
    url: `http://127.0.0.1:${port}/`,
    stop: () => program.stop(),
    reset: () => ask(port, { method: 'POST', path: '/-/bench/reset' }),
    counts: async () => JSON.parse((await ask(port, { path: '/-/bench/counts' })).body),
  };
}
