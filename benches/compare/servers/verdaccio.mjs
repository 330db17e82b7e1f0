// Verdaccio, where it is installed: one process, its own storage, its log as quiet as it gets.
// Knows nothing of the requests it will get.

import { writeFileSync } from 'node:fs';
import path from 'node:path';

import { version } from '../../machine/about.mjs';
import { freePort } from '../../machine/port.mjs';
import { start } from '../../machine/program.mjs';

const COMMAND = process.env.VERDACCIO ?? 'verdaccio';

/** Node needs a while to load it. */
const START_LIMIT_MS = 60_000;

/** Its version, or undefined where there is none. */
export function verdaccioVersion() {
  return version(COMMAND, '--version');
}

/** Starts it in the directory `home`. */
export async function startVerdaccio({ home, upstream, core }) {
  const port = await freePort();
  const file = path.join(home, 'config.yaml');
  writeFileSync(file, `
storage: ${home}/storage
uplinks:
  upstream:
    url: ${upstream}
    maxage: 1d
    cache: true
packages:
  '**':
    access: $all
    proxy: upstream
log: { type: stdout, format: json, level: fatal }
`);
  const program = await start(COMMAND, ['--config', file, '--listen', `127.0.0.1:${port}`], {
    core, cwd: home, ready: port, limitMs: START_LIMIT_MS, env: { ...process.env, HOME: home },
  });
  return { name: 'verdaccio', port, pid: program.pid, stop: () => program.stop(), program };
}
