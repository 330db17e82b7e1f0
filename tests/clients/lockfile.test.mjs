// What lockfile.mjs finds in lock files, tree.mjs in what is installed, and tools.mjs makes of
// Node's versions.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';

import { addressesIn, foreignAddresses } from './lockfile.mjs';
import { isRecent } from './tools.mjs';
import { installed, tarballPath } from './tree.mjs';

const REGISTRY = 'http://127.0.0.1:1/';

// One line of each client's lock file, and the addresses in it.
const LINES = [
  ['      "resolved": "http://127.0.0.1:1/a/-/a-1.0.0.tgz",', ['http://127.0.0.1:1/a/-/a-1.0.0.tgz']],
  ['      "resolved": "https://registry.example/download/a/1",', ['https://registry.example/download/a/1']],
  ['  resolved "http://127.0.0.1:1/@s/b/-/b-1.0.0.tgz#0123abcd"', ['http://127.0.0.1:1/@s/b/-/b-1.0.0.tgz']],
  ['    resolution: {integrity: sha512-x==, tarball: https://registry.example/a.tgz}', ['https://registry.example/a.tgz']],
  ['    resolution: {integrity: sha512-x==}', []],
  ['    deprecated: see https://registry.example/why', []],
  ['  resolution: "a@npm:1.0.0::__archiveUrl=https%3A%2F%2Fregistry.example%2Fa"', ['https%3A%2F%2Fregistry.example%2Fa']],
  ['  resolution: "a@npm:1.0.0"', []],
  ['    "a": ["a@1.0.0", "http://127.0.0.1:1/a/-/a-1.0.0.tgz", {}, "sha512-x=="],', ['http://127.0.0.1:1/a/-/a-1.0.0.tgz']],
  ['      "tarball": "https://registry.example/download/a/1"', ['https://registry.example/download/a/1']],
  ['      "funding": { "url": "https://registry.example/give" }', []],
];

for (const [line, addresses] of LINES) {
  test(`addresses in ${line.trim()}`, () => assert.deepEqual(addressesIn(line), addresses));
}

test('an address elsewhere is foreign, and so is any address where there should be none', () => {
  const own = '"resolved": "http://127.0.0.1:1/a/-/a-1.0.0.tgz"';
  const other = '"resolved": "http://127.0.0.1:12/a/-/a-1.0.0.tgz"';
  assert.deepEqual(foreignAddresses(own, REGISTRY, true), []);
  assert.deepEqual(foreignAddresses(other, REGISTRY, true), ['http://127.0.0.1:12/a/-/a-1.0.0.tgz']);
  assert.deepEqual(foreignAddresses(own, REGISTRY, false), ['http://127.0.0.1:1/a/-/a-1.0.0.tgz']);
});

test('a lock file that should have addresses and has none is refused', () => {
  assert.throws(() => foreignAddresses('{}', REGISTRY, true), /no address/);
});

test('packages are found in every layout, links are not followed', (t) => {
  const root = mkdtempSync(path.join(os.tmpdir(), 'nopar-tree-'));
  t.after(() => rmSync(root, { recursive: true }));
  const place = (directory, name, version) => {
    mkdirSync(path.join(root, directory), { recursive: true });
    writeFileSync(path.join(root, directory, 'package.json'), JSON.stringify({ name, version }));
  };
  place('a', 'a', '1.0.0');
  place('a/node_modules/@s/b', '@s/b', '2.0.0');
  place('@s/b', '@s/b', '1.0.0');
  place('alias', 'c', '1.0.0');
  place('.pnpm/d@1.0.0_a@1.0.0/node_modules/d', 'd', '1.0.0');
  place('.deno/e@1.0.0/node_modules/e', 'e', '1.0.0');
  place('.bin/never', 'never', '1.0.0');
  mkdirSync(path.join(root, '.pnpm/d@1.0.0_a@1.0.0/node_modules/x'));
  symlinkSync('.pnpm/d@1.0.0_a@1.0.0/node_modules/d', path.join(root, 'd'));
  writeFileSync(path.join(root, '.pnpm/lock.yaml'), '');
  assert.deepEqual(installed(root), ['@s/b@1.0.0', '@s/b@2.0.0', 'a@1.0.0', 'c@1.0.0', 'd@1.0.0', 'e@1.0.0']);
  assert.deepEqual(installed(path.join(root, 'missing')), []);
});

test('tarballs have canonical paths', () => {
  assert.equal(tarballPath('express@4.21.2'), '/express/-/express-4.21.2.tgz');
  assert.equal(tarballPath('@babel/core@7.28.4-rc.1'), '/@babel/core/-/core-7.28.4-rc.1.tgz');
});

test('npm 12 runs on some versions of Node and not on others', () => {
  const versions = ['20.20.2', '22.22.1', '22.22.2', '23.9.0', '24.14.9', '24.15.0', '25.1.0', '26.0.0', '27.1.0'];
  const recent = versions.filter(isRecent);
  assert.deepEqual(recent, ['22.22.2', '24.15.0', '26.0.0', '27.1.0']);
});
