// The ways in which an upstream fails, each as an answer to any request.
// Knows nothing of who asks, or of what the right answer would be.

const JSON_TYPE = { 'content-type': 'application/json' };

/** Starts like any packument, so that what is wrong shows only later. */
const BEGINNING = '{"_id":"a","name":"a","dist-tags":{"latest":"1.0.0"},"versions":{"1.0.0":{"name":"a",';

/** Enough for one write of an endless body. */
const MORE = Buffer.alloc(64 * 1024, ' ');

/** What keeps a copy in use: name → `(request, response)`. */
export const FAULTS = {
  reset: (request) => request.socket.resetAndDestroy(),
  'cut mid-body': (request, response) => {
    response.writeHead(200, { ...JSON_TYPE, 'content-length': 10_000 });
    response.write(BEGINNING, () => request.socket.destroy());
  },
  'cut mid-chunk': (request) => request.socket.end(`${head('transfer-encoding: chunked')}2710\r\n${BEGINNING}`),
  'says too much': (request) => request.socket.write(head('content-length: 10000') + BEGINNING),
  'says too little': (request) => request.socket.write(head('content-length: 20') + BEGINNING),
  'never answers': () => {},
  'stops mid-body': (request, response) => response.writeHead(200, JSON_TYPE).write(BEGINNING),
  500: status(500),
  502: status(502),
  503: status(503, { 'retry-after': '1' }),
  504: status(504),
  429: status(429, { 'retry-after': '1' }),
  401: status(401, { 'www-authenticate': 'Bearer' }),
  403: status(403),
  'a web page': (request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Sign in</title>');
  },
  'another package': (request, response) => {
    const manifest = { name: 'another-package', version: '1.0.0', dist: { tarball: 'http://registry.example/a.tgz' } };
    const packument = { name: manifest.name, 'dist-tags': { latest: '1.0.0' }, versions: { '1.0.0': manifest } };
    response.writeHead(200, JSON_TYPE).end(JSON.stringify(packument));
  },
  endless: (request, response) => {
    response.writeHead(200, JSON_TYPE).write(BEGINNING);
    // Until nobody listens.
    const go = (error) => error || response.destroyed || response.write(MORE, go);
    go();
  },
};

/** What is believed: the package is gone. */
export const ABSENCES = { 404: status(404), 410: status(410), 451: status(451) };

/** One fault after another. */
export function mixed() {
  const faults = Object.values(FAULTS);
  let next = 0;
  return (request, response) => faults[next++ % faults.length](request, response);
}

function status(code, headers = {}) {
  return (request, response) => response.writeHead(code, { ...JSON_TYPE, ...headers }).end('{"error":"as it is told to"}');
}

function head(length) {
  return `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n${length}\r\n\r\n`;
}
