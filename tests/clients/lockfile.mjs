// The download addresses in the clients' lock files.
// Knows nothing of how a lock file came to be, nor of its format beyond where addresses are.

/** A tarball's URL, wherever it is written. */
const TARBALL_URL = /https?:\/\/[^\s"'#,{}]+\.tgz/g;

/** What follows a key that says where a package came from: npm's and yarn 1's, deno's and pnpm's, yarn 4's. */
const KEYED = [/\bresolved"?:? "([^"#]+)/g, /\btarball"?: ?["']?([^\s"',}]+)/g, /__archiveUrl=([^\s"]+)/g];

/** Every download address in a lock file, each once. */
export function addressesIn(text) {
  const keyed = KEYED.flatMap((key) => [...text.matchAll(key)].map(([, address]) => address));
  return [...new Set([...text.match(TARBALL_URL) ?? [], ...keyed])];
}

/**
 * The addresses in a lock file that are not under `registry`. `hasAddresses`: whether its client
 * records any; one that does not, where all tarballs are canonical, must have recorded none.
 */
export function foreignAddresses(text, registry, hasAddresses) {
  const addresses = addressesIn(text);
  if (!hasAddresses) return addresses;
  if (addresses.length === 0) throw new Error('there is no address in the lock file');
  return addresses.filter((address) => !address.startsWith(registry));
}
