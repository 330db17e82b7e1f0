// A project in which one package manager runs as on a new machine: own home, own caches, nothing
// inherited but what is named here.
// Knows nothing of NOPAR: a registry is a URL; what differs between clients is in their rows.

import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

import { attend, onTerminal } from './terminal.mjs';
import { recentNode } from './tools.mjs';

/** A client that has not ended by then is stuck. */
const TIME_LIMIT_MS = 10 * 60 * 1000;

/** One that asks something has had no answer then. */
const QUESTION_LIMIT_MS = 60 * 1000;

/** A copy of a fixture that one client installs from one registry. */
export class Project {
  #client;
  #home;
  #registry;
  #proxyEnv;
  #settings;
  /** Where the copy is. */
  directory;

  /**
   * `proxyEnv`: the proxy variables the client gets; they never apply to loopback. `settings`: more
   * of its environment variables.
   */
  constructor(client, fixture, registry, proxyEnv, settings = {}) {
    this.#client = client;
    this.#proxyEnv = proxyEnv;
    this.#settings = settings;
    const root = mkdtempSync(path.join(os.tmpdir(), `nopar-${client.name}-`));
    this.#home = path.join(root, 'home');
    this.directory = path.join(root, 'app');
    cpSync(fixture, this.directory, { recursive: true });
    this.#makeHome();
    this.useRegistry(registry);
  }

  get lockfile() {
    return path.join(this.directory, this.#client.lockfile);
  }

  get nodeModules() {
    return path.join(this.directory, 'node_modules');
  }

  /** The `index.js` of a package that is installed. */
  installed(name) {
    return readFileSync(path.join(this.nodeModules, name, 'index.js'), 'utf8');
  }

  /** Where everything of it is. */
  get root() {
    return path.dirname(this.directory);
  }

  /** Points the client at a registry, as a project's settings do; a lock file's addresses follow. */
  useRegistry(registry) {
    this.write(this.#client.settings(registry, this.#home, this.#proxyEnv.http_proxy));
    if (existsSync(this.lockfile)) {
      const lock = readFileSync(this.lockfile, 'utf8');
      writeFileSync(this.lockfile, lock.replaceAll(this.#registry, registry));
    }
    this.#registry = registry;
  }

  /** Writes files of the project, name → text or bytes. */
  write(files) {
    for (const [name, text] of Object.entries(files)) writeFileSync(path.join(this.directory, name), text);
  }

  /** Removes one file of the project. */
  forget(name) {
    rmSync(path.join(this.directory, name), { force: true });
  }

  /** Forgets everything but the lock file: caches, stores, settings, what was installed. */
  async wipe() {
    await this.wipeInstalled();
    // Not at once: a registry that is played by this process goes on answering others.
    await rm(this.#home, { recursive: true, force: true });
    this.#makeHome();
  }

  /** Forgets what was installed. */
  async wipeInstalled() {
    await rm(this.nodeModules, { recursive: true, force: true });
  }

  async remove() {
    await rm(this.root, { recursive: true, force: true });
  }

  /** Runs the client, with these environment variables besides; `{ code, output, seconds }`. */
  run(args, variables) {
    const [program, ...first] = this.#client.command();
    return this.#spawn(program, [...first, ...args], { variables });
  }

  /** Runs the client, with these environment variables besides, and throws its words unless it ends with 0. */
  async succeed(args, variables) {
    return orThrow(await this.run(args, variables), `${this.#client.name} ${args.join(' ')}`);
  }

  /**
   * Runs the client on a terminal and throws its words unless it ends with 0. `answers` is what a
   * person says there, see `attend`: pairs of a question, as a pattern, and an answer, in order.
   */
  async converse(args, answers) {
    return orThrow(await this.talk(args, answers), `${this.#client.name} ${args.join(' ')}`);
  }

  /** The same, whatever it ends with: `{ code, output, seconds }`. */
  talk(args, answers) {
    const [program, ...first] = this.#client.command();
    const [terminal, ...rest] = onTerminal([program, ...first, ...args]);
    return this.#spawn(terminal, rest, { answers });
  }

  /** Runs the installed application itself. */
  async start() {
    const main = path.join(this.directory, 'main.cjs');
    if (!existsSync(main)) throw new Error(`${main} is missing`);
    return orThrow(await this.#spawn(process.execPath, [main]), 'main.cjs');
  }

  #makeHome() {
    mkdirSync(path.join(this.#home, 'tmp'), { recursive: true });
  }

  #environment() {
    const node = path.dirname(recentNode());
    return {
      PATH: [node, path.dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'].join(path.delimiter),
      HOME: this.#home,
      TMPDIR: path.join(this.#home, 'tmp'),
      LANG: 'C.UTF-8',
      NO_COLOR: '1',
      DO_NOT_TRACK: '1',
      DENO_NO_UPDATE_CHECK: '1',
      ...this.#proxyEnv,
      ...this.#settings,
    };
  }

  #spawn(program, args, { answers, variables } = {}) {
    const started = performance.now();
    const child = spawn(program, args, {
      cwd: this.directory,
      env: { ...this.#environment(), ...variables },
      stdio: [answers ? 'pipe' : 'ignore', 'pipe', 'pipe'],
      timeout: answers ? QUESTION_LIMIT_MS : TIME_LIMIT_MS,
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => { output += text; });
    child.stderr.setEncoding('utf8').on('data', (text) => { output += text; });
    return new Promise((resolve, reject) => {
      if (answers) {
        attend(child, answers, (error) => {
          child.kill();
          reject(error);
        });
      }
      child.on('error', reject);
      child.on('close', (code, signal) => {
        // A terminal that had to be stopped says 0.
        const end = child.killed ? 'SIGTERM' : code ?? signal;
        resolve({ code: end, output, seconds: (performance.now() - started) / 1000 });
      });
    });
  }
}

function orThrow(result, what) {
  if (result.code === 0) return result;
  const tail = result.output.trim().split('\n').slice(-30).join('\n');
  throw new Error(`${what} ended with ${result.code}:\n${tail}`);
}
