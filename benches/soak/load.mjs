// The load of a soak: packuments, tarballs, names nobody has, and clients that leave, at a steady rate.
// Knows nothing of what is measured meanwhile; every body is checked against what it should be.

import { createHash } from 'node:crypto';
import { setTimeout as after } from 'node:timers/promises';

import { FORMS, packumentRequest, tarballRequest } from '../fleet/clients.mjs';
import { Connection } from '../fleet/connection.mjs';
import { keyOf } from '../fleet/job.mjs';
import { Random } from '../registry/random.mjs';

/** Clients at once. */
const CLIENTS = 32;

/** Of a hundred requests; the others are packuments. */
const SHARES = { tarball: 45, missing: 5, leaving: 5 };

/** Half of the requests are for this part of the objects: evicted are the others, and then these. */
const HOT = { share: 0.5, part: 0.1 };

/** Of requests for packuments that a client holds, this part is conditional. */
const REVALIDATED = 0.3;

/** Few enough that some are remembered. */
const MISSING_NAMES = 500;

/** Who leaves does so in the middle of a tarball of at least this length. */
const LEFT_BYTES = 100_000;

/** Makes the load and tells `findings` of every answer. */
export class Load {
  #random = new Random('soak');
  #known = new Map();
  #next = performance.now();
  #port;
  #truth;
  #findings;
  #gapMs;
  #names;
  #tarballs;
  #large;

  /** `truth`: object → `{ bytes, digest }`; `rate`: requests per second at most. */
  constructor({ registry, port, truth, findings, rate }) {
    const packages = registry.packages.filter(({ role }) => role === 'fleet');
    this.#names = packages.map(({ name }) => name);
    this.#tarballs = packages.flatMap((each) => each.tarballs);
    this.#large = this.#tarballs.filter(({ bytes }) => bytes > LEFT_BYTES);
    this.#port = port;
    this.#truth = truth;
    this.#findings = findings;
    this.#gapMs = 1000 / rate;
  }

  /** Asks until the time `until`, as `performance.now()` has it. */
  async run(until) {
    await Promise.all(Array.from({ length: CLIENTS }, () => this.#client(until)));
  }

  async #client(until) {
    const connection = new Connection(this.#port);
    while (performance.now() < until) {
      await this.#turn();
      await this.#request(connection);
    }
    connection.close();
  }

  /** Waits for the next turn; turns that could not be taken in time are not made up for. */
  async #turn() {
    const now = performance.now();
    this.#next = Math.max(this.#next + this.#gapMs, now - this.#gapMs);
    if (this.#next > now) await after(this.#next - now);
  }

  #request(connection) {
    const dice = this.#random.below(100);
    if (dice < SHARES.tarball) return this.#tarball(connection, this.#pick(this.#tarballs));
    if (dice < SHARES.tarball + SHARES.missing) return this.#missing(connection);
    if (dice < SHARES.tarball + SHARES.missing + SHARES.leaving) return this.#leave(connection, this.#pick(this.#large));
    return this.#packument(connection, this.#pick(this.#names));
  }

  #pick(list) {
    const part = this.#random.next() < HOT.share ? HOT.part : 1;
    return list[this.#random.below(Math.ceil(list.length * part))];
  }

  #tarball(connection, { path }) {
    return this.#checked(connection, 'tarball', keyOf.tarball(path), tarballRequest('npm', this.#port, path));
  }

  async #packument(connection, name) {
    const client = this.#random.pick(Object.keys(FORMS));
    const key = keyOf.packument(FORMS[client], name);
    const known = this.#random.next() < REVALIDATED ? this.#known.get(key) : undefined;
    const headers = await this.#checked(connection, 'packument', key, packumentRequest(client, this.#port, name, known), known);
    if (headers?.etag) this.#known.set(key, { etag: headers.etag, modified: headers['last-modified'] });
  }

  /** Asks for what has a right answer; gives its headers if it was that. */
  async #checked(connection, kind, key, text, known) {
    const right = this.#truth.get(key);
    const hash = createHash(kind === 'tarball' ? 'sha512' : 'sha1');
    const outcome = await ask(connection, text, (bytes) => hash.update(bytes));
    const { status, bytes, headers } = outcome;
    if (status === 200 && bytes === right.bytes && hash.digest('base64') === right.digest) {
      this.#findings.right(kind, outcome.milliseconds);
      return headers;
    }
    if (status === 304 && known) {
      this.#findings.right('notModified', outcome.milliseconds);
      return headers;
    }
    const failure = status === 200 ? `${bytes} bytes, of ${right.bytes}, or others` : outcome.failure;
    this.#findings.notRight(key, { ...outcome, failure }, status === 200);
    return undefined;
  }

  async #missing(connection) {
    const name = `nobody-has-${this.#random.below(MISSING_NAMES)}`;
    const outcome = await ask(connection, packumentRequest('npm', this.#port, name));
    if (outcome.status === 404) this.#findings.right('missing', outcome.milliseconds);
    else this.#findings.notRight(name, outcome, outcome.status === 200);
  }

  /** Leaves at the first piece of the body; whoever asks next must not notice. */
  async #leave(connection, { path }) {
    const outcome = await ask(connection, tarballRequest('pnpm', this.#port, path), () => connection.abort());
    if (outcome.failure === 'aborted') this.#findings.right('left', outcome.milliseconds);
    else this.#findings.notRight(path, outcome, outcome.status === 200);
  }
}

/** An answer with `started` and `milliseconds`, or those with why there is none (`failure`). */
async function ask(connection, text, sink) {
  const started = performance.now();
  const answer = await connection.ask(text, sink).catch((error) => ({ failure: error.message }));
  return { ...answer, started, milliseconds: performance.now() - started };
}
