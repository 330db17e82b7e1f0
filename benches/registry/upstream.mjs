// An upstream registry on loopback over what make.mjs wrote: it counts, can be slow, and can be down.
//   node benches/registry/upstream.mjs DIR [--port N] [--latency MS]
// Knows nothing of what asks it.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import { pipeline } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { createGunzip, gzip } from 'node:zlib';

import { readRegistry } from './make.mjs';
import { ORIGIN } from './packument.mjs';

/** Packuments are made ready so many at a time: as many as zlib has threads for. */
const AT_ONCE = 4;

/** Tarballs up to this length stay in memory after they were asked for once. */
const KEPT_BYTES = 2_000_000;

/** Longer than any client keeps a connection that it does not use. */
const KEEP_ALIVE_MS = 75_000;

const CACHE_CONTROL = 'public, max-age=300';
const NOT_FOUND = '{"error":"not_found"}';

/**
 * Serves the registry in `dir`. Resolves when every packument is ready, with `{ port, origin, counts(),
 * reset(), setLatency(ms), setDown(isDown), close() }`.
 */
export async function startUpstream(dir, { port = 0, latency = 0 } = {}) {
  const registry = readRegistry(dir);
  if (!registry) throw new Error(`${dir} holds no registry; make one with make.mjs`);
  const upstream = new Upstream(dir, latency);
  await upstream.listen(port);
  await upstream.prepare(registry);
  return upstream;
}

class Upstream {
  #dir;
  #latency;
  #isDown = false;
  #counts;
  #server;
  #answering = new Set();
  /** Name → `{ etag, modified, packed }`, and path → `{ file, bytes, held }`. */
  #packuments = new Map();
  #tarballs = new Map();

  constructor(dir, latency) {
    this.#dir = dir;
    this.#latency = latency;
    this.reset();
    this.#server = http.createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => this.#receive(request, response));
  }

  async listen(port) {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.port = this.#server.address().port;
    this.origin = `http://127.0.0.1:${this.port}`;
  }

  /** Puts the own origin into every packument, and packs it: once, whoever asks how often. */
  async prepare({ packages }) {
    const waiting = [...packages];
    const work = async () => {
      for (let each = waiting.pop(); each; each = waiting.pop()) await this.#preparePackage(each);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }

  async #preparePackage({ name, packument, tarballs }) {
    const text = await readFile(path.join(this.#dir, packument), 'latin1');
    const body = Buffer.from(text.replaceAll(ORIGIN, this.origin), 'latin1');
    const modified = /"modified":"([^"]+)"/.exec(text)[1];
    this.#packuments.set(name, {
      packed: await promisify(gzip)(body),
      etag: `"${createHash('sha1').update(body).digest('hex')}"`,
      modified: new Date(modified).toUTCString(),
    });
    for (const each of tarballs) this.#tarballs.set(each.path, { file: path.join(this.#dir, each.file), bytes: each.bytes });
  }

  counts() {
    return structuredClone(this.#counts);
  }

  reset() {
    this.#counts = { packument: 0, tarball: 0, notModified: 0, notFound: 0, refused: 0, perPath: {} };
  }

  /** Every answer waits so many milliseconds from now on. */
  setLatency(ms) {
    this.#latency = ms;
  }

  /** Down: answers that are under way break off, and every connection is reset at its next request. */
  setDown(isDown) {
    this.#isDown = isDown;
    if (isDown) this.#answering.forEach((response) => response.socket?.resetAndDestroy());
  }

  async close() {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  #receive(request, response) {
    const { pathname, searchParams } = new URL(request.url, this.origin);
    if (pathname.startsWith('/-/bench/')) return this.#control(request, response, pathname, searchParams);
    if (this.#isDown) {
      this.#counts.refused += 1;
      return request.socket.resetAndDestroy();
    }
    this.#answering.add(response);
    response.once('close', () => this.#answering.delete(response));
    const name = decodeURIComponent(pathname);
    this.#counts.perPath[name] = (this.#counts.perPath[name] ?? 0) + 1;
    if (this.#latency === 0) return this.#answer(request, response, name);
    const timer = setTimeout(() => this.#answer(request, response, name), this.#latency);
    return response.once('close', () => clearTimeout(timer));
  }

  #answer(request, response, name) {
    const tarball = this.#tarballs.get(name);
    if (tarball) return this.#sendTarball(response, tarball);
    const packument = this.#packuments.get(name.slice(1));
    if (packument) return this.#sendPackument(request, response, packument);
    this.#counts.notFound += 1;
    return send(response, 404, { 'content-type': 'application/json' }, NOT_FOUND);
  }

  #sendPackument(request, response, { packed, etag, modified }) {
    this.#counts.packument += 1;
    const headers = { 'content-type': 'application/json', 'cache-control': CACHE_CONTROL, etag, 'last-modified': modified, vary: 'accept-encoding, accept' };
    const known = request.headers['if-none-match'];
    if (known ? known.includes(etag) : request.headers['if-modified-since'] === modified) {
      this.#counts.notModified += 1;
      return response.writeHead(304, headers).end();
    }
    if (/\bgzip\b/.test(request.headers['accept-encoding'] ?? '')) {
      return send(response, 200, { ...headers, 'content-encoding': 'gzip' }, packed);
    }
    // Not kept unpacked: that would be ten times the memory, for what hardly anybody asks.
    response.writeHead(200, headers);
    const unpack = createGunzip();
    pipeline(unpack, response, () => {});
    return unpack.end(packed);
  }

  #sendTarball(response, tarball) {
    this.#counts.tarball += 1;
    const headers = { 'content-type': 'application/octet-stream', 'cache-control': 'public, immutable, max-age=31557600', 'content-length': tarball.bytes };
    if (tarball.bytes > KEPT_BYTES) {
      response.writeHead(200, headers);
      return pipeline(createReadStream(tarball.file), response, () => {});
    }
    tarball.held ??= readFile(tarball.file);
    return tarball.held.then((bytes) => send(response, 200, headers, bytes));
  }

  #control(request, response, pathname, query) {
    const json = { 'content-type': 'application/json' };
    const actions = {
      'GET /-/bench/counts': () => this.#counts,
      'POST /-/bench/reset': () => this.reset(),
      'POST /-/bench/latency': () => this.setLatency(Number(query.get('ms'))),
      'POST /-/bench/down': () => this.setDown(query.get('on') === '1'),
    };
    const action = actions[`${request.method} ${pathname}`];
    if (!action) return send(response, 404, json, NOT_FOUND);
    return send(response, 200, json, JSON.stringify(action() ?? {}));
  }
}

function send(response, status, headers, body) {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values, positionals } = parseArgs({
    options: { port: { type: 'string', default: '0' }, latency: { type: 'string', default: '0' } },
    allowPositionals: true,
  });
  if (positionals.length !== 1) throw new Error('usage: upstream.mjs DIR [--port N] [--latency MS]');
  const upstream = await startUpstream(positionals[0], { port: Number(values.port), latency: Number(values.latency) });
  console.log(`listening ${upstream.port}`);
}
