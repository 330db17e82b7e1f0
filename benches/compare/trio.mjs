// NOPAR, nginx as cache and nginx with files, warm, holding the same bytes.
// Knows nothing of what is measured then.

import { makeCertificate } from './certificate.mjs';
import { askAll } from './http.mjs';
import { startOrigin } from './origin.mjs';
import { sameAnswer, withHost } from './same.mjs';
import { startCachingNginx, startStaticNginx } from './servers/nginx.mjs';
import { startNopar } from './servers/nopar.mjs';
import { CORES } from './bench.mjs';

/** How many requests at once caches are warmed with. */
const WIDTH = 8;

/**
 * Starts them for `requests`: `{ nopar, nginx, files, all, host, stop }`. Every answer of one is
 * compared with the others' before anything is measured.
 * - `logs`: with access logs; `files`: whether nginx with files is among them
 * - `tls`: with TLS (as the requests must say too), and without nginx with files
 */
export async function startTrio(bench, requests, { logs = false, files = true, tls = false } = {}) {
  const homes = { nopar: bench.home('nopar'), nginx: bench.home('nginx'), files: bench.home('files') };
  const log = (home) => (logs ? `${home}/access.log` : undefined);
  const certificate = tls ? makeCertificate(bench.home('certificate')) : undefined;
  const servers = [];
  const stop = () => Promise.all(servers.map((server) => server.stop()));
  const add = async (starting) => servers[servers.push(await starting) - 1];
  try {
    const nopar = await add(startNopar({ home: homes.nopar, upstream: bench.upstream.url, core: CORES.server, accessLog: log(homes.nopar), certificate }));
    const origin = await startOrigin();
    await origin.copy(nopar.port, nopar.host, requests);
    const nginx = await add(startCachingNginx({ home: homes.nginx, core: CORES.server, accessLog: log(homes.nginx), originPort: origin.port, certificate }));
    if (files && !tls) await add(startStaticNginx({ home: homes.files, core: CORES.server, accessLog: log(homes.files), origin }));
    for (const server of servers) await askAll(server.port, requests.map((request) => withHost(request, nopar.host)), WIDTH);
    for (const request of requests) await sameAnswer(servers, request, nopar.host);
    return { nopar, nginx, all: servers, host: nopar.host, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
