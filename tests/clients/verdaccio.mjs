// What the real Verdaccio keeps is imported, and npm installs from NOPAR what it would have installed from there: bytes,
// tags and deprecations are compared with Verdaccio's own files. Takes some time for Verdaccio itself: with `--full`, it makes
// a storage; else the frozen one is imported (`tests/fixtures/verdaccio`).
// Knows nothing of how either keeps packages, but for where Verdaccio has its tarballs.

import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { Project } from './client.mjs';
import { chosenClients } from './clients.mjs';
import { expectInstalled, installAll } from './consumer.mjs';
import { startDated } from './dated.mjs';
import { makeHome, runNopar, startNopar } from './nopar.mjs';
import { check, close, expect } from './report.mjs';
import { startTrap } from './trap.mjs';
import { makeStorage, passwordOf } from './verdaccio-storage.mjs';

const { values } = parseArgs({ options: { full: { type: 'boolean' } } });

const FROZEN = path.resolve(import.meta.dirname, '../fixtures/verdaccio');
/** What was published there, and the files of the newest. */
const DEPENDENCIES = { plain: 'beta', '@acme/ui': '^1.0.0', merged: '*', 'taken-back': '1.0.0' };
const NEWEST = { plain: '1.1.0-beta.1', '@acme/ui': '1.0.1', merged: '2.0.0', 'taken-back': '1.0.0' };
const TEXTS = Object.fromEntries(Object.entries(NEWEST).map(([name, version]) => [name, `module.exports = '${name} ${version}';\n`]));

const home = makeHome();
const made = mkdtempSync(path.join(os.tmpdir(), 'nopar-import-'));
const verdaccio = path.join(made, 'verdaccio');
if (values.full) {
  await check('Verdaccio makes a storage', () => makeStorage(verdaccio));
} else {
  cpSync(FROZEN, verdaccio, { recursive: true });
}
mkdirSync(path.join(home.root, 'registry'), { recursive: true });
const registry = await startDated({ '1.0.0': new Date() });
const nopar = await check('NOPAR starts', () => startNopar(home, registry.url, { NOPAR_AUTH: 'users' }));
if (nopar) {
  await check('all that was published there is imported beside a NOPAR that serves', () =>
    runNopar(home, ['import', 'verdaccio', '--owner', 'ann', verdaccio], ''));
  for (const [name, version] of Object.entries(NEWEST)) {
    await check(`${name} has the bytes that it had`, () => compare(name, version));
  }
  await check('the user logs in with the password of before', logIn);
  const client = chosenClients([]).find(({ name }) => name === 'npm-11');
  const trap = await startTrap();
  const project = new Project(client, made, nopar.url, trap.env);
  await check('npm installs it', async () => {
    await installAll(project, client, DEPENDENCIES);
    expectInstalled(project, TEXTS);
  });
  await project.remove();
  await trap.stop();
  await check('a second run has nothing to do', () =>
    runNopar(home, ['import', 'verdaccio', '--owner', 'ann', verdaccio], ''));
  await check('NOPAR stops when told to', async () => {
    const { code } = await nopar.stop();
    expect(code === 0, `it ended with ${code}\n${nopar.log.slice(-2000)}`);
  });
}
await registry.stop();
home.remove();
rmSync(made, { recursive: true, force: true });
close();

async function compare(name, version) {
  const document = await (await fetch(new URL(name.replace('/', '%2f'), nopar.url))).json();
  const folder = path.join(verdaccio, 'storage', name);
  const theirs = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  const file = `${name.split('/').at(-1)}-${version}.tgz`;
  const sent = Buffer.from(await (await fetch(document.versions[version].dist.tarball)).arrayBuffer());
  expect(sent.equals(readFileSync(path.join(folder, file))), `${file} has other bytes`);
  for (const [published, manifest] of Object.entries(document.versions)) {
    const { dist, deprecated } = theirs.versions[published];
    expect(manifest.dist.integrity === dist.integrity, `${published} has another digest`);
    expect(manifest.deprecated === deprecated, `${published} is deprecated otherwise`);
    expect(document.time[published] === theirs.time[published], `${published} has another time`);
  }
  for (const [tag, to] of Object.entries(theirs['dist-tags']).filter(([, to]) => document.versions[to])) {
    expect(document['dist-tags'][tag] === to, `the tag ${tag} points elsewhere`);
  }
}

async function logIn() {
  const body = JSON.stringify({ name: 'ann', password: passwordOf('ann') });
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(new URL('-/user/org.couchdb.user:ann', nopar.url), { method: 'PUT', headers, body });
  expect(answer.status === 201, `the answer was ${answer.status}`);
}
