// What the last stage of the Dockerfile does and says, in a Debian of its own in place of a container: its commands are run
// there as root, and NOPAR as its user.
// Knows nothing of the stage that builds.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { check, expect } from '../clients/report.mjs';
import { program, top } from './build.mjs';
import { Chroot } from './chroot.mjs';
import { parse, stagesOf, variablesOf } from './dockerfile.mjs';
import { listening } from './image.mjs';

export async function shipped() {
  const last = stagesOf(parse(readFileSync(path.join(top, 'Dockerfile'), 'utf8'))).at(-1);
  const said = (name) => last.filter((line) => line.name === name).map((line) => line.text);
  const work = mkdtempSync(path.join(os.tmpdir(), 'nopar-shipped-'));
  let debian;
  try {
    debian = await check('Dockerfile: its commands do what they are there for', () => {
      const made = Chroot.make(path.join(work, 'root'));
      said('RUN').forEach((line) => made.run(line));
      copyFileSync(program(), made.place('usr/bin/nopar'));
      return made;
    });
    if (debian) await check('Dockerfile: its user serves, is found healthy, and writes where volumes are', () => serve(debian, said));
  } finally {
    debian?.remove();
    rmSync(work, { recursive: true, force: true });
  }
}

async function serve(debian, said) {
  // Any port: the usual one may be taken here. And nobody upstream.
  const variables = { ...variablesOf(said('ENV')), NOPAR_PORT: '0', NOPAR_FORWARDER_URL: 'http://127.0.0.1:9/', NOPAR_CACHE_MIN_FREE: '0', PATH: '/usr/bin:/bin' };
  const environment = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  const as = (args) => [`--userspec=${said('USER')[0]}`, debian.root, '/usr/bin/env', '-i', ...environment, ...args];
  const health = () => spawnSync('chroot', as(['/bin/sh', '-c', said('HEALTHCHECK')[0].match(/CMD (.*)/)[1]])).status;
  const child = spawn('chroot', as(JSON.parse(said('ENTRYPOINT')[0])), { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(child, 'exit');
  try {
    const url = await listening(child);
    expect(health() === 0, `it is not healthy: ${health()}`);
    const { port } = new URL(url);
    expect((await fetch(`http://127.0.0.1:${port}/-/ready`)).status === 200, 'it cannot write into its volumes');
    const added = spawnSync('chroot', as(['nopar', 'user', 'add', 'ann']), { input: 'correct horse\n', encoding: 'utf8' });
    expect(added.status === 0, added.stderr);
    debian.run('test -e /var/lib/nopar/.nopar/users.json && ls /var/cache/nopar | grep -q .');
    child.kill(said('STOPSIGNAL')[0]);
    const [code] = await ended;
    expect(code === 0, `it ended with ${code}`);
  } finally {
    child.kill('SIGKILL');
  }
}
