// One CI job: a client that asks for a list of objects, so many at a time.
// Knows nothing of who runs it or of what the right bytes are.

import { createHash } from 'node:crypto';

import { FORMS, packumentRequest, tarballRequest } from './clients.mjs';
import { Connection } from './connection.mjs';

/** npm's `maxsockets`. */
const AT_ONCE = 15;

/** Of one object in so many a digest is taken. */
const SAMPLE = 16;

/** How a tally calls an object. */
export const keyOf = { packument: (form, name) => `${form} ${name}`, tarball: (path) => path };

/**
 * Runs a job to its end. `job`: `{ client, port, packuments, tarballs, start, known }`; the lists are
 * names and paths and are walked from the part `start` (0 … 1) of them; `known`, if the client has a
 * cache from an earlier job, maps an object to its validators.
 */
export async function runJob(job, tally, remembered) {
  const connections = Array.from({ length: AT_ONCE }, () => new Connection(job.port));
  for (const list of [packumentsOf(job), tarballsOf(job)]) {
    const waiting = rotated(list, job.start);
    let next = 0;
    const work = async (connection) => {
      while (next < waiting.length) await askFor(connection, waiting[next++], tally, remembered);
    };
    await Promise.all(connections.map(work));
  }
  connections.forEach((each) => each.close());
}

/** `list` from the part `start` of it on, then what is before that. */
export function rotated(list, start) {
  const at = Math.floor(list.length * start);
  return [...list.slice(at), ...list.slice(0, at)];
}

function packumentsOf({ client, port, packuments, known }) {
  return packuments.map((name, at) => {
    const key = keyOf.packument(FORMS[client], name);
    const held = known?.get(key);
    return { key, at, text: packumentRequest(client, port, name, held), isConditional: held !== undefined, algorithm: 'sha1' };
  });
}

function tarballsOf({ client, port, tarballs }) {
  return tarballs.map((path, at) => ({ key: keyOf.tarball(path), at, text: tarballRequest(client, port, path), algorithm: 'sha512' }));
}

/** Asks once and tallies it; what is remembered is what a client's cache would hold afterwards. */
export async function askFor(connection, { key, at, text, isConditional, algorithm }, tally, remembered) {
  const hash = at % SAMPLE === 0 ? createHash(algorithm) : undefined;
  const started = performance.now();
  try {
    const answer = await connection.ask(text, hash && ((bytes) => hash.update(bytes)));
    if (answer.status !== 200 && !(answer.status === 304 && isConditional)) return tally.failed(key, `answered ${answer.status}`);
    if (algorithm === 'sha1' && answer.headers.etag) {
      remembered?.set(key, { etag: answer.headers.etag, modified: answer.headers['last-modified'] });
    }
    return tally.answered(key, answer.end - started, answer, answer.status === 200 ? hash?.digest('base64') : undefined);
  } catch (error) {
    return tally.failed(key, error.message);
  }
}
