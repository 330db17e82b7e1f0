// NOPAR, nginx as cache and nginx with files, warm, holding the same bytes.
// Knows nothing of what is measured then.

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
 */
export async function startTrio(bench, requests, { logs = false, files = true } = {}) {
  const homes = { nopar: bench.home('nopar'), nginx: bench.home('nginx'), files: bench.home('files') };
  const log = (home) => (logs ? `${home}/access.log` : undefined);
  const servers = [];
  const stop = () => Promise.all(servers.map((server) => server.stop()));
  const add = async (starting) => servers[servers.push(await starting) - 1];
  try {
    const nopar = await add(startNopar({ home: homes.nopar, upstream: bench.upstream.url, core: CORES.server, accessLog: log(homes.nopar) }));
    const origin = await startOrigin();
    await origin.copy(nopar.port, nopar.host, requests);
    const nginx = await add(startCachingNginx({ home: homes.nginx, core: CORES.server, accessLog: log(homes.nginx), originPort: origin.port }));
    if (files) await add(startStaticNginx({ home: homes.files, core: CORES.server, accessLog: log(homes.files), origin }));
    for (const server of servers) await askAll(server.port, requests.map((request) => withHost(request, nopar.host)), WIDTH);
    for (const request of requests) await sameAnswer(servers, request, nopar.host);
    return { nopar, nginx, all: servers, host: nopar.host, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
