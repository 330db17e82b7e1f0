// HTTP/1.1 over TLS, on connections that are kept: what encryption leaves of the difference.
// Knows nothing of HTTP/2.

import { ask } from '../http.mjs';
import { interleaved } from '../measure.mjs';
import { withHost } from '../same.mjs';
import { secureRows } from '../secure.mjs';

export const tls = { title: 'HTTP/1.1 over TLS 1.3 (written down, not judged)', run };

function run(bench) {
  return secureRows(bench, 'http/1.1', async (trio, request) => {
    const { body } = await ask(trio.nopar.port, withHost(request, trio.host));
    const asked = { ...request, host: trio.host, bodyBytes: body.length };
    return interleaved(trio.all, () => asked, bench.rounds);
  });
}
