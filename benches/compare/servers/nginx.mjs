// nginx in the parts of this comparison; nginx-conf.mjs holds how it is set up for each.
// Knows nothing of the requests it will get.

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';

import { freePort } from '../../machine/port.mjs';
import { start } from '../../machine/program.mjs';
import { cachingServer, main, rewritingServer, staticServer } from './nginx-conf.mjs';

/** nginx with `proxy_cache` over the origin (or registry) on `originPort`; with a `certificate`, it speaks TLS. */
export function startCachingNginx({ originPort, ...options }) {
  return startNginx('nginx', options, (port, home) => cachingServer({ port, home, originPort, certificate: options.certificate }));
}

/** nginx with ready files: the copies that `origin` holds. */
export function startStaticNginx({ origin, ...options }) {
  return startNginx('nginx-static', options, (port, home) => {
    const root = path.join(home, 'static');
    for (const { path: asked, headers, body } of origin.answers.values()) writeStatic(root, asked, headers, body);
    return staticServer({ port, root });
  });
}

/** nginx doing a registry proxy's job: tarball addresses replaced, documents packed, both kept. */
export async function startRewritingNginx({ originPort, ...options }) {
  const innerPort = await freePort();
  return startNginx('nginx-rewriting', options, (port, home) => rewritingServer({ port, home, innerPort, originPort })
    + cachingServer({ port, home, originPort: innerPort }));
}

async function startNginx(name, { home, core, workers = 1, accessLog }, servers) {
  const port = await freePort();
  mkdirSync(path.join(home, 'temporary'), { recursive: true });
  const file = path.join(home, 'nginx.conf');
  writeFileSync(file, main({ home, workers, accessLog, asRoot: process.getuid() === 0, servers: servers(port, home) }));
  const program = await start('nginx', ['-p', home, '-c', file, '-e', path.join(home, 'error.log')], { core, ready: port });
  return { name, port, pid: program.pid, ownEtags: name !== 'nginx', stop: () => program.stop('SIGQUIT'), program };
}

/** A packed answer is `PATH.gz` for gzip_static; a name with and without is two files. */
function writeStatic(root, asked, headers, body) {
  const file = path.join(root, asked);
  mkdirSync(path.dirname(file), { recursive: true });
  if (headers['content-encoding'] !== 'gzip') return writeFileSync(file, body);
  writeFileSync(`${file}.gz`, body);
  return writeFileSync(file, gunzipSync(body));
}
