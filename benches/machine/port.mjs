// TCP ports on loopback: a free one, and waiting until a program listens on one.
// Knows nothing of what is said there.

import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as after } from 'node:timers/promises';

/** Between two tries to connect. */
const AGAIN_MS = 10;

/** A port nobody listens on now, for programs that cannot take port 0 themselves (nginx). */
export async function freePort() {
  const server = net.createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Waits until somebody listens on `port`; fails after `limitMs`, or when `over` is aborted. */
export async function waitForPort(port, limitMs, over) {
  const late = performance.now() + limitMs;
  while (!(await listens(port))) {
    if (performance.now() > late) throw new Error(`nobody listens on port ${port} after ${limitMs} ms`);
    await after(AGAIN_MS, undefined, { signal: over });
  }
}

function listens(port) {
  return new Promise((resolve) => {
    const socket = net.connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
