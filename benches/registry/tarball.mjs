// Tarballs of an exact size that unpack: a package.json, and bytes that do not compress.
// Knows nothing of packuments.

import { createHash } from 'node:crypto';
import { constants, gzipSync } from 'node:zlib';

const BLOCK = 512;

/** Of a gzip file's head: its flags, and the flag for a comment. */
const FLAGS_AT = 3;
const HAS_COMMENT = 0x10;
const HEAD_LENGTH = 10;

/** What a tar and a gzip file of stored blocks take beside the data, and something to spare. */
const frameLength = (data) => 5 * BLOCK + 64 + Math.ceil(data / 4096);

/** A tarball of exactly `size` bytes whose package.json is `manifest`; small ones hold nothing else. */
export function makeTarball(manifest, size, random) {
  const json = Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`);
  const files = [['package/package.json', json]];
  const room = size - frameLength(size) - Math.ceil(json.length / BLOCK) * BLOCK;
  // Not compressed when it is random anyway: this is most of the time it would take.
  const level = room > 0 ? constants.Z_NO_COMPRESSION : constants.Z_BEST_COMPRESSION;
  if (room > 0) files.push(['package/index.bin', random.bytes(room)]);
  return padded(gzipSync(tar(files), { level }), size);
}

/** Its digests, as a manifest's `dist` has them. */
export function digests(tarball) {
  return {
    integrity: `sha512-${createHash('sha512').update(tarball).digest('base64')}`,
    shasum: createHash('sha1').update(tarball).digest('hex'),
  };
}

/** A tar archive in the ustar format (POSIX.1-1988) of `[path, bytes]`. */
export function tar(files) {
  const parts = files.flatMap(([path, bytes]) => [header(path, bytes.length), bytes, zeros(-bytes.length)]);
  // Two empty blocks are the end.
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}

function zeros(length) {
  return Buffer.alloc(((length % BLOCK) + BLOCK) % BLOCK);
}

function header(path, size) {
  const block = Buffer.alloc(BLOCK);
  const octal = (value, digits) => `${value.toString(8).padStart(digits, '0')}\0`;
  block.write(path, 0);
  block.write(octal(0o644, 7), 100);
  block.write(octal(0, 7), 108);
  block.write(octal(0, 7), 116);
  block.write(octal(size, 11), 124);
  // 1985-10-26T08:15Z, the time npm gives every file.
  block.write(octal(499162500, 11), 136);
  // The sum is taken with spaces in its own place.
  block.write(' '.repeat(8), 148);
  block.write('0', 156);
  block.write('ustar\x0000', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 6)} `, 148);
  return block;
}

/** The same gzip file at `size` bytes: a comment in its head fills it up (RFC 1952, 2.3). */
function padded(gzip, size) {
  const missing = size - gzip.length;
  if (missing === 0) return gzip;
  if (missing < 0) throw new Error(`a tarball of ${size} bytes cannot hold its package.json (${gzip.length} bytes)`);
  const head = Buffer.from(gzip.subarray(0, HEAD_LENGTH));
  head[FLAGS_AT] |= HAS_COMMENT;
  const comment = Buffer.alloc(missing, '-');
  comment[missing - 1] = 0;
  return Buffer.concat([head, comment, gzip.subarray(HEAD_LENGTH)]);
}
