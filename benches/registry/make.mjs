// Writes a synthetic registry: the same bytes for the same arguments, on any machine, without a download.
//   node benches/registry/make.mjs DIR [--packages N] [--seed S] [--large] [--small]
// Knows nothing of who serves it.

import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { abbreviatedGzipLength, described, packageJson, packumentText, tarballPath, versionCount, versionNumbers } from './packument.mjs';
import { makePlan } from './plan.mjs';
import { Random } from './random.mjs';
import { digests, makeTarball } from './tarball.mjs';

/** Counts up when the same arguments come to mean other bytes: what was made before is made anew. */
const FORMAT = 4;

const DEFAULTS = { packages: 1000, seed: 'nopar', large: false, small: false };

/** How near a packument comes to the gzipped length it is to have, and in how many tries. */
const NEAR = { share: 0.03, tries: 6 };

/**
 * Makes the registry in `dir`, unless just this one is there, and returns what `registry.json` says.
 * `large` adds twenty packuments of 20 MB; `small` leaves out everything that takes long, for tests.
 */
export function makeRegistry(dir, options = {}) {
  const chosen = { ...DEFAULTS, ...options };
  const { seed } = chosen;
  const arguments_ = { format: FORMAT, ...chosen };
  const there = readRegistry(dir);
  if (there && JSON.stringify(there.arguments) === JSON.stringify(arguments_)) return there;
  // What is made in place of another registry must not be taken for it half-way.
  rmSync(path.join(dir, 'registry.json'), { force: true });
  for (const each of ['packuments', 'tarballs']) {
    rmSync(path.join(dir, each), { recursive: true, force: true });
    mkdirSync(path.join(dir, each), { recursive: true });
  }
  const plan = makePlan(chosen);
  const made = plan.packages.map((each) => makePackage(dir, each, seed));
  const registry = { arguments: arguments_, roots: plan.roots, closure: plan.closure, packages: made };
  // Last, and by a rename: who finds it finds all of it.
  writeFileSync(path.join(dir, 'registry.tmp'), JSON.stringify(registry));
  renameSync(path.join(dir, 'registry.tmp'), path.join(dir, 'registry.json'));
  return registry;
}

/** What `registry.json` in `dir` says; nothing if there is none. */
export function readRegistry(dir) {
  try {
    return JSON.parse(readFileSync(path.join(dir, 'registry.json'), 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function makePackage(dir, spec, seed) {
  const description = described(spec, seed);
  const count = spec.gzipped ? countForGzipped(description, spec, seed) : versionCount(description, spec, spec.bytes, seed);
  const versions = versionNumbers(spec.major, count);
  // A lock file names the latest version, and sometimes one a little older beside it.
  const existing = [versions.at(-1), ...(count > 1 ? [versions[Math.floor((count - 1) * 0.8)]] : [])];
  const file = spec.name.replace('/', '+');
  const dists = new Map();
  const tarballs = spec.tarballs.slice(0, existing.length).map((bytes, at) => {
    const version = existing[at];
    const tarball = makeTarball(packageJson(description, version), bytes, new Random(`${seed} tarball ${spec.name} ${version}`));
    const dist = { ...digests(tarball), bytes };
    dists.set(version, dist);
    const name = path.join('tarballs', `${file}-${version}.tgz`);
    writeFileSync(path.join(dir, name), tarball);
    return { version, path: tarballPath(spec.name, version), file: name, bytes, integrity: dist.integrity };
  });
  const text = packumentText(description, { ...spec, versions, dists }, seed, spec.bytes);
  const packument = path.join('packuments', `${file}.json`);
  writeFileSync(path.join(dir, packument), text);
  return { name: spec.name, role: spec.role, packument, packumentBytes: text.length, versions, latest: versions.at(-1), tarballs };
}

/** How many versions make the abbreviated form as long, gzipped, as it is to be. */
export function countForGzipped(description, spec, seed) {
  let count = 10;
  for (let tries = 0; tries < NEAR.tries; tries += 1) {
    const text = packumentText(description, { ...spec, versions: versionNumbers(spec.major, count) }, seed);
    const length = abbreviatedGzipLength(text);
    if (Math.abs(length / spec.gzipped - 1) < NEAR.share) break;
    count = Math.max(1, Math.round(count * spec.gzipped / length));
  }
  return count;
}

function summary({ packages }) {
  const sum = (list) => list.reduce((total, each) => total + each, 0);
  const fleet = packages.filter(({ role }) => role === 'fleet');
  const tarballs = fleet.flatMap((each) => each.tarballs.map(({ bytes }) => bytes));
  const mb = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
  return `${fleet.length} packages, ${mb(sum(fleet.map(({ packumentBytes }) => packumentBytes)))} of packuments, `
    + `${tarballs.length} tarballs of ${mb(sum(tarballs))}; and ${packages.length - fleet.length} named ones`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values, positionals } = parseArgs({
    options: { packages: { type: 'string' }, seed: { type: 'string' }, large: { type: 'boolean' }, small: { type: 'boolean' } },
    allowPositionals: true,
  });
  if (positionals.length !== 1) throw new Error('usage: make.mjs DIR [--packages N] [--seed S] [--large] [--small]');
  const { packages, ...rest } = values;
  console.log(summary(makeRegistry(positionals[0], { ...rest, ...(packages && { packages: Number(packages) }) })));
}
