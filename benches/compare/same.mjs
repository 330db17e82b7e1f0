// Whether servers give the same answer, byte for byte: else there is nothing to compare.
// Knows nothing of who they are.

import { ask, digest } from './http.mjs';

/** Asks every server and throws a sentence where one differs; gives the (first server's) answer. */
export async function sameAnswer(servers, request, host) {
  const answers = [];
  for (const server of servers) {
    const { status, headers, body } = await ask(server.port, withHost(request, host));
    answers.push({ server, status, headers, body });
  }
  const [first, ...others] = answers;
  for (const other of others) {
    const found = differences(first, other);
    if (found.length) {
      throw new Error(`${request.path}: ${first.server.name} and ${other.server.name} answer differently: ${found.join('; ')}`);
    }
  }
  return first;
}

/** What differs between two answers; a server that makes its own ETags is not held to them. */
export function differences(one, other) {
  const pairs = [
    ['status', one.status, other.status],
    ['body', digest(one.body), digest(other.body)],
    ['content-encoding', one.headers['content-encoding'], other.headers['content-encoding']],
  ];
  if (!one.server.ownEtags && !other.server.ownEtags) pairs.push(['etag', one.headers.etag, other.headers.etag]);
  return pairs.filter(([, a, b]) => a !== b).map(([what, a, b]) => `${what} ${a} and ${b}`);
}

/** The request as all servers get it: `Host` is part of what NOPAR's answer depends on. */
export function withHost(request, host) {
  return { ...request, headers: { host, ...request.headers } };
}
