// What every section starts from: the synthetic registry, its upstream, cores, a directory.
// Knows nothing of what a section measures.

import { execFileSync } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';

import { REPOSITORY } from '../machine/about.mjs';
import { temporaryDirectory } from '../machine/directory.mjs';
import { start } from '../machine/program.mjs';
import { makeRegistry } from '../registry/make.mjs';

/** The servers' core, and that of everybody else. */
export const CORES = { server: 0, load: 1, both: '0,1' };

const REGISTRY = path.join(REPOSITORY, 'benches', 'registry');

/** Makes (or finds) the registry and starts its upstream. */
export async function prepare(options) {
  if (os.availableParallelism() < 2) throw new Error('the comparison needs two cores: one for the server, one for the load');
  const directory = temporaryDirectory('nopar-compare');
  const where = (name) => (options.registry ? path.join(options.registry, name) : directory.make('registry', name));
  const registry = openRegistry(where('ordinary'));
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
    /** Another registry, with packuments of 20 MB: only who needs it waits for it. */
    large: async () => {
      const large = openRegistry(where('large'), { packages: 1, large: true });
      return { registry: large, upstream: await startUpstream(large.directory) };
    },
    /** A new directory: for a server, that is a cold cache. */
    home: (name) => directory.make(`${name}-${(homes += 1)}`),
    note: (text) => process.stderr.write(`${text}\n`),
  };
}

/** The registry as sections ask it; `directory` is where its files are. */
function openRegistry(directory, options) {
  process.stderr.write('the synthetic registry …\n');
  // Deterministic, and left alone if it is there: the same bytes in every run.
  const { packages } = makeRegistry(directory, options);
  return {
    directory,
    packages,
    find: (name) => packages.find((each) => each.name === name),
    /** Those a fleet installs; the others are for single rows. */
    ordinary: packages.filter(({ role }) => role === 'fleet'),
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
  };
}
