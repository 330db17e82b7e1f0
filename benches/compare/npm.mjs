// The headers of a real npm (10.9), so that every server parses what it has to parse in life.
// Knows nothing of what is asked for.

const COMMON = {
  'user-agent': 'npm/10.9.2 node/v22.12.0 linux x64 workspaces/false',
  'npm-auth-type': 'web',
  'npm-command': 'install',
  'pacote-version': '19.0.1',
};

/** `npm install` asking for a packument in the abbreviated form. */
export function packumentHeaders(name) {
  return {
    ...COMMON,
    'pacote-req-type': 'packument',
    'pacote-pkg-id': `registry:${name}`,
    accept: 'application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*',
    'accept-encoding': 'gzip',
  };
}

/** `npm install` asking for a tarball. */
export function tarballHeaders(id) {
  return {
    ...COMMON,
    'pacote-req-type': 'tarball',
    'pacote-pkg-id': `registry:${id}`,
    accept: '*/*',
    'accept-encoding': 'gzip',
  };
}

/** The same request from a client that cannot unpack. */
export function identity({ 'accept-encoding': _, ...headers }) {
  return headers;
}
