// Tarballs of packages with any files, also such as no package manager would pack.
// Knows nothing of what is in them.

import { gzipSync } from 'node:zlib';

const BLOCK = 512;

/** The names of pax headers' files do not matter: the path is in the header. */
const PAX = 'pax';

/** A tarball of these files, path → text or bytes, below `package/`. */
export function packed(files) {
  const entries = Object.entries(files).flatMap(([path, content]) => {
    const name = `package/${path}`;
    return [entry(PAX, 'x', record('path', name)), entry('package/file', '0', Buffer.from(content))];
  });
  return gzipSync(Buffer.concat([...entries, Buffer.alloc(2 * BLOCK)]));
}

// POSIX ustar: a header, and what is in it, padded to whole blocks.
function entry(name, type, content) {
  const header = Buffer.alloc(BLOCK);
  const octal = (value, width) => value.toString(8).padStart(width, '0');
  const fields = [
    [0, name], [100, octal(0o644, 7)], [108, octal(0, 7)], [116, octal(0, 7)],
    [124, octal(content.length, 11)], [136, octal(0, 11)], [148, ' '.repeat(8)], [156, type], [257, 'ustar\x0000'],
  ];
  for (const [offset, text] of fields) header.write(text, offset, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${octal(sum, 6)}\0 `, 148, 'latin1');
  return Buffer.concat([header, content, Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK)]);
}

// A record of a pax header begins with its own length, which counts the digits of that as well.
function record(key, value) {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest;
  while (length !== rest + String(length).length) length = rest + String(length).length;
  return Buffer.from(`${length} ${key}=${value}\n`);
}
