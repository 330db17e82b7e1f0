// Publish documents as npm makes them: a small one, and one whose tarball is as long as one likes.
// Knows nothing of who takes them.

import { createHash } from 'node:crypto';

/** Bytes of a large tarball that are made and sent at once; a multiple of three, so that base64 can be put together. */
const PIECE = 3 * 64 * 1024;

function document(name, dist, length, data) {
  const file = `${name}-1.0.0.tgz`;
  return {
    _id: name,
    name,
    'dist-tags': { latest: '1.0.0' },
    versions: { '1.0.0': { name, version: '1.0.0', dist } },
    access: null,
    _attachments: { [file]: { content_type: 'application/octet-stream', data, length } },
  };
}

/** A package with this tarball. */
export function wholeDocument(name, tarball, readme = '') {
  const dist = {
    integrity: `sha512-${createHash('sha512').update(tarball).digest('base64')}`,
    shasum: createHash('sha1').update(tarball).digest('hex'),
  };
  const whole = document(name, dist, tarball.length, tarball.toString('base64'));
  return Buffer.from(JSON.stringify(readme ? { ...whole, readme } : whole));
}

/** A package of some hundred bytes. */
export function smallDocument(name) {
  return wholeDocument(name, Buffer.from(`the tarball of ${name}, `.repeat(20)));
}

/** A package with a tarball of so many bytes: its headers, and what writes its body. */
export function largeDocument(name, bytes) {
  const [head, tail] = JSON.stringify(document(name, {}, bytes, '@')).split('"@"');
  const encoded = Math.ceil(bytes / 3) * 4;
  const piece = Buffer.alloc(PIECE, 'a tarball that does not end, ').toString('base64');
  const write = (request) => {
    request.write(`${head}"`);
    let left = bytes;
    const more = () => {
      while (left > 0) {
        const now = Math.min(left, PIECE);
        left -= now;
        const text = now === PIECE ? piece : Buffer.alloc(now, 'x').toString('base64');
        if (!request.write(text) && left > 0) {
          request.once('drain', more);
          return;
        }
      }
      request.end(`"${tail}`);
    };
    more();
  };
  const headers = { 'content-type': 'application/json', 'content-length': head.length + encoded + tail.length + 2 };
  return { headers, write };
}
