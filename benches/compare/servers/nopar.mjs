// NOPAR as it is measured: its defaults, but for where it listens, whom it asks, and its log.
// Knows nothing of the requests it will get.

import path from 'node:path';

import { freePort } from '../../machine/port.mjs';
import { start } from '../../machine/program.mjs';

/**
 * Starts NOPAR in the directory `home` (a new one is a cold cache).
 * - `upstream`: URL; `threads`, `core`: how many and where
 * - `accessLog`: a file for a line per request; none if not given
 * - `certificate`: `{ cert, key }` if it is to speak TLS
 * - `ready`: waits until it listens, unless false
 */
export async function startNopar({ name = 'nopar', home, upstream, threads = 1, core, accessLog, certificate, ready = true, settings = {} }) {
  const port = await freePort();
  const program = await start(process.env.NOPAR_BINARY, [], {
    core,
    cwd: home,
    env: {
      PATH: process.env.PATH,
      HOME: home,
      NOPAR_HOME: home,
      NOPAR_HOSTNAME: '127.0.0.1',
      NOPAR_PORT: String(port),
      NOPAR_FORWARDER_URL: upstream,
      NOPAR_CACHE_PATH: path.join(home, 'cache'),
      NOPAR_REGISTRY_PATH: path.join(home, 'registry'),
      NOPAR_THREADS: String(threads),
      NOPAR_ACCESS_LOG: accessLog ? 'yes' : 'no',
      ...(accessLog ? { NOPAR_LOGFILE: accessLog } : {}),
      ...(certificate ? { NOPAR_TLS_CERT: certificate.cert, NOPAR_TLS_KEY: certificate.key } : {}),
      ...settings,
    },
    ready: ready ? port : undefined,
  });
  return { name, port, pid: program.pid, host: `127.0.0.1:${port}`, stop: () => program.stop(), program };
}
