// An upstream of any number of packages: package `n-17` is made up when it is asked for, always alike.
//   node invented.mjs                    prints `listening PORT`
// Knows nothing of who asks.

import { createHash } from 'node:crypto';
import http from 'node:http';
import { fileURLToPath } from 'node:url';

/** What a tarball weighs: small, since it is their number that is measured. */
const TARBALL_BYTES = 2000;

/** The paths of the packument and the tarball of package `number`. */
export function inventedPaths(number) {
  return { packument: `/n-${number}`, tarball: `/n-${number}/-/n-${number}-1.0.0.tgz` };
}

/** Bytes behind a gzip header that only depend on the number. */
export function inventedTarball(number) {
  const bytes = Buffer.alloc(TARBALL_BYTES, createHash('sha512').update(`tarball ${number}`).digest());
  bytes.set([0x1f, 0x8b, 0x08]);
  return bytes;
}

/** The packument of package `number`, with the digests of its tarball. */
export function inventedPackument(number, origin) {
  const bytes = inventedTarball(number);
  const name = `n-${number}`;
  const sum = (algorithm, encoding) => createHash(algorithm).update(bytes).digest(encoding);
  const dist = {
    tarball: origin + inventedPaths(number).tarball, shasum: sum('sha1', 'hex'), integrity: `sha512-${sum('sha512', 'base64')}`,
  };
  const manifest = { name, version: '1.0.0', description: `Package ${number}`, dependencies: { 'n-0': '^1.0.0' }, dist };
  const modified = '2026-01-01T00:00:00.000Z';
  return JSON.stringify({
    _id: name, name, 'dist-tags': { latest: '1.0.0' }, versions: { '1.0.0': manifest }, time: { created: modified, modified, '1.0.0': modified },
  });
}

function answer(request, response, origin) {
  const [, number, isTarball] = request.url.match(/^\/n-(\d+)(\/-\/n-\d+-1\.0\.0\.tgz)?$/) ?? [];
  if (number === undefined) return response.writeHead(404).end('{"error":"not_found"}');
  const body = isTarball ? inventedTarball(number) : Buffer.from(inventedPackument(number, origin));
  const type = isTarball ? 'application/octet-stream' : 'application/json';
  return response.writeHead(200, { 'content-type': type, 'content-length': body.length, etag: `"${number}"` }).end(body);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const server = http.createServer((request, response) => answer(request, response, `http://127.0.0.1:${server.address().port}`));
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port}`));
}
