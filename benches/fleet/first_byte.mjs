// When the first byte of an answer comes: each tarball once directly, and once, cold, through NOPAR.
// Knows nothing of what is done with it.

import { tarballRequest } from './clients.mjs';
import { Connection } from './connection.mjs';

/** Small enough to be common, large enough not to come in one piece. */
const LENGTHS = { least: 10_000, most: 1_000_000 };

const TARBALLS = 100;

/** Milliseconds to the first byte of the same tarballs, in turns: `{ direct, through }`. */
export async function firstBytes(registry, upstreamPort, noparPort) {
  const all = registry.packages.flatMap((each) => each.tarballs);
  const chosen = all.filter(({ bytes }) => bytes >= LENGTHS.least && bytes <= LENGTHS.most).slice(0, TARBALLS + 1);
  const [direct, through] = [upstreamPort, noparPort].map((port) => ({ port, connection: new Connection(port), times: [] }));
  // The upstream reads a file at its first request only: that is its affair, not the comparison's.
  for (const { path } of chosen) await direct.connection.ask(tarballRequest('npm', direct.port, path));
  for (const [at, { path, bytes }] of chosen.entries()) {
    for (const way of at % 2 === 0 ? [direct, through] : [through, direct]) {
      const started = performance.now();
      const answer = await way.connection.ask(tarballRequest('npm', way.port, path));
      if (answer.status !== 200 || answer.bytes !== bytes) throw new Error(`${path}: ${answer.status}, ${answer.bytes} bytes`);
      // The first one makes connections.
      if (at > 0) way.times.push(answer.firstByte - started);
    }
  }
  direct.connection.close();
  through.connection.close();
  return { direct: direct.times, through: through.times };
}
