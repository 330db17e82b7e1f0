// The package managers that are tried, and a project in which one of them runs as on a new
// machine: own home, own caches, nothing inherited but what is named here.
// Knows nothing of NOPAR: a registry is a URL.

import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { npmForeign, npmTarballs, pnpmForeign, pnpmTarballs } from './lockfile.mjs';
import { recentNode, toolDirectory } from './tools.mjs';

/** A client that has not ended by then is stuck. */
const TIME_LIMIT_MS = 10 * 60 * 1000;

/**
 * One row per client: `command()` is the program and its first arguments, `install` makes or
 * follows the lock file, `frozen` must not change it, `ping` asks the registry for a sign of life,
 * `view` for one package's latest version. `tarballs` and `foreign` read the project afterwards;
 * `asksTarballsOnly` says that `frozen` never asks for a packument.
 */
export const CLIENTS = [
  {
    name: 'npm-12',
    command: () => [recentNode(), path.join(toolDirectory('npm', '12.2.0'), 'npm', 'bin', 'npm-cli.js')],
    install: ['install'],
    frozen: ['ci'],
    ping: ['ping'],
    view: (name) => ['view', name, 'version'],
    lockfile: 'package-lock.json',
    tarballs: npmTarballs,
    foreign: npmForeign,
    asksTarballsOnly: true,
  },
  {
    name: 'pnpm-12',
    command: () => [nativePnpm('12.21.0')],
    install: ['install', '--ignore-scripts'],
    frozen: ['install', '--ignore-scripts', '--frozen-lockfile'],
    ping: ['ping'],
    view: (name) => ['view', name, 'version'],
    lockfile: 'pnpm-lock.yaml',
    tarballs: pnpmTarballs,
    foreign: pnpmForeign,
    asksTarballsOnly: false,
  },
];

// npm picks the platform's own package among pnpm's optional dependencies; the program in the
// package `pnpm` itself is put in place only by an install script.
function nativePnpm(version) {
  const scope = path.join(toolDirectory('pnpm', version), '@pnpm');
  const platform = readdirSync(scope).find((name) => name.startsWith('exe.'));
  return path.join(scope, platform, 'pnpm');
}

/** A copy of a fixture that one client installs from one registry. */
export class Project {
  #client;
  #home;
  #proxyEnv;
  /** Where the copy is. */
  directory;

  /** `proxyEnv`: the proxy variables the client gets; they never apply to loopback. */
  constructor(client, fixture, registry, proxyEnv) {
    this.#client = client;
    this.#proxyEnv = proxyEnv;
    const root = mkdtempSync(path.join(os.tmpdir(), `nopar-${client.name}-`));
    this.#home = path.join(root, 'home');
    this.directory = path.join(root, 'app');
    cpSync(fixture, this.directory, { recursive: true });
    this.wipe();
    this.useRegistry(registry);
  }

  get lockfile() {
    return path.join(this.directory, this.#client.lockfile);
  }

  get nodeModules() {
    return path.join(this.directory, 'node_modules');
  }

  /** Points the client at a registry, as a project's `.npmrc` does. */
  useRegistry(registry) {
    const settings = [
      `registry=${registry}`, 'audit=false', 'fund=false', 'update-notifier=false', 'ignore-scripts=true',
    ];
    writeFileSync(path.join(this.directory, '.npmrc'), `${settings.join('\n')}\n`);
  }

  /** Forgets everything but the lock file: caches, stores, settings, what was installed. */
  wipe() {
    rmSync(this.#home, { recursive: true, force: true });
    rmSync(this.nodeModules, { recursive: true, force: true });
    mkdirSync(path.join(this.#home, 'tmp'), { recursive: true });
  }

  /** Forgets the lock file too. */
  wipeLock() {
    rmSync(this.lockfile, { force: true });
  }

  remove() {
    rmSync(path.dirname(this.directory), { recursive: true, force: true });
  }

  /** Runs the client; `{ code, output, seconds }`. */
  run(args) {
    const [program, ...first] = this.#client.command();
    return this.#spawn(program, [...first, ...args]);
  }

  /** Runs the client and throws its words unless it ends with 0. */
  async succeed(args) {
    return orThrow(await this.run(args), `${this.#client.name} ${args.join(' ')}`);
  }

  /** Runs the installed application itself. */
  async start() {
    const main = path.join(this.directory, 'main.cjs');
    if (!existsSync(main)) throw new Error(`${main} is missing`);
    return orThrow(await this.#spawn(process.execPath, [main]), 'main.cjs');
  }

  #environment() {
    const node = path.dirname(recentNode());
    return {
      PATH: [node, path.dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'].join(path.delimiter),
      HOME: this.#home,
      TMPDIR: path.join(this.#home, 'tmp'),
      LANG: 'C.UTF-8',
      ...this.#proxyEnv,
    };
  }

  #spawn(program, args) {
    const started = performance.now();
    const child = spawn(program, args, {
      cwd: this.directory,
      env: this.#environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: TIME_LIMIT_MS,
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => { output += text; });
    child.stderr.setEncoding('utf8').on('data', (text) => { output += text; });
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code, signal) => {
        resolve({ code: code ?? signal, output, seconds: (performance.now() - started) / 1000 });
      });
    });
  }
}

function orThrow(result, what) {
  if (result.code === 0) return result;
  const tail = result.output.trim().split('\n').slice(-30).join('\n');
  throw new Error(`${what} ended with ${result.code}:\n${tail}`);
}
