// What every object should be: tarballs as the registry has them, packuments as NOPAR's views of it must say.
// Knows nothing of the crowd: it asks once more by itself, and compares the contents, not the lengths.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { gunzipSync } from 'node:zlib';

import { ORIGIN } from '../registry/packument.mjs';
import { FORMS, packumentRequest } from './clients.mjs';
import { Connection } from './connection.mjs';
import { keyOf } from './job.mjs';

/** Object → `{ bytes, digest }` for each tarball of the registry. */
export function tarballTruth(registry) {
  const tarballs = registry.packages.flatMap((each) => each.tarballs);
  return new Map(tarballs.map(({ path: at, bytes, integrity }) => [keyOf.tarball(at), { bytes, digest: integrity.replace('sha512-', '') }]));
}

/**
 * Asks for each packument of `names` in both forms and judges what it says; gives `{ truth, wrong }`:
 * the lengths and digests as sent (packed), and what was not as it should be, as text.
 */
export async function packumentTruth(dir, registry, names, port) {
  const truth = new Map();
  const wrong = [];
  const connection = new Connection(port);
  const wanted = new Set(names);
  for (const { name, packument } of registry.packages.filter((each) => wanted.has(each.name))) {
    const text = readFileSync(path.join(dir, packument), 'utf8').replaceAll(ORIGIN, `http://127.0.0.1:${port}`);
    for (const [client, form] of Object.entries(FORMS)) {
      const key = keyOf.packument(form, name);
      const body = await fetchBody(connection, packumentRequest(client, port, name));
      truth.set(key, { bytes: body.length, digest: createHash('sha1').update(body).digest('base64') });
      const difference = judge[form](gunzipSync(body).toString(), text);
      if (difference) wrong.push(`${key}: ${difference}`);
    }
  }
  connection.close();
  return { truth, wrong };
}

async function fetchBody(connection, text) {
  const pieces = [];
  // A piece is the socket's own buffer, written over by the next.
  const { status, headers } = await connection.ask(text, (bytes) => pieces.push(Buffer.from(bytes)));
  if (status !== 200 || headers['content-encoding'] !== 'gzip') throw new Error(`answered ${status}, ${headers['content-encoding'] ?? 'not packed'}`);
  return Buffer.concat(pieces);
}

/** How a form differs from what the packument's whole text says; nothing if it does not. */
export const judge = {
  full(got, text) {
    return got === text || isDeepStrictEqual(JSON.parse(got), JSON.parse(text)) ? undefined : 'not what the upstream says';
  },
  abbreviated(got, text) {
    const [short, whole] = [JSON.parse(got), JSON.parse(text)];
    if (short.name !== whole.name || !isDeepStrictEqual(short['dist-tags'], whole['dist-tags'])) return 'another name or other dist-tags';
    if (short.readme !== undefined) return 'not abbreviated';
    if (!isDeepStrictEqual(Object.keys(short.versions), Object.keys(whole.versions))) return 'other versions';
    for (const [version, manifest] of Object.entries(short.versions)) {
      const original = whole.versions[version];
      const other = Object.keys(manifest).find((key) => !isDeepStrictEqual(manifest[key], original[key]));
      if (other) return `${version} has another ${other}`;
      for (const key of ['dist', 'dependencies']) if (!(key in manifest)) return `${version} has no ${key}`;
    }
    return undefined;
  },
};
