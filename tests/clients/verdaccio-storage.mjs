// A storage that the real Verdaccio writes: packages published to it by npm, one that it merged with its uplink's, one
// that it only proxied, and users whose passwords are hashed in each way it knows.
// Knows nothing of NOPAR. `node verdaccio-storage.mjs DIRECTORY` freezes one for the unit tests: see the fixture's README.

import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { tarball } from './dated.mjs';
import { toolDirectory } from './tools.mjs';

/** Whose password is kept in which way; each is the user's name, twice and a half. */
export const USERS = { ann: 'bcrypt', sha: 'sha1', md: 'md5', old: 'crypt' };

/** The password of a user. */
export const passwordOf = (user) => `${user}-${user}-1`;

/** It listens within this long of its start, also on a busy machine. */
const START_LIMIT_MS = 60_000;

const run = promisify(execFile);

/** A directory with `config.yaml`, `htpasswd` and `storage`, made by Verdaccio. */
export async function makeStorage(directory) {
  const modules = toolDirectory('verdaccio');
  const uplink = await startUplink();
  const port = await freePort();
  mkdirSync(directory, { recursive: true });
  writeFileSync(path.join(directory, 'config.yaml'), config(uplink.url));
  const server = await startVerdaccio(modules, directory, port);
  const url = `http://127.0.0.1:${port}/`;
  try {
    const token = await addUser(url, 'ann');
    const client = new Client(directory, url, token);
    await client.publish('plain', '1.0.0');
    await client.publish('plain', '1.1.0-beta.1', 'beta');
    await client.publish('@acme/ui', '1.0.0');
    await client.publish('@acme/ui', '1.0.1');
    await client.npm('deprecate', '@acme/ui@1.0.0', 'it is green');
    await client.npm('dist-tag', 'add', '@acme/ui@1.0.0', 'stable');
    await client.publish('taken-back', '1.0.0');
    await client.publish('taken-back', '1.1.0');
    await client.npm('unpublish', 'taken-back@1.1.0');
    await client.publish('merged', '2.0.0');
    await client.npm('star', 'plain');
    // From now on the uplink has a package of that name, too.
    uplink.has.add('merged');
    for (const below of ['merged', 'proxied', 'proxied/-/proxied-1.0.0.tgz']) await fetched(url + below);
    client.remove();
  } finally {
    server.kill();
    await once(server, 'exit');
    await uplink.stop();
  }
  await addUsers(modules, path.join(directory, 'htpasswd'));
  return { uplink: uplink.url, url };
}

function config(uplink) {
  return `# Made for a test.
storage: ./storage
auth:
  htpasswd:
    file: ./htpasswd
    algorithm: bcrypt
    rounds: 4
uplinks:
  up:
    url: ${uplink}
    cache: true
packages:
  '@acme/*':
    access: $authenticated
    publish: ann
    unpublish: ann
  'plain':
    access: $all
    publish: $authenticated
  '**':
    access: $all
    publish: $authenticated
    unpublish: $authenticated
    proxy: up
log: { type: stdout, format: json, level: warn }
`;
}

async function startVerdaccio(modules, directory, port) {
  const program = path.join(modules, 'verdaccio/bin/verdaccio');
  const args = ['--config', path.join(directory, 'config.yaml'), '--listen', `127.0.0.1:${port}`];
  const env = { PATH: process.env.PATH, HOME: directory };
  const child = spawn(process.execPath, [program, ...args], { cwd: directory, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => { said += text; });
  const deadline = Date.now() + START_LIMIT_MS;
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${port}/-/ping`).catch(() => undefined);
    if (answer?.ok) return child;
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`Verdaccio does not serve: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function addUser(url, name) {
  const body = JSON.stringify({ name, password: passwordOf(name) });
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${url}-/user/org.couchdb.user:${name}`, { method: 'PUT', headers, body });
  const { token } = await answer.json();
  if (!token) throw new Error(`${name} has no token: ${answer.status}`);
  return token;
}

/** The lines of the other users, as Verdaccio's own plugin makes them with another algorithm set. */
async function addUsers(modules, file) {
  const plugin = createRequire(path.join(modules, 'verdaccio/package.json')).resolve('verdaccio-htpasswd');
  const { generateHtpasswdLine } = createRequire(plugin)('./utils.js');
  for (const [name, algorithm] of Object.entries(USERS).filter(([name]) => name !== 'ann')) {
    const line = await generateHtpasswdLine(name, passwordOf(name), { algorithm });
    writeFileSync(file, line, { flag: 'a' });
  }
}

async function fetched(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  await answer.arrayBuffer();
}

/** npm with a configuration of its own. */
class Client {
  #home = mkdtempSync(path.join(os.tmpdir(), 'nopar-verdaccio-'));
  #env;

  constructor(directory, url, token) {
    const npmrc = path.join(this.#home, '.npmrc');
    writeFileSync(npmrc, `registry=${url}\n//${new URL(url).host}/:_authToken=${token}\nupdate-notifier=false\n`);
    this.#env = { PATH: process.env.PATH, HOME: this.#home, npm_config_userconfig: npmrc };
  }

  async npm(...args) {
    await run('npm', args, { cwd: this.#home, env: this.#env });
  }

  async publish(name, version, tag = 'latest') {
    const folder = path.join(this.#home, 'package');
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    const manifest = { name, version, description: `what ${name} is`, main: 'index.js', license: 'MIT', author: 'Ann <ann@acme.example>' };
    writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifest));
    writeFileSync(path.join(folder, 'index.js'), `module.exports = '${name} ${version}';\n`);
    writeFileSync(path.join(folder, 'README.md'), `# ${name}\n\nVersion ${version}.\n`);
    await this.npm('publish', folder, '--tag', tag);
  }

  remove() {
    rmSync(this.#home, { recursive: true, force: true });
  }
}

/** A registry that has `proxied`, and later `merged`, in versions 1.0.0 and 1.1.0. */
async function startUplink() {
  const has = new Set(['proxied']);
  const server = http.createServer((request, response) => {
    const [, name, file] = /^\/([^/]+)(?:\/-\/(.+))?$/.exec(request.url) ?? [];
    if (!has.has(name)) return response.writeHead(404).end('{}');
    if (file) return response.end(tarball(name, file.slice(name.length + 1, -4)));
    const url = `http://${request.headers.host}/`;
    return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(packument(name, url)));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    has,
    stop: () => new Promise((resolve) => { server.close(resolve); server.closeAllConnections(); }),
  };
}

function packument(name, url) {
  const digest = (algorithm, bytes, encoding) => createHash(algorithm).update(bytes).digest(encoding);
  const versions = ['1.0.0', '1.1.0'].map((version) => {
    const bytes = tarball(name, version);
    const dist = {
      tarball: `${url}${name}/-/${name}-${version}.tgz`,
      shasum: digest('sha1', bytes, 'hex'),
      integrity: `sha512-${digest('sha512', bytes, 'base64')}`,
    };
    return [version, { name, version, dist }];
  });
  const time = { created: '2026-01-01T00:00:00.000Z', modified: '2026-01-02T00:00:00.000Z', '1.0.0': '2026-01-01T00:00:00.000Z', '1.1.0': '2026-01-02T00:00:00.000Z' };
  return { _id: name, name, 'dist-tags': { latest: '1.1.0', old: '1.0.0' }, versions: Object.fromEntries(versions), time, readme: 'of the uplink' };
}

async function freePort() {
  const server = net.createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Writes a storage whose addresses and secrets are nobody's. */
async function freeze(directory) {
  const made = mkdtempSync(path.join(os.tmpdir(), 'nopar-verdaccio-'));
  const { uplink, url } = await makeStorage(made);
  for (const below of ['config.yaml', 'htpasswd', 'storage']) {
    cpSync(path.join(made, below), path.join(directory, below), { recursive: true });
  }
  for (const below of readdirSync(directory, { recursive: true }).filter((it) => /\.(json|yaml)$/.test(it))) {
    const file = path.join(directory, below);
    if (!statSync(file).isFile()) continue;
    const text = readFileSync(file, 'utf8');
    const anybodys = text
      .replaceAll(uplink, 'https://registry.example/')
      .replaceAll(url, 'https://verdaccio.example/')
      .replace(/"secret":"[^"]*"/, `"secret":"${'0'.repeat(32)}"`);
    writeFileSync(file, anybodys);
  }
  rmSync(made, { recursive: true });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await freeze(process.argv[2]);
}
