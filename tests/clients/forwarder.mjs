// A transparent, counting upstream on loopback: passes every request to the npm registry this
// user has configured, and can be cut off, refuse, or answer with a fault, to play an upstream that
// is gone or fails.
// Rewrites nothing; knows nothing of packages.

import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { pipeline } from 'node:stream';

/** Few enough that a registry shared by many is not bothered by a test. */
const MAX_SOCKETS = 8;

/** RFC 9110 §7.6.1: these speak of one connection, not of the message. */
const HOP_BY_HOP = new Set([
  'connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection',
  'te', 'trailer', 'transfer-encoding', 'upgrade',
]);

/** What `npm config get` says, or undefined where nothing is set. */
export function npmConfig(key) {
  // Warnings about the user's other settings go to stderr and mean nothing here.
  const options = { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] };
  const value = execFileSync('npm', ['config', 'get', key], options).trim();
  return value === '' || value === 'null' || value === 'undefined' ? undefined : value;
}

/**
 * Starts a forwarder on a free port, to the configured registry unless another is named.
 * `keepsHost`: a registry whose addresses follow `Host` gives out those of the forwarder.
 */
export async function startForwarder(registry = npmConfig('registry'), cafile = npmConfig('cafile'), keepsHost = false) {
  const forwarder = new Forwarder(new URL(registry), cafile, keepsHost);
  await forwarder.listen();
  return forwarder;
}

class Forwarder {
  #registry;
  #host;
  #transport;
  #agent;
  #cut = false;
  #port = 0;
  #server = http.createServer((request, response) => this.#forward(request, response));
  /** Requests answered, as `METHOD /path` → how many. */
  requests = new Map();
  /** Where set, `(request, response)` that answers in place of the registry. */
  fault;
  /** Requests answered by a fault. */
  faulted = 0;
  /** Connections tried since the cut: even one without a request is an attempt. */
  attemptsSinceCut = 0;

  constructor(registry, cafile, keepsHost) {
    this.#registry = registry;
    this.#host = keepsHost ? undefined : registry.host;
    this.#transport = registry.protocol === 'https:' ? https : http;
    const ca = cafile && registry.protocol === 'https:' ? readFileSync(cafile) : undefined;
    this.#agent = new this.#transport.Agent({ keepAlive: true, maxSockets: MAX_SOCKETS, ca });
    this.#server.on('connection', (socket) => this.#admit(socket));
  }

  get url() {
    return `http://127.0.0.1:${this.#port}/`;
  }

  /** How many requests there were. */
  get total() {
    return [...this.requests.values()].reduce((sum, times) => sum + times, 0);
  }

  /** Takes connections: on a free port, and after `refuse` on that one again. */
  async listen() {
    await once(this.#server.listen(this.#port, '127.0.0.1'), 'listening');
    this.#port = this.#server.address().port;
  }

  /** Takes no connections until it listens again: they are refused. */
  refuse() {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    return closed;
  }

  /** From now on the upstream is gone: open connections end, new ones are counted and dropped. */
  cut() {
    this.#cut = true;
    this.#server.closeAllConnections();
  }

  /** Ends everything; the port is free afterwards. */
  stop() {
    this.#agent.destroy();
    return this.refuse();
  }

  #admit(socket) {
    if (!this.#cut) return;
    this.attemptsSinceCut += 1;
    socket.destroy();
  }

  #forward(request, response) {
    const key = `${request.method} ${request.url}`;
    this.requests.set(key, (this.requests.get(key) ?? 0) + 1);
    if (this.fault) {
      this.faulted += 1;
      request.resume();
      return this.fault(request, response);
    }
    const upstream = this.#transport.request({
      protocol: this.#registry.protocol,
      hostname: this.#registry.hostname,
      port: this.#registry.port,
      path: this.#registry.pathname.replace(/\/$/, '') + request.url,
      method: request.method,
      headers: endToEnd(request.rawHeaders, this.#host),
      agent: this.#agent,
    });
    upstream.on('response', (answer) => {
      response.writeHead(answer.statusCode, answer.statusMessage, endToEnd(answer.rawHeaders));
      pipeline(answer, response, () => {});
    });
    upstream.on('error', (error) => {
      if (response.headersSent) return response.destroy();
      response.writeHead(502, { 'content-type': 'text/plain' }).end(`forwarder: ${error.message}\n`);
    });
    // A caller that hangs up takes its upstream request with it.
    response.on('close', () => upstream.destroy());
    pipeline(request, upstream, () => {});
  }
}

/** Raw header pairs without the hop-by-hop ones, `Host` replaced where one is given. */
function endToEnd(raw, host) {
  const named = new Set(HOP_BY_HOP);
  for (let i = 0; i < raw.length; i += 2) {
    if (raw[i].toLowerCase() !== 'connection') continue;
    for (const name of raw[i + 1].split(',')) named.add(name.trim().toLowerCase());
  }
  const kept = host ? ['Host', host] : [];
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i].toLowerCase();
    if (!named.has(name) && !(host && name === 'host')) kept.push(raw[i], raw[i + 1]);
  }
  return kept;
}
