// What a client really sends for packuments: at first, with its own cache kept, and where it must
// not change the lock file; and that each request is answered as it asked.
// Knows nothing of how a client is run: it looks at what came by a tap.

import { check, expect, expectNone } from './report.mjs';

/** So many packuments at least are asked for; some clients believe what they hold of an exact version. */
const FEWEST = 50;

/** Of a tap's exchanges, those about packuments. */
export function packuments(exchanges) {
  return exchanges.filter(({ path }) => !path.includes('/-/'));
}

/** Checks a client's row against what it sent `first` and, its cache kept, `again`. */
export async function checkSent(client, first, again) {
  const { kinds, conditional, noCache } = client.sends;
  await check(`${client.name}: asks for ${kinds.map((kind) => kind || 'any kind of document').join(' and ')}`, () => {
    const seen = new Set([...first, ...again].map(({ headers }) => (headers.accept ?? '').split(/[,;]/)[0]));
    expect([...seen].sort().join() === [...kinds].sort().join(), `it asked for ${[...seen].join(', ')}`);
  });
  await check(`${client.name}: ${conditional ? 'gets 304 for what it holds' : 'never revalidates'}`, () => {
    expect(again.length >= FEWEST, `only ${again.length} packuments were asked for`);
    const revalidated = again.filter(({ headers }) => headers['if-none-match']);
    expect(conditional ? revalidated.length >= FEWEST : revalidated.length === 0, `${revalidated.length} had If-None-Match`);
    const different = again.filter(({ headers, status }) => status !== (headers['if-none-match'] ? 304 : 200));
    expectNone(different.map(({ path, status }) => `${path}: ${status}`), 'these were answered otherwise');
  });
  await check(`${client.name}: ${noCache ? 'says' : 'never says'} no-cache`, () => {
    const said = again.filter(({ headers }) => headers['cache-control']?.includes('no-cache'));
    expect(noCache ? said.length >= FEWEST : said.length === 0, `${said.length} of ${again.length} requests did`);
  });
}

/** Checks whether a client that must not change its lock file asked by `HEAD`, and what it was told. */
export async function checkHead(client, frozen) {
  await check(`${client.name}: ${client.sends.head ? 'looks at' : 'asks no'} packuments by HEAD`, () => {
    const heads = frozen.filter(({ method }) => method === 'HEAD');
    expect(client.sends.head ? heads.length >= FEWEST : heads.length === 0, `${heads.length} were`);
    const without = heads.filter(({ status, answered }) => status !== 200 || !answered.etag || !answered['content-length']);
    expectNone(without.map(({ path, status }) => `${path}: ${status}`), 'not 200, or without ETag or Content-Length');
  });
}
