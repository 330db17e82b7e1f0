// The upstream and NOPAR as programs of their own, and what can be told to them.
// Knows nothing of clients.

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

import { REPOSITORY } from '../machine/about.mjs';
import { start } from '../machine/program.mjs';

/** Packuments of 190 MB are packed before it listens. */
const UPSTREAM_LIMIT_MS = 120_000;

/** The program under measurement: `NOPAR_BINARY`, or the release build, made now. */
export function binary() {
  if (process.env.NOPAR_BINARY) return process.env.NOPAR_BINARY;
  const cargo = (...args) => execFileSync('cargo', args, { cwd: REPOSITORY, encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'inherit'] });
  cargo('build', '--release', '--locked');
  const built = path.join(JSON.parse(cargo('metadata', '--format-version', '1', '--no-deps')).target_directory, 'release', 'nopar');
  if (!existsSync(built)) throw new Error(`cargo made no ${built}`);
  return built;
}

/** Starts the upstream over the registry in `dir`: `{ port, origin, program, counts(), reset(), … }`. */
export async function startUpstream(dir, { latency = 0 } = {}) {
  const script = path.join(import.meta.dirname, '../registry/upstream.mjs');
  const program = await start(process.execPath, [script, dir, '--latency', String(latency)], { ready: /listening \d+/, limitMs: UPSTREAM_LIMIT_MS });
  const port = Number(program.output.match(/listening (\d+)/)[1]);
  const origin = `http://127.0.0.1:${port}`;
  const tell = async (what, method = 'POST') => {
    const response = await fetch(`${origin}/-/bench/${what}`, { method });
    if (!response.ok) throw new Error(`the upstream answered ${response.status} to ${what}`);
    return response.json();
  };
  return {
    port,
    origin,
    program,
    counts: () => tell('counts', 'GET'),
    reset: () => tell('reset'),
    setLatency: (ms) => tell(`latency?ms=${ms}`),
    setDown: (isDown) => tell(`down?on=${isDown ? 1 : 0}`),
    stop: () => program.stop(),
  };
}

/** Starts NOPAR before `upstream`, its files in `home`; `settings` are more environment variables. */
export async function startNopar(program, home, upstream, settings = {}) {
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    NOPAR_HOME: home,
    NOPAR_HOSTNAME: '127.0.0.1',
    NOPAR_PORT: '0',
    NOPAR_FORWARDER_URL: `${upstream}/`,
    NOPAR_CACHE_PATH: path.join(home, 'cache'),
    NOPAR_REGISTRY_PATH: path.join(home, 'registry'),
    NOPAR_ACCESS_LOG: 'no',
    ...settings,
  };
  const nopar = await start(program, [], { cwd: home, env, ready: /listening on http:\/\/127\.0\.0\.1:\d+\// });
  const port = Number(nopar.output.match(/listening on http:\/\/127\.0\.0\.1:(\d+)\//)[1]);
  return { port, origin: `http://127.0.0.1:${port}`, pid: nopar.pid, program: nopar, stop: () => nopar.stop() };
}
