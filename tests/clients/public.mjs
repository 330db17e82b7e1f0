// A registry on loopback that has what a public one has beside packages: search, audits, its own signatures, and
// attestations. Its packages are a manifest alone; two are not what they seem: of one the signature is not true, of one
// the tarball. Like any registry it also knows packages of names that are somebody's own elsewhere (`impostors`).
// Knows nothing of who asks, and notes all that it is asked.

import { createHash } from 'node:crypto';
import http from 'node:http';
import { gunzipSync, inflateSync } from 'node:zlib';

import { bulkReport, FIXED, treeReport, VULNERABLE } from './advisory.mjs';
import { bundleOf, PREDICATE } from './bundle.mjs';
import { tarball } from './dated.mjs';
import { newSigner } from './signer.mjs';

/** Nothing is wrong with it. */
export const HARMLESS = 'harmless-package';
/** It has an attestation; and in what is found by a search, nothing is said of it that need not be. */
export const ATTESTED = '@public/attested';
/** What its signature was made for is something else. */
export const MISSIGNED = 'missigned-package';
/** Its tarball is not the one that its digests are of. */
export const ALTERED = 'altered-package';
/** The version of all, but that in which the vulnerable one is mended. */
export const VERSION = '1.0.0';
/** What a search finds all of them by, as it is in their descriptions. */
export const WORD = 'lantern';
/** Another such word, for when nobody is to remember what was found. */
export const OTHER_WORD = 'lamp';
/** The version of what is found under names that are somebody else's. */
export const IMPOSTOR = '66.6.6';

/** By name, its versions. A name is any text that is asked for. */
const PUBLISHED = new Map([
  [VULNERABLE, [VERSION, FIXED]], [HARMLESS, [VERSION]], [ATTESTED, [VERSION]], [MISSIGNED, [VERSION]], [ALTERED, [VERSION]],
]);
const DAY_MS = 86_400_000;
const TIME = new Date(Date.now() - 30 * DAY_MS).toISOString();
const AUDITS = new Map([['advisories/bulk', bulkReport], ['audits/quick', treeReport], ['audits', treeReport]]);
const UNPACK = new Map([['gzip', gunzipSync], ['deflate', inflateSync], ['identity', (bytes) => bytes]]);

/** Starts the registry on a free port; `impostors` are names that a search finds here, too. */
export async function startPublic(impostors = []) {
  const registry = new Public(impostors);
  await registry.listen();
  return registry;
}

class Public {
  #impostors;
  #server = http.createServer((request, response) => {
    // What this program does wrong is not waited for.
    this.#receive(request, response).catch((error) => response.destroy(error));
  });
  #signer = newSigner();
  #isCut = false;
  /** `{ method, url, headers, body }` of all that was asked so far, in order; bodies are unpacked. */
  requests = [];
  /** While true, whoever asks for an audit is told that this cannot be done now. */
  auditFails = false;

  constructor(impostors) {
    this.#impostors = impostors;
    this.#server.on('connection', (socket) => this.#isCut && socket.destroy());
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}/`;
  }

  listen() {
    return new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  /** From now on it is gone: who connects is hung up on. */
  cut() {
    this.#isCut = true;
    this.#server.closeAllConnections();
  }

  stop() {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    return closed;
  }

  async #receive(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const encoding = request.headers['content-encoding'] ?? 'identity';
    const body = UNPACK.get(encoding)(Buffer.concat(chunks)).toString();
    const { method, url, headers } = request;
    this.requests.push({ method, url, headers, body });
    const nothing = [404, { error: 'not found' }];
    const [status, what, type = 'application/json'] = this.#answer(method, new URL(url, this.url), body) ?? nothing;
    const bytes = Buffer.isBuffer(what) ? what : Buffer.from(JSON.stringify(what));
    response.writeHead(status, { 'content-type': type, 'content-length': bytes.length });
    response.end(method === 'HEAD' ? undefined : bytes);
  }

  #answer(method, { pathname, searchParams }, body) {
    const path = decodeURIComponent(pathname).slice(1);
    const [, audit] = path.match(/^-\/npm\/v1\/security\/(.*)$/) ?? [];
    if (audit) return method === 'POST' && AUDITS.has(audit) ? this.#audit(AUDITS.get(audit), body) : undefined;
    if (method === 'POST') return undefined;
    if (path === '-/v1/search') return this.#search(searchParams);
    if (path === '-/npm/v1/keys') return [200, { keys: [this.#signer.key] }];
    if (path === `-/npm/v1/attestations/${ATTESTED}@${VERSION}`) return [200, { attestations: ATTESTATIONS }];
    const [name, file] = path.split('/-/');
    if (!PUBLISHED.has(name)) return undefined;
    if (!file) return [200, this.#packument(name)];
    const version = PUBLISHED.get(name).find((each) => file === fileName(name, each));
    return version && [200, tarball(name, name === ALTERED ? IMPOSTOR : version), 'application/octet-stream'];
  }

  #audit(report, body) {
    return this.auditFails ? [503, { error: 'no audits now' }] : [200, report(JSON.parse(body))];
  }

  // Every word has to be in a name or in a description, as it is typed.
  #search(query) {
    const words = (query.get('text') ?? '').split(/\s+/).filter(Boolean);
    const [from, size] = [['from', 0], ['size', 20]].map(([key, usual]) => Number(query.get(key) ?? usual));
    const has = ({ package: { name, description: text } }) => words.every((word) => `${name} ${text}`.includes(word));
    const all = [...[...PUBLISHED.keys()].map(found), ...this.#impostors.map(impostor)].filter(has);
    return [200, { objects: all.slice(from, from + size), total: all.length, time: new Date().toISOString() }];
  }

  #packument(name) {
    const published = PUBLISHED.get(name);
    return {
      _id: name,
      name,
      description: description(name),
      'dist-tags': { latest: published.at(-1) },
      versions: Object.fromEntries(published.map((version) => [version, this.#manifest(name, version)])),
      time: { created: TIME, modified: TIME, ...Object.fromEntries(published.map((version) => [version, TIME])) },
    };
  }

  #manifest(name, version) {
    const packed = tarball(name, version);
    const integrity = `sha512-${createHash('sha512').update(packed).digest('base64')}`;
    const shasum = createHash('sha1').update(packed).digest('hex');
    const signatures = [this.#signer.sign(name, name === MISSIGNED ? IMPOSTOR : version, integrity)];
    const address = new URL(`${name}/-/${fileName(name, version)}`, this.url).href;
    const dist = { tarball: address, integrity, shasum, signatures };
    if (name === ATTESTED) {
      const url = new URL(`-/npm/v1/attestations/${name}@${version}`, this.url).href;
      dist.attestations = { url, provenance: { predicateType: PREDICATE } };
    }
    return { name, version, description: description(name), dist };
  }
}

/** What is told of the attested version. */
export const ATTESTATIONS = [
  { predicateType: PREDICATE, bundle: bundleOf(ATTESTED, VERSION, tarball(ATTESTED, VERSION)) },
];

function fileName(name, version) {
  return `${name.split('/').at(-1)}-${version}.tgz`;
}

function description(name) {
  return `A ${WORD} or ${OTHER_WORD}, and ${name} is what it is called`;
}

function found(name) {
  const least = { name, version: PUBLISHED.get(name).at(-1), description: description(name) };
  const who = { username: 'somebody', email: 'somebody@example.com' };
  const more = { scope: 'unscoped', keywords: [WORD], date: TIME, links: {}, publisher: who, maintainers: [who] };
  const detail = { quality: 1, popularity: 1, maintenance: 1 };
  return { package: name === ATTESTED ? least : { ...least, ...more }, score: { final: 1, detail }, searchScore: 1 };
}

function impostor(name) {
  return { package: { name, version: IMPOSTOR, description: description(name), maintainers: [] }, score: { final: 1 } };
}
