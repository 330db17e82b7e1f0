// An upstream of one object that says when its last byte left.
//   node timed.mjs PATH FILE KIND        KIND: packument or tarball
// Prints `listening PORT`, then `sent MS` (ms since the epoch) for each answer.
// Knows nothing of who asks.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { gzipSync } from 'node:zlib';

import { ORIGIN } from '../registry/packument.mjs';

const [asked, file, kind] = process.argv.slice(2);

const server = http.createServer((request, response) => {
  if (decodeURIComponent(request.url) !== asked) return response.writeHead(404).end('{"error":"not_found"}');
  // Who asks for plain text gets the packed form unpacked by nobody: every server here can gzip.
  response.writeHead(200, { ...object.headers, 'content-length': object.body.length });
  response.once('finish', () => console.log(`sent ${performance.timeOrigin + performance.now()}`));
  return response.end(object.body);
});

let object;
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address();
  object = kind === 'packument' ? packument(`http://127.0.0.1:${port}`) : tarball();
  console.log(`listening ${port}`);
});

function packument(origin) {
  const text = readFileSync(file, 'utf8').replaceAll(ORIGIN, origin);
  return {
    headers: { 'content-type': 'application/json', 'content-encoding': 'gzip', etag: etag(text), vary: 'accept-encoding, accept' },
    body: gzipSync(text),
  };
}

function tarball() {
  const body = readFileSync(file);
  return { headers: { 'content-type': 'application/octet-stream', etag: etag(body) }, body };
}

function etag(content) {
  return `"${createHash('sha1').update(content).digest('hex')}"`;
}
