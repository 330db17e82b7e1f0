// The synthetic registry: the same each time, of the sizes it promises, and right in itself.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { after, before } from 'node:test';

import { countForGzipped, makeRegistry } from './make.mjs';
import { abbreviatedGzipLength, described, packumentText, versionNumbers } from './packument.mjs';
import { makePlan } from './plan.mjs';
import { Random } from './random.mjs';
import { PACKUMENT_SIZES, sizeAt, sizes, TARBALL_SIZES } from './sizes.mjs';
import { makeTarball } from './tarball.mjs';

const SMALL = { packages: 24, seed: 'test', small: true };

let root;
let registry;
before(() => {
  root = mkdtempSync(path.join(os.tmpdir(), 'nopar-registry-'));
  registry = makeRegistry(path.join(root, 'one'), SMALL);
});
after(() => rmSync(root, { recursive: true, force: true }));

const read = (file) => readFileSync(path.join(root, 'one', file));

test('the same arguments make the same bytes', () => {
  makeRegistry(path.join(root, 'two'), SMALL);
  const digest = (dir) => {
    const hash = createHash('sha256');
    const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
    for (const file of files.map((each) => path.join(each.parentPath ?? each.path, each.name)).sort()) {
      hash.update(path.relative(dir, file)).update(readFileSync(file));
    }
    return hash.digest('hex');
  };
  assert.equal(digest(path.join(root, 'one')), digest(path.join(root, 'two')));
});

test('another seed makes other bytes', () => {
  const names = ({ packages }) => packages.filter(({ role }) => role === 'fleet').map(({ name }) => name);
  const other = makePlan({ packages: SMALL.packages, seed: 'another', small: true });
  assert.notDeepEqual(names(other), names(registry));
});

test('every packument has the length that is said, and is JSON that names all of its versions', () => {
  for (const each of registry.packages) {
    const bytes = read(each.packument);
    assert.equal(bytes.length, each.packumentBytes);
    const packument = JSON.parse(bytes);
    assert.equal(packument.name, each.name);
    assert.equal(packument['dist-tags'].latest, each.latest);
    assert.deepEqual(Object.keys(packument.versions), each.versions);
    assert.deepEqual(Object.keys(packument.time).slice(2), each.versions);
  }
});

test('every tarball has the length and the digests that its packument says', () => {
  for (const each of registry.packages) {
    const { versions } = JSON.parse(read(each.packument));
    assert.equal(each.tarballs[0].version, each.latest);
    for (const { version, path: at, file, bytes, integrity } of each.tarballs) {
      const tarball = read(file);
      const { dist } = versions[version];
      assert.equal(tarball.length, bytes);
      assert.equal(dist.tarball, `http://registry.example${at}`);
      assert.equal(dist.integrity, `sha512-${createHash('sha512').update(tarball).digest('base64')}`);
      assert.equal(dist.integrity, integrity);
      assert.equal(dist.shasum, createHash('sha1').update(tarball).digest('hex'));
    }
  }
});

test('a tarball unpacks, whatever its size', () => {
  const tarballs = registry.packages.flatMap(({ name, tarballs: all }) => all.map((each) => ({ name, ...each })));
  const shown = [...tarballs].sort((a, b) => a.bytes - b.bytes);
  for (const each of [shown[0], shown[Math.floor(shown.length / 2)], shown.at(-1)]) {
    const json = execFileSync('tar', ['xzOf', path.join(root, 'one', each.file), 'package/package.json']);
    const { name, version } = JSON.parse(json);
    assert.deepEqual({ name, version }, { name: each.name, version: each.version });
  }
});

test('named sizes are exact', () => {
  const { packages } = makePlan({ ...SMALL, small: false });
  const of = (name) => packages.find((each) => each.name === name);
  assert.equal(of('bench-packument-3m').bytes, 3_000_000);
  assert.deepEqual(['10k', '300k', '1m', '5m', '40m'].map((label) => of(`bench-tarball-${label}`).tarballs[0]), [1e4, 3e5, 1e6, 5e6, 4e7]);
  for (const size of [600, 4_000, 4_001, 300_000]) {
    assert.equal(makeTarball({ name: 'a', version: '1.0.0' }, size, new Random('a')).length, size);
  }
});

test('a packument whose gzipped abbreviated form is to have a length has about that', () => {
  const { packages } = makePlan({ ...SMALL, small: false });
  for (const each of packages.filter(({ gzipped }) => gzipped < 50_000)) {
    near(abbreviatedGzipLength(namedText(each)), each.gzipped);
  }
});

function namedText(spec) {
  const description = described(spec, 'test');
  return packumentText(description, { ...spec, versions: versionNumbers(spec.major, countForGzipped(description, spec, 'test')) }, 'test');
}

test('large packuments are made only when asked for', () => {
  const count = (large) => makePlan({ packages: 20, seed: 's', large }).packages.filter(({ name }) => name.startsWith('bench-packument-20m')).length;
  assert.deepEqual([count(false), count(true)], [0, 20]);
});

test('quantiles and totals are near the stated ones', () => {
  assert.deepEqual([0.5, 0.95, 1].map((q) => sizeAt(PACKUMENT_SIZES, q)), [32_000, 440_000, 21_000_000]);
  assert.deepEqual([0.5, 0.95, 1].map((q) => sizeAt(TARBALL_SIZES, q)), [7_000, 190_000, 44_000_000]);
  const { packages } = makePlan({ packages: 1000, seed: 'nopar', large: false });
  const fleet = packages.filter(({ role }) => role === 'fleet');
  const sum = (list) => list.reduce((total, each) => total + each, 0) / 1e6;
  near(sum(fleet.map(({ bytes }) => bytes)), 190);
  near(sum(fleet.flatMap(({ tarballs }) => tarballs)), 145);
  const listed = sizes(TARBALL_SIZES, 1001);
  near(listed[500], 7_000);
  near(listed[950], 190_000);
});

function near(value, wanted) {
  assert.ok(Math.abs(value / wanted - 1) < 0.05, `${value} is not near ${wanted}`);
}

test('versions rise, and the last has the wanted major number', () => {
  for (const [major, count] of [[1, 1], [6, 1], [3, 50], [9, 9700], [5, 7]]) {
    const versions = versionNumbers(major, count).map((each) => each.split('.').map(Number));
    assert.equal(versions.length, count);
    assert.equal(versions.at(-1)[0], major);
    versions.slice(1).forEach((each, at) => assert.ok(compare(versions[at], each) < 0, `${versions[at]} before ${each}`));
    assert.ok(versions[0][0] >= 1);
  }
});

function compare(a, b) {
  const at = a.findIndex((number, index) => number !== b[index]);
  return at < 0 ? 0 : a[at] - b[at];
}

test('every dependency of a latest version is there, and the roots need all of the closure', () => {
  const { packages, roots, closure } = makePlan({ packages: 300, seed: 'nopar', large: false });
  const byName = new Map(packages.map((each) => [each.name, each]));
  const reached = new Set();
  const reach = (dependencies) => {
    for (const [name, range] of Object.entries(dependencies)) {
      assert.equal(range, `^${byName.get(name).major}.0.0`);
      if (reached.has(name)) continue;
      reached.add(name);
      reach(byName.get(name).dependencies);
    }
  };
  reach(roots);
  assert.deepEqual([...reached].sort(), [...closure].sort());
  assert.ok(closure.length > 90 && closure.length <= 100, `${closure.length} packages`);
});
