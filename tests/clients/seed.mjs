// Package managers install what was published to an older NOPAR, out of a copy of its directory that is opened as it
// lies: npm, and with `--full` all of them; names of clients choose among them.
// Knows nothing of what else is in such a directory (`tests/it/publish/seed.rs`): it looks at what is installed, at the
// files of the directory, and at what was asked of the registry behind.

import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { isDeepStrictEqual, parseArgs } from 'node:util';

import { Project } from './client.mjs';
import { chosenClients, eachClient } from './clients.mjs';
import { expectInstalled, installAll } from './consumer.mjs';
import { startDated } from './dated.mjs';
import { makeHome, startNopar } from './nopar.mjs';
import { check, close, expect, expectNone } from './report.mjs';
import { startTrap } from './trap.mjs';

const { values, positionals } = parseArgs({ options: { full: { type: 'boolean' } }, allowPositionals: true });

const SEED = path.resolve(import.meta.dirname, '../fixtures/seed/0.9');
/** A version whose file has the usual name, and one whose file has an odd one. */
const DEPENDENCIES = { '@s/bar': '1.0.0', foo: '^1.0.0' };
const TEXTS = { '@s/bar': "module.exports = '@s/bar 1.0.0';\n", foo: "module.exports = 'foo 1.1.0';\n" };

const registry = await startDated({ '1.0.0': new Date() });
const home = makeHome();
const empty = mkdtempSync(path.join(os.tmpdir(), 'nopar-seed-'));
const directory = path.join(home.root, 'registry');
cpSync(SEED, directory, { recursive: true });
const before = contents(directory);
const nopar = await check('NOPAR starts', () => startNopar(home, registry.url, {}, ['--ignore-saved-settings']));
if (nopar) {
  await eachClient(chosenClients(positionals).filter(isTried), tryClient);
  await check('the upstream was not asked for what is hosted', () => {
    const paths = registry.requests.map(({ request }) => decodeURIComponent(request));
    expectNone(paths.filter((each) => Object.keys(DEPENDENCIES).some((name) => each.includes(` /${name}`))), 'it was');
  });
  await check('NOPAR stops when told to', async () => {
    const { code } = await nopar.stop();
    expect(code === 0, `it ended with ${code}\n${nopar.log.slice(-2000)}`);
  });
  await check('the directory is as it was, but for signatures', () => {
    expect(isDeepStrictEqual(unsigned(contents(directory)), unsigned(before)), 'it is not');
  });
}
await registry.stop();
home.remove();
rmSync(empty, { recursive: true });
close();

function isTried({ name }) {
  return values.full || name.startsWith('npm-');
}

async function tryClient(client) {
  const trap = await startTrap();
  const project = new Project(client, empty, nopar.url, trap.env);
  await check(`${client.name}: install of packages of old`, async () => {
    await installAll(project, client, DEPENDENCIES);
    expectInstalled(project, TEXTS);
  });
  await project.remove();
  await check(`${client.name}: no request left the machine`, () => expectNone(trap.caught, 'these did'));
  await trap.stop();
}

/** The same files without NOPAR's own, and documents without what a signature adds to them. */
function unsigned(files) {
  const others = Object.entries(files).filter(([file]) => !path.relative(directory, file).startsWith('.nopar'));
  return Object.fromEntries(others.map(([file, bytes]) => [file, file.endsWith('.json') ? bare(JSON.parse(bytes)) : bytes]));
}

/** A document whose versions have no signatures, nor digests that the tarballs were not published with. */
function bare(document) {
  for (const { dist } of Object.values(document.versions ?? {})) {
    delete dist.signatures;
    // What is signed; who has only a SHA-1 is given one.
    delete dist.integrity;
  }
  return document;
}

/** The files below a directory, path → bytes. */
function contents(top) {
  const paths = readdirSync(top, { recursive: true }).map((below) => path.join(top, below));
  const files = paths.filter((each) => statSync(each).isFile());
  return Object.fromEntries(files.map((file) => [file, readFileSync(file, 'latin1')]));
}
