// The package managers that are tried: one row each, with what it is known to send.
// Knows nothing of NOPAR: a registry is a URL.

import { readdirSync } from 'node:fs';
import path from 'node:path';

import { recentNode, toolDirectory } from './tools.mjs';

const FULL = 'application/json';
const ABBREVIATED = 'application/vnd.npm.install-v1+json';

/**
 * `command()` is the program and its first arguments; `install` makes or follows the lock file,
 * `frozen` must not change it. `settings(registry, home, proxy)` are the files in the project that
 * point it at a registry, and elsewhere at a proxy where it knows no variables for that.
 * `lockHasAddresses`: whether its lock file records where a tarball was. `asksTarballsOnly`:
 * whether `frozen` does without packuments. `revalidatesAtOnce`: whether one install may ask
 * again, with `no-cache`, for what it got a moment ago. `ping` and `view` are its questions, where
 * they are asked.
 *
 * `again` makes it ask anew with its own cache kept: arguments, and settings where it would
 * otherwise trust that cache. `sends` is what it then sends for packuments: which kinds of
 * document it wants (the first of `Accept`; '' for no such line), whether it revalidates with
 * `If-None-Match`, whether it says `Cache-Control: no-cache`; `head`: whether `frozen` looks at
 * packuments by `HEAD`.
 */
export const CLIENTS = [
  npm('npm-11'),
  npm('npm-12'),
  pnpm('pnpm-11', { head: false, revalidatesAtOnce: true, command: () => [recentNode(), tool('pnpm-11', 'bin', 'pnpm.mjs')] }),
  pnpm('pnpm-12', { head: true, revalidatesAtOnce: false, command: () => [native('@pnpm', 'exe.', 'pnpm')] }),
  {
    name: 'yarn-1',
    command: () => [recentNode(), tool('yarn', 'bin', 'yarn.js')],
    install: ['install', '--non-interactive', '--ignore-scripts'],
    frozen: ['install', '--non-interactive', '--ignore-scripts', '--frozen-lockfile'],
    // root's cache would be outside its home.
    settings: (registry, home) => ({
      '.yarnrc': `registry "${registry}"\ncache-folder "${home}/cache"\ndisable-self-update-check true\n`,
    }),
    lockfile: 'yarn.lock',
    lockHasAddresses: true,
    asksTarballsOnly: true,
    again: { args: ['install', '--non-interactive', '--ignore-scripts'] },
    sends: { kinds: [ABBREVIATED], conditional: false, noCache: false, head: false },
  },
  {
    name: 'yarn-4',
    command: () => [recentNode(), tool('@yarnpkg/cli-dist', 'bin', 'yarn.js')],
    install: ['install'],
    frozen: ['install', '--immutable'],
    // It looks at no proxy variables.
    settings: (registry, home, proxy) => ({
      '.yarnrc.yml': `npmRegistryServer: "${registry}"\nunsafeHttpWhitelist: ["127.0.0.1"]\n`
        + 'nodeLinker: node-modules\nenableScripts: false\nenableTelemetry: false\n'
        + `httpProxy: "${proxy}"\nhttpsProxy: "${proxy}"\n`
        + 'networkSettings: { "127.0.0.1": { httpProxy: "", httpsProxy: "" } }\n',
    }),
    lockfile: 'yarn.lock',
    lockHasAddresses: false,
    asksTarballsOnly: true,
    again: { args: ['install'] },
    sends: { kinds: [''], conditional: true, noCache: false, head: false },
  },
  {
    name: 'bun',
    command: () => [native('@oven', 'bun-', 'bin', 'bun')],
    install: ['install', '--ignore-scripts'],
    frozen: ['install', '--ignore-scripts', '--frozen-lockfile'],
    settings: npmrc,
    lockfile: 'bun.lock',
    lockHasAddresses: true,
    asksTarballsOnly: true,
    again: { args: ['install', '--ignore-scripts'] },
    sends: { kinds: [ABBREVIATED, FULL], conditional: true, noCache: false, head: false },
  },
  {
    name: 'deno',
    command: () => [native('@deno', '', 'deno')],
    install: ['install'],
    frozen: ['install', '--frozen'],
    settings: npmrc,
    lockfile: 'deno.lock',
    lockHasAddresses: true,
    asksTarballsOnly: true,
    again: { args: ['install', '--reload'] },
    sends: { kinds: ['*/*'], conditional: true, noCache: false, head: false },
  },
];

function npm(name) {
  return {
    name,
    command: () => [recentNode(), tool(name, 'bin', 'npm-cli.js')],
    install: ['install'],
    frozen: ['ci'],
    settings: npmrc,
    lockfile: 'package-lock.json',
    lockHasAddresses: true,
    asksTarballsOnly: true,
    ping: ['ping'],
    view: (wanted) => ['view', wanted, 'version'],
    again: { args: ['install'] },
    sends: { kinds: [FULL], conditional: true, noCache: false, head: false },
  };
}

// Packages have to be a day old by default, which takes times: pnpm looks into full packuments
// where a dependency is new, and `frozen` looks at every packument.
function pnpm(name, { command, head, revalidatesAtOnce }) {
  return {
    name,
    command,
    install: ['install', '--ignore-scripts'],
    frozen: ['install', '--ignore-scripts', '--frozen-lockfile'],
    settings: npmrc,
    lockfile: 'pnpm-lock.yaml',
    lockHasAddresses: false,
    asksTarballsOnly: false,
    revalidatesAtOnce,
    ping: ['ping'],
    view: (wanted) => ['view', wanted, 'version'],
    again: { args: ['install', '--ignore-scripts'], settings: { 'pnpm-workspace.yaml': 'minimumReleaseAge: 0\n' } },
    sends: { kinds: [FULL, ABBREVIATED], conditional: true, noCache: true, head },
  };
}

function npmrc(registry) {
  const lines = [
    `registry=${registry}`, 'audit=false', 'fund=false', 'update-notifier=false', 'ignore-scripts=true',
  ];
  return { '.npmrc': `${lines.join('\n')}\n` };
}

function tool(name, ...rest) {
  return path.join(toolDirectory('clients'), name, ...rest);
}

// npm picks the platform's own package among a client's optional dependencies; the program in the
// package of its own name is put in place only by an install script.
function native(scope, prefix, ...rest) {
  const platform = readdirSync(tool(scope)).find((name) => name.startsWith(prefix));
  return tool(scope, platform, ...rest);
}

/** The clients of these names; all where none is given. */
export function chosenClients(names) {
  const known = CLIENTS.map(({ name }) => name);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`no client is called ${unknown.join(', ')}; there are ${known.join(', ')}`);
  return CLIENTS.filter(({ name }) => names.length === 0 || names.includes(name));
}

/** Does something with each client, two at a time: more would only wait for one another's processors. */
export async function eachClient(clients, body) {
  const waiting = [...clients];
  const work = async () => {
    for (let client = waiting.shift(); client; client = waiting.shift()) await body(client);
  };
  await Promise.all([work(), work()]);
}
