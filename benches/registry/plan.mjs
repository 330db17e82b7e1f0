// Which packages a synthetic registry has: names, sizes, and who depends on whom.
// Knows nothing of the bytes that follow from it.

import { Random } from './random.mjs';
import { KB, MB, PACKUMENT_SIZES, sizes, TARBALL_SIZES } from './sizes.mjs';
import { packageName } from './words.mjs';

/** A small registry leaves out what is above this quantile, and the packages of named sizes. */
const SMALL_UP_TO = 0.9;

/** Of this many packages one belongs to the closure that is installed, unless it is an extreme one. */
const CLOSURE_SHARE = 3;

/** One package in a hundred is longer than these; an install with the longest of all says little of others. */
const EXTREME = { packument: 2 * MB, tarball: 2 * MB };

/** The closure's first packages: what the project to install depends on itself. */
const ROOTS = 12;

/**
 * A package is needed by one of so many before it, so that the tree is deep; and only one in so many needs
 * others, as most packages of a real tree need none: npm asks for what one package needs at once.
 */
const REACH = 60;
const HUB = 5;

/** Packuments of a size that benchmarks name: by bytes, or by those of the gzipped abbreviated form. */
const NAMED_PACKUMENTS = [
  { name: 'bench-packument-5k', gzipped: 5 * KB },
  { name: 'bench-packument-40k', gzipped: 40 * KB },
  { name: 'bench-packument-700k', gzipped: 700 * KB },
  { name: 'bench-packument-3m', bytes: 3 * MB },
];

/** Those that are made only when asked for: many large ones at once are a test of memory. */
const LARGE_PACKUMENTS = Array.from({ length: 20 }, (_, at) => ({ name: `bench-packument-20m-${String(at).padStart(2, '0')}`, bytes: 20 * MB }));

const NAMED_TARBALLS = [['10k', 10 * KB], ['300k', 300 * KB], ['1m', MB], ['5m', 5 * MB], ['40m', 40 * MB]];

/**
 * The packages, each `{ name, role, major, bytes | gzipped, dependencies, devDependencies, tarballs }`:
 * `role` is `fleet` or `bench`, `tarballs` the sizes of the tarballs that exist, the latest version's
 * first. And `roots`: what a project depends on to need all of the `closure` (names).
 */
export function makePlan({ packages, seed, large, small }) {
  const random = new Random(`${seed} plan`);
  const upTo = small ? SMALL_UP_TO : 1;
  const names = uniqueNames(random, packages);
  const bytes = random.shuffled(sizes(PACKUMENT_SIZES, packages, upTo));
  const fleet = names.map((name, at) => ({ name, role: 'fleet', major: 1 + random.below(9), bytes: bytes[at] }));
  dealTarballs(fleet, random, upTo);
  const { roots, closure } = connect(fleet, random);
  return { packages: small ? fleet : [...fleet, ...namedPackages(fleet, random, large)], roots, closure };
}

function uniqueNames(random, count) {
  const names = new Set();
  while (names.size < count) {
    const name = packageName(random);
    names.add(names.has(name) ? `${name}-${names.size}` : name);
  }
  return [...names];
}

/** Gives each package its dependencies; the closure's and the others' are kept apart. */
function connect(fleet, random) {
  for (const each of fleet) each.dependencies = {};
  const isInstalled = (each, at) => at % CLOSURE_SHARE === 0 && each.bytes <= EXTREME.packument && each.tarballs[0] <= EXTREME.tarball;
  const closure = fleet.filter(isInstalled);
  const others = fleet.filter((each, at) => !isInstalled(each, at));
  for (const group of [closure, others]) {
    group.forEach((each, at) => {
      if (at < ROOTS) return;
      const parents = 1 + (random.next() < 0.3 ? 1 : 0);
      for (let n = 0; n < parents; n += 1) {
        const near = Math.max(0, at - REACH) + random.below(Math.min(at, REACH));
        const parent = group[near - (near % HUB)];
        parent.dependencies[each.name] = range(each);
      }
    });
  }
  for (const each of fleet) each.devDependencies = wanted(fleet, random, devDependencyCount(random, each.bytes));
  const roots = Object.fromEntries(closure.slice(0, ROOTS).map((each) => [each.name, range(each)]));
  return { roots, closure: closure.map(({ name }) => name) };
}

/** Every package's latest version has its last major number: the range always means that one. */
const range = (each) => `^${each.major}.0.0`;

/** Packages with a long packument have many; the shortest packument has no room for any. */
function devDependencyCount(random, bytes) {
  if (bytes < 10 * KB) return 0;
  return bytes < 30 * KB ? random.below(5) : 6 + random.below(20);
}

function wanted(fleet, random, count) {
  return Object.fromEntries(Array.from({ length: count }, () => random.pick(fleet)).map((each) => [each.name, range(each)]));
}

/** One tarball for each package, and two for every other one that is sure to have two versions. */
function dealTarballs(fleet, random, upTo) {
  for (const [at, each] of fleet.entries()) each.tarballs = new Array(at % 2 === 0 && each.bytes > 12 * KB ? 2 : 1).fill(0);
  const count = fleet.reduce((sum, each) => sum + each.tarballs.length, 0);
  const dealt = random.shuffled(sizes(TARBALL_SIZES, count, upTo));
  for (const each of fleet) each.tarballs = each.tarballs.map(() => dealt.pop());
}

function namedPackages(fleet, random, large) {
  const packuments = [...NAMED_PACKUMENTS, ...(large ? LARGE_PACKUMENTS : [])];
  const named = packuments.map((each) => ({ ...each, tarballs: [KB], devDependencies: wanted(fleet, random, 12) }));
  for (const [label, size] of NAMED_TARBALLS) {
    named.push({ name: `bench-tarball-${label}`, bytes: 12 * KB, tarballs: [size], devDependencies: {} });
  }
  return named.map((each) => ({ role: 'bench', major: 3, dependencies: {}, ...each }));
}
