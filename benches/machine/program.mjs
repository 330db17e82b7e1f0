// Programs under measurement: started on a core of their own, waited for until they can be asked,
// and ended by their own process ids, whatever becomes of the script that started them.
// Knows nothing of registries, nor of what is measured.

import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { waitForPort } from './port.mjs';

/** A server says that it is ready within this long, on a busy machine too. */
const START_LIMIT_MS = 30_000;

/** After this long a program that was asked to end is ended. */
const STOP_LIMIT_MS = 15_000;

/** Of what a program says, so much of the end is kept. */
const KEPT_OUTPUT = 1 << 20;

const running = new Set();

// `exit` runs on process.exit, at the natural end and after an uncaught exception, but not on a
// signal; so signals become an exit. 128 + the number is how shells report one.
process.once('exit', () => running.forEach((program) => program.signal('SIGKILL')));
for (const [name, code] of [['SIGINT', 130], ['SIGTERM', 143], ['SIGHUP', 129]]) {
  process.once(name, () => process.exit(code));
}

/**
 * Starts `command` and waits until it can be asked.
 * - `core`: the core (or cores, `'0,1'`) it may run on; all if not given
 * - `ready`: a regular expression its output must match, or a port it must listen on; nothing is
 *   waited for if not given
 * - `env`, `cwd`: as for `spawn`; `limitMs`: how long the wait may take
 */
export async function start(command, args = [], { core, ready, env, cwd, limitMs = START_LIMIT_MS } = {}) {
  const program = new Program(...pinned(core, command, args), { env, cwd });
  try {
    if (ready instanceof RegExp) await program.says(ready, limitMs);
    else if (ready !== undefined) await program.unlessItEnds((over) => waitForPort(ready, limitMs, over), `listening on ${ready}`);
  } catch (error) {
    await program.stop('SIGKILL');
    throw error;
  }
  return program;
}

/**
 * The command that runs `command` on `core`, and is asked to end when this script is gone: one that
 * was killed outright ends nothing itself. Both programs become the next one, so the pid stays.
 */
export function pinned(core, command, args) {
  const bound = ['--pdeathsig', 'TERM', ...(core === undefined ? [] : ['taskset', '-c', String(core)])];
  return ['setpriv', [...bound, command, ...args]];
}

class Program {
  #child;
  #exited;
  #output = '';
  #name;
  /** When it was started, as `performance.now()` counts. */
  startedAt = performance.now();

  constructor(command, args, { env, cwd }) {
    this.#name = [command, ...args].join(' ');
    // A group of its own: what it forks (nginx's workers) can be ended with it, and Ctrl-C in a
    // terminal reaches this script alone, which then ends everything in order.
    this.#child = spawn(command, args, { env, cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    // 'close' and not 'exit': then all it said is here, and what it forked has ended too.
    this.#exited = once(this.#child, 'close');
    // Whoever waits hears of it (says, stop); nobody waiting is no reason to crash.
    this.#exited.catch(() => {});
    running.add(this);
    this.#child.once('close', () => running.delete(this));
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        this.#output = (this.#output + text).slice(-KEPT_OUTPUT);
      });
    }
  }

  get pid() {
    return this.#child.pid;
  }

  /** What it said so far. */
  get output() {
    return this.#output;
  }

  /** Waits until the output matches `pattern`; gives the match. */
  says(pattern, limitMs = START_LIMIT_MS) {
    return this.unlessItEnds((over) => this.#matching(pattern, limitMs, over), `saying ${pattern}`);
  }

  /** A timer of its own: Node 20 may forget an `AbortSignal.timeout` that only `AbortSignal.any` refers to. */
  #matching(pattern, limitMs, over) {
    return new Promise((resolve, reject) => {
      const streams = [this.#child.stdout, this.#child.stderr];
      const look = () => {
        const match = this.#output.match(pattern);
        if (match) settle(resolve, match);
      };
      const late = setTimeout(() => settle(reject, new Error(`${this.#name}: not within ${limitMs} ms: ${pattern}\n${this.#output}`)), limitMs);
      const gone = () => settle(reject, new Error(`${this.#name}: nobody waits any more for ${pattern}`));
      const settle = (how, value) => {
        clearTimeout(late);
        over.removeEventListener('abort', gone);
        streams.forEach((stream) => stream.off('data', look));
        how(value);
      };
      over.addEventListener('abort', gone);
      streams.forEach((stream) => stream.on('data', look));
      look();
    });
  }

  /** What `wait(signal)` gives, unless the program ends before it did `what`; then the signal says so. */
  async unlessItEnds(wait, what) {
    const over = new AbortController();
    const ended = this.ended().then((code) => {
      throw new Error(`${this.#name}: ended (${code}) before ${what}\n${this.#output}`);
    });
    const waited = wait(over.signal);
    // The loser of the race may fail later, when nobody listens any more.
    for (const each of [ended, waited]) each.catch(() => {});
    try {
      return await Promise.race([waited, ended]);
    } finally {
      over.abort();
    }
  }

  /** Waits for its end; gives the exit code or the signal's name. */
  async ended() {
    const [code, signal] = await this.#exited;
    return code ?? signal;
  }

  /** Sends a signal to the program and to what it forked. */
  signal(name) {
    if (this.pid === undefined) return;
    try {
      process.kill(-this.pid, name);
    } catch (error) {
      if (error.code !== 'ESRCH') throw error;
    }
  }

  /** Asks it to end, waits, and after a while does not ask any more; gives the exit code. */
  async stop(name = 'SIGTERM') {
    if (!running.has(this)) return this.ended().catch(() => undefined);
    // To the first process only: it ends its own workers in order.
    if (this.pid !== undefined) this.#child.kill(name);
    const end = setTimeout(() => this.signal('SIGKILL'), STOP_LIMIT_MS);
    try {
      return await this.ended();
    } catch (error) {
      // It was never started (no such program).
      running.delete(this);
      return error.code;
    } finally {
      clearTimeout(end);
    }
  }
}
