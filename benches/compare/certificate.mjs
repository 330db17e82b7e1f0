// A certificate of its own for every run, and what a server makes of it.
// Knows nothing of servers but their ports.

import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import tls from 'node:tls';

/** What all servers and clients speak: TLS 1.3 with this cipher, or there is nothing to compare. */
export const CIPHER = 'TLS_AES_256_GCM_SHA384';

/** Makes a certificate and its key in `directory`: `{ cert, key }`, files. */
export function makeCertificate(directory) {
  const [cert, key] = ['cert.pem', 'key.pem'].map((name) => path.join(directory, name));
  execFileSync('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
    '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-out', cert, '-keyout', key,
  ], { stdio: 'ignore' });
  return { cert, key };
}

/** Throws a sentence for a server that agrees to anything else than `CIPHER` and `protocol`. */
export async function sameCipher({ name, port }, protocol) {
  const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: [protocol] });
  try {
    await once(socket, 'secureConnect');
    const found = [socket.getProtocol(), socket.getCipher().name, socket.alpnProtocol].join(' ');
    const wanted = `TLSv1.3 ${CIPHER} ${protocol}`;
    if (found !== wanted) throw new Error(`${name} speaks ${found}, not ${wanted}`);
  } finally {
    socket.destroy();
  }
}
