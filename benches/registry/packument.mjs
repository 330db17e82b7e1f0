// Packuments of an exact size, as realistic as it matters to who parses, abbreviates and compresses them.
// Knows nothing of files or servers.

import { gzipSync } from 'node:zlib';

import { Random } from './random.mjs';
import { phrase, prose } from './words.mjs';

/** Stands where the upstream puts its own origin; as long as no real host has this name. */
export const ORIGIN = 'http://registry.example';

/** So many versions tell how long a version is. */
const SAMPLE = 40;

/**
 * A packument has a readme of this share of it, up to the longest, but never less than the least and
 * the spare share: the readme makes up for versions that turn out longer than those of the sample.
 */
const README = { share: 0.05, longest: 60_000, least: 200, spareShare: 0.01 };

const DAY_MS = 86_400_000;
const FIRST_RELEASE = Date.UTC(2014, 0, 1);

/** Where the tarball of a version is. */
export function tarballPath(name, version) {
  return `/${name}/-/${name.split('/').at(-1)}-${version}.tgz`;
}

/** `count` versions, oldest first, spread over the majors from 1 to `major`. */
export function versionNumbers(major, count) {
  const perMajor = Math.ceil(count / major);
  return Array.from({ length: count }, (_, at) => {
    const fromEnd = count - 1 - at;
    const inMajor = perMajor - 1 - (fromEnd % perMajor);
    return `${major - Math.floor(fromEnd / perMajor)}.${Math.floor(inMajor / 10)}.${inMajor % 10}`;
  });
}

/**
 * What is the same for all versions of a package: `described(spec)`, where `spec` has its `name`,
 * `dependencies` and `devDependencies`.
 */
export function described(spec, seed) {
  const random = new Random(`${seed} packument ${spec.name}`);
  const plain = spec.name.replace(/^@/, '').replace('/', '-');
  const author = { name: phrase(random, 2), email: `${plain}@people.example` };
  const sources = `https://git.example/${spec.name.replace(/^@/, '')}`;
  return {
    name: spec.name,
    description: phrase(random, 6 + random.below(10)),
    keywords: phrase(random, 4 + random.below(8)).split(' '),
    homepage: `${sources}#readme`,
    bugs: { url: `${sources}/issues` },
    license: random.pick(['MIT', 'ISC', 'Apache-2.0', 'BSD-3-Clause']),
    author,
    main: 'index.js',
    repository: { type: 'git', url: `git+${sources}.git` },
    engines: { node: '>=10' },
    scripts: { test: `node --test ${plain}`, build: 'tsc -p .', lint: 'eslint --max-warnings 0 .', prepack: 'npm run build' },
    dependencies: spec.dependencies,
    devDependencies: spec.devDependencies,
    maintainers: Array.from({ length: 1 + random.below(4) }, (_, at) => ({ name: `${plain}-${at}`, email: `${plain}-${at}@people.example` })),
    files: phrase(random, 3).split(' '),
  };
}

/** The package.json that is in the tarball of a version. */
export function packageJson(description, version) {
  const { name, license, dependencies } = description;
  return { name, version, license, dependencies };
}

/** One version's manifest; `dist` has the digests and the size of a tarball that exists, if it does. */
function manifest(description, version, random, dist) {
  const { name, dependencies, devDependencies } = description;
  const made = dist ? undefined : random.bytes(84);
  // Older versions needed less: what a version leaves out makes it differ from the one before.
  const left = dist ? undefined : random.pick(Object.keys(devDependencies));
  const { [left]: _, ...needed } = devDependencies;
  return {
    ...description,
    version,
    dependencies,
    devDependencies: needed,
    gitHead: random.bytes(20).toString('hex'),
    _id: `${name}@${version}`,
    _nodeVersion: '20.11.1',
    _npmVersion: '10.2.4',
    dist: {
      integrity: dist?.integrity ?? `sha512-${made.subarray(0, 64).toString('base64')}`,
      shasum: dist?.shasum ?? made.subarray(64).toString('hex'),
      tarball: ORIGIN + tarballPath(name, version),
      fileCount: 2 + random.below(200),
      unpackedSize: dist?.bytes ?? 1000 + random.below(1e6),
      signatures: [{ keyid: 'SHA256:jl3bwswu80PjjokCgh0o2w5c2U4LhQAE57gj9cz1kzA', sig: random.bytes(71).toString('base64') }],
    },
    _npmUser: description.maintainers[random.below(description.maintainers.length)],
    directories: {},
    _npmOperationalInternal: { host: 's3://npm-registry-packages', tmp: `tmp/${name}_${version}_${1e12 + random.below(1e12)}` },
    _hasShrinkwrap: false,
  };
}

/** A packument's parts: the text of each version's manifest, and of its entry in `time`. */
function versionsOf(description, spec, versions, seed) {
  const random = new Random(`${seed} versions ${spec.name}`);
  return versions.map((version, at) => ({
    version,
    manifest: `"${version}":${JSON.stringify(manifest(description, version, random, spec.dists?.get(version)))}`,
    time: `"${version}":"${new Date(FIRST_RELEASE + at * DAY_MS * 0.37).toISOString()}"`,
  }));
}

/** The whole text, with a readme of `readme` characters. */
function assembled(description, parts, readme, seed) {
  const { name } = description;
  const stamp = (at) => parts.at(at).time.split('":')[1];
  const head = JSON.stringify({ _id: name, _rev: `${parts.length}-${new Random(`${seed} rev ${name}`).bytes(16).toString('hex')}`, name, 'dist-tags': { latest: parts.at(-1).version } });
  const { maintainers, keywords, repository, bugs, homepage, license, author } = description;
  const tail = JSON.stringify({ maintainers, description: description.description, keywords, repository, bugs, homepage, license, author, readmeFilename: 'README.md' });
  return `${head.slice(0, -1)},"versions":{${parts.map((part) => part.manifest).join(',')}},`
    + `"time":{"created":${stamp(0)},"modified":${stamp(-1)},${parts.map((part) => part.time).join(',')}},`
    + `${tail.slice(1, -1)},"readme":"${prose(new Random(`${seed} readme ${name}`), readme)}"}`;
}

/** Bytes per version of a package, and those it has whatever their number. */
function measured(description, spec, seed) {
  const parts = versionsOf(description, spec, versionNumbers(spec.major, SAMPLE), seed);
  const perVersion = parts.reduce((sum, part) => sum + part.manifest.length + part.time.length + 2, 0) / SAMPLE;
  return { perVersion, fixed: assembled(description, parts, 0, seed).length - perVersion * SAMPLE };
}

/** How many versions fill a packument of `bytes`, so that room for a readme is left. */
export function versionCount(description, spec, bytes, seed) {
  const { perVersion, fixed } = measured(description, spec, seed);
  const readme = Math.max(README.least, bytes * README.spareShare, Math.min(bytes * README.share, README.longest));
  return Math.max(1, Math.floor((bytes - fixed - readme) / perVersion));
}

/**
 * The text of a packument: of exactly `bytes` bytes, or, without that, with a short readme.
 * `spec`: `{ name, major, versions, dists }`; `dists`, if any: version → `{ integrity, shasum, bytes }`.
 */
export function packumentText(description, spec, seed, bytes) {
  const parts = versionsOf(description, spec, spec.versions, seed);
  const bare = assembled(description, parts, 0, seed).length;
  const readme = bytes === undefined ? README.least : bytes - bare;
  if (readme < 0) throw new Error(`${spec.name}: ${parts.length} versions are ${-readme} bytes more than ${bytes}`);
  return assembled(description, parts, readme, seed);
}

/** What npm's install form keeps of a manifest: enough of it to tell how long that form is. */
const KEPT = ['name', 'version', 'dependencies', 'devDependencies', 'engines', 'directories', 'dist', '_hasShrinkwrap'];

/** The length of the gzipped abbreviated form of a packument. */
export function abbreviatedGzipLength(text) {
  const { name, time, versions, 'dist-tags': tags } = JSON.parse(text);
  const kept = Object.entries(versions).map(([version, full]) => [version, Object.fromEntries(KEPT.map((key) => [key, full[key]]))]);
  return gzipSync(JSON.stringify({ name, 'dist-tags': tags, modified: time.modified, time, versions: Object.fromEntries(kept) })).length;
}
