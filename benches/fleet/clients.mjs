// The requests of npm 11 and pnpm 12, as they were seen on the wire.
// Knows nothing of what answers them.

const AGENTS = {
  npm: 'npm/11.19.1 node/v20.20.2 linux x64 workspaces/false',
  pnpm: 'pnpm/12.21.0 npm/? node/? linux x64',
};

const ABBREVIATED = 'application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*';

/** Which form of a packument each client asks for. */
export const FORMS = { npm: 'full', pnpm: 'abbreviated' };

/** The head of a request for a packument; `known` (`{ etag, modified }`) is what the client holds of it. */
export function packumentRequest(client, port, name, known) {
  const headers = client === 'npm' ? npm('packument', `registry:${name}`, 'application/json') : pnpm(ABBREVIATED, 'zstd,gzip,deflate');
  // NOPAR speaks gzip; who offers more is answered the same.
  if (known?.etag) headers.push(`if-none-match: ${known.etag}`);
  if (known?.modified && client === 'npm') headers.push(`if-modified-since: ${known.modified}`);
  const encoded = name.replace('/', client === 'npm' ? '%2f' : '%2F');
  return text(`/${encoded}`, headers, port);
}

/** The head of a request for the tarball at `path`. */
export function tarballRequest(client, port, path) {
  const headers = client === 'npm' ? npm('tarball', `remote:http://127.0.0.1:${port}${path}`, '*/*') : pnpm('*/*', 'identity');
  return text(path, headers, port);
}

function npm(kind, id, accept) {
  return [
    `user-agent: ${AGENTS.npm}`, 'pacote-version: 21.5.1', `pacote-req-type: ${kind}`, `pacote-pkg-id: ${id}`,
    `accept: ${accept}`, 'npm-auth-type: web', 'npm-command: install', 'Accept-Encoding: gzip,deflate',
  ];
}

function pnpm(accept, encoding) {
  return [`user-agent: ${AGENTS.pnpm}`, `accept: ${accept}`, `accept-encoding: ${encoding}`];
}

function text(path, headers, port) {
  return `GET ${path} HTTP/1.1\r\n${[...headers, `Host: 127.0.0.1:${port}`, 'connection: keep-alive'].join('\r\n')}\r\n\r\n`;
}
