// The built NOPAR as a child process: on a free port, with directories of its own, in front of
// one upstream.
// Knows nothing of clients; reads of the log only where NOPAR listens and which paths were asked.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as after } from 'node:timers/promises';

/** NOPAR listens within this long of its start, also on a busy machine. */
const START_LIMIT_MS = 30_000;

/** SIGTERM promises an end in under a second when idle. */
export const IDLE_STOP_LIMIT_MS = 1000;

/** The program under test. */
function binary() {
  const target = process.env.CARGO_TARGET_DIR ?? path.resolve(import.meta.dirname, '../../target');
  return process.env.NOPAR_BINARY ?? path.join(target, 'debug', 'nopar');
}

/** Directories for one NOPAR; they outlive a restart and end with `remove`. */
export function makeHome() {
  const root = mkdtempSync(path.join(os.tmpdir(), 'nopar-home-'));
  return { root, remove: () => rmSync(root, { recursive: true, force: true }) };
}

/** Runs a command of NOPAR with the directories of `home` and this line as its input, and throws its words if it fails. */
export function runNopar(home, args, line) {
  const { PATH } = process.env;
  const env = { PATH, HOME: home.root, NOPAR_HOME: home.root, NOPAR_REGISTRY_PATH: path.join(home.root, 'registry') };
  const { status, stderr, error } = spawnSync(binary(), args, { input: `${line}\n`, env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`nopar ${args.join(' ')} ended with ${status}: ${error?.message ?? stderr}`);
}

/**
 * Runs a command of NOPAR with the directories of `home`, beside whoever serves them: `{ status, output }`. `settings` are
 * more of its environment variables.
 */
export async function commandNopar(home, args, settings = {}) {
  const env = { PATH: process.env.PATH, HOME: home.root, ...directories(home), ...settings };
  const child = spawn(binary(), args, { cwd: home.root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => { output += text; });
  }
  const [code, signal] = await once(child, 'close');
  return { status: code ?? signal, output };
}

function directories(home) {
  return {
    NOPAR_HOME: home.root,
    NOPAR_CACHE_PATH: path.join(home.root, 'cache'),
    // However full this machine's disk is.
    NOPAR_CACHE_MIN_FREE: '0',
    NOPAR_REGISTRY_PATH: path.join(home.root, 'registry'),
  };
}

/**
 * Starts NOPAR in `home` in front of `upstream` and waits until it listens; `settings` are more of
 * its environment variables, and `args` its arguments.
 */
export async function startNopar(home, upstream, settings = {}, args = []) {
  const child = spawn(binary(), args, {
    cwd: home.root,
    env: {
      PATH: process.env.PATH,
      HOME: home.root,
      ...directories(home),
      NOPAR_HOSTNAME: '127.0.0.1',
      NOPAR_PORT: '0',
      NOPAR_FORWARDER_URL: upstream,
      NOPAR_LOGLEVEL: 'info',
      ...settings,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const nopar = new Nopar(child);
  await nopar.listening();
  return nopar;
}

class Nopar {
  #child;
  #exited;
  #log = '';
  #onText = () => {};
  /** Where it listens, with a slash at the end. */
  url;

  constructor(child) {
    this.#child = child;
    // 'error' (no such program) rejects this wait as well as 'exit' ends it.
    this.#exited = once(child, 'exit');
    this.#exited.catch(() => {});
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        this.#log += text;
        this.#onText();
      });
    }
    // A test that dies leaves no server behind.
    const kill = () => child.kill('SIGKILL');
    process.once('exit', kill);
    child.once('exit', () => process.off('exit', kill));
  }

  /** Everything it has said. */
  get log() {
    return this.#log;
  }

  /** The paths of all tarballs that were asked for, each once; a scope's slash is a slash. */
  get tarballsAsked() {
    const asked = this.#log.match(/\/[^\s"?]+\.tgz/g) ?? [];
    return new Set(asked.map((each) => each.replace(/%2f/i, '/').replace(/%40/, '@')));
  }

  /** The requests so far that were answered with an error, as the log has them. */
  get errors() {
    return this.#log.match(/\b(?:GET|HEAD) \S+ [45]\d\d \d+b .*/g) ?? [];
  }

  /** How many packuments were sent so far although the upstream could not confirm them. */
  get sentStale() {
    return this.#log.match(/ stale upstream=/g)?.length ?? 0;
  }

  async listening() {
    const said = new Promise((resolve) => {
      this.#onText = () => {
        this.url ??= this.#log.match(/listening on (http:\/\/127\.0\.0\.1:\d+\/)/)?.[1];
        if (this.url) resolve(true);
      };
    });
    const ended = this.#exited.then(() => 'it ended', (error) => error.message);
    const late = after(START_LIMIT_MS, 'it did not say where it listens', { ref: false });
    const outcome = await Promise.race([said, ended, late]);
    if (outcome !== true) throw new Error(`NOPAR did not start: ${outcome}\n${this.#log}`);
  }

  /** Asks it to stop (SIGTERM, its own pid) and waits: `{ code, milliseconds }`. */
  async stop() {
    const started = performance.now();
    this.#child.kill('SIGTERM');
    const [code, signal] = await this.#exited;
    return { code: code ?? signal, milliseconds: performance.now() - started };
  }
}
