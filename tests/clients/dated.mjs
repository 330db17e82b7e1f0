// A registry on loopback with one package of two versions, one published long ago and one just
// now; like a public registry it leaves `time` out of the abbreviated packument.
// Knows nothing of who asks: it notes what each request called itself.

import { createHash } from 'node:crypto';
import http from 'node:http';
import { gzipSync } from 'node:zlib';

/** The only package there is. */
export const PACKAGE = 'dated-package';

const ABBREVIATED = 'application/vnd.npm.install-v1+json';
const TAR_BLOCK = 512;

/** Starts the registry on a free port; `published` is version → Date, oldest first. */
export async function startDated(published) {
  const tarballs = new Map(Object.keys(published).map((version) => [version, tarball(PACKAGE, version)]));
  const requests = [];
  const server = http.createServer((request, response) => {
    const agent = request.headers['user-agent'] ?? 'nobody';
    requests.push({ request: `${request.method} ${request.url}`, agent });
    answer(request, response, packument(published, tarballs, url), tarballs);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${server.address().port}/`;
  return {
    url,
    /** `{ request: 'METHOD /path', agent }`, in order. */
    requests,
    stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      return closed;
    },
  };
}

/** Where a version's tarball is, on every registry. */
export function tarballPath(version) {
  return `/${PACKAGE}/-/${PACKAGE}-${version}.tgz`;
}

function answer(request, response, full, tarballs) {
  const version = [...tarballs.keys()].find((each) => request.url === tarballPath(each));
  if (version) return send(request, response, tarballs.get(version), { 'content-type': 'application/octet-stream' });
  if (request.url !== `/${PACKAGE}`) return response.writeHead(404).end('{"error":"not found"}');
  const isAbbreviated = request.headers.accept?.split(/[,;]/)[0].trim() === ABBREVIATED;
  const { time, ...rest } = full;
  const body = isAbbreviated ? { ...rest, modified: time.modified } : full;
  return send(request, response, Buffer.from(JSON.stringify(body)), {
    'content-type': isAbbreviated ? ABBREVIATED : 'application/json',
    'last-modified': new Date(time.modified).toUTCString(),
    vary: 'Accept',
  });
}

function send(request, response, body, headers) {
  const etag = `"${digest('sha1', body, 'hex')}"`;
  if (request.headers['if-none-match'] === etag) return response.writeHead(304, { ...headers, etag }).end();
  response.writeHead(200, { ...headers, etag, 'content-length': body.length });
  return response.end(request.method === 'HEAD' ? undefined : body);
}

function packument(published, tarballs, url) {
  const versions = {};
  for (const [version, bytes] of tarballs) {
    const dist = {
      tarball: new URL(tarballPath(version), url).href,
      shasum: digest('sha1', bytes, 'hex'),
      integrity: `sha512-${digest('sha512', bytes, 'base64')}`,
    };
    versions[version] = { name: PACKAGE, version, dist };
  }
  const times = Object.entries(published).map(([version, date]) => [version, date.toISOString()]);
  const time = { created: times[0][1], modified: times.at(-1)[1], ...Object.fromEntries(times) };
  return { _id: PACKAGE, name: PACKAGE, 'dist-tags': { latest: times.at(-1)[0] }, versions, time };
}

function digest(algorithm, bytes, encoding) {
  return createHash(algorithm).update(bytes).digest(encoding);
}

/** A package of a manifest alone. POSIX ustar: one header, one file padded to whole blocks, two empty blocks. */
export function tarball(name, version) {
  const content = Buffer.from(JSON.stringify({ name, version }));
  const header = Buffer.alloc(TAR_BLOCK);
  const octal = (value, width) => value.toString(8).padStart(width, '0');
  const fields = [
    [0, 'package/package.json'], [100, octal(0o644, 7)], [108, octal(0, 7)], [116, octal(0, 7)],
    [124, octal(content.length, 11)], [136, octal(0, 11)], [148, ' '.repeat(8)], [156, '0'], [257, 'ustar\x0000'],
  ];
  for (const [offset, text] of fields) header.write(text, offset, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${octal(sum, 6)}\0 `, 148, 'latin1');
  const padding = Buffer.alloc(TAR_BLOCK - (content.length % TAR_BLOCK));
  return gzipSync(Buffer.concat([header, content, padding, Buffer.alloc(2 * TAR_BLOCK)]));
}
