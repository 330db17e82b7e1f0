// What pages are tried on: a NOPAR before an upstream of its own, with copies of packages and packages that are its own.
// Knows nothing of browsers.

import { setTimeout as after } from 'node:timers/promises';

import { makeHome, startNopar } from '../clients/nopar.mjs';
import { expect } from '../clients/report.mjs';
import { HOSTILE, LATER, localPackages, MANY, ORDINARY, upstreamPackages } from './packages.mjs';
import { startUpstream } from './upstream.mjs';

/** What was fetched is on the lists by then. */
const LISTED_LIMIT_MS = 20_000;

/** Copies of these are held with tarballs. */
const UNPACKED = { [ORDINARY]: '2.0.0', [HOSTILE]: '1.0.1', [MANY]: '1.129.0' };

/** Starts it, and fills it; `settings` are environment variables, `prepare(home)` is done before the start. */
export async function openScene(settings = {}, prepare = () => {}) {
  const upstream = await startUpstream(upstreamPackages);
  const home = makeHome();
  prepare(home);
  return new Scene(upstream, home, settings, await startNopar(home, upstream.url, settings));
}

class Scene {
  #settings;
  #nopar;
  upstream;
  home;
  /** The registry's URL, with a slash at its end; another one after a restart. */
  url;

  constructor(upstream, home, settings, nopar) {
    this.upstream = upstream;
    this.home = home;
    this.#settings = settings;
    this.#started(nopar);
  }

  /** All that it has said. */
  get log() {
    return this.#nopar.log;
  }

  /** Where a path of it is. */
  at(path) {
    return new URL(path, this.url).href;
  }

  /** Has it hold copies of what the upstream has, but one. */
  async hold() {
    const names = this.upstream.names.filter((name) => name !== LATER);
    await each(names, async (name) => expectOk(await fetch(this.at(encodeURIComponent(name)))));
    await each(Object.entries(UNPACKED), async ([name, version]) => {
      const response = await fetch(this.at(`${name}/-/${name}-${version}.tgz`));
      await expectOk(response);
    });
    await this.#listed(names.length);
  }

  /** Publishes what is its own, with these headers. */
  async publish(headers = {}) {
    for (const { name, document, tarballs } of localPackages(this.url)) {
      await this.#publish(name, document, tarballs, headers);
    }
  }

  // One version after the other, as package managers do it.
  async #publish(name, { versions, ...document }, tarballs, headers) {
    for (const [version, manifest] of Object.entries(versions)) {
      const file = `${name.split('/').at(-1)}-${version}.tgz`;
      const bytes = tarballs.get(file);
      const body = {
        ...document,
        time: undefined,
        'dist-tags': { latest: version },
        versions: { [version]: manifest },
        _attachments: { [file]: { content_type: 'application/octet-stream', data: bytes.toString('base64'), length: bytes.length } },
      };
      await expectOk(await fetch(this.at(encodeURIComponent(name)), {
        method: 'PUT', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body),
      }));
    }
  }

  // What was fetched a moment ago may be listed a moment later.
  async #listed(count) {
    const end = performance.now() + LISTED_LIMIT_MS;
    const isListed = async () => (await (await fetch(this.at('-/packages/proxied'))).text()).includes(`>${count} packages<`);
    while (!await isListed()) {
      expect(performance.now() < end, `not all ${count} copies are listed`);
      await after(100);
    }
  }

  /** Ends it and starts it again, in the same directories, with these settings besides. */
  async restart(settings = {}) {
    const { code } = await this.#nopar.stop();
    expect(code === 0, `it ended with ${code}`);
    this.#started(await startNopar(this.home, this.upstream.url, { ...this.#settings, ...settings }));
  }

  #started(nopar) {
    this.#nopar = nopar;
    this.url = nopar.url;
  }

  async close() {
    const { code } = await this.#nopar.stop();
    await this.upstream.stop();
    this.home.remove();
    expect(code === 0, `NOPAR ended with ${code}`);
  }
}

async function expectOk(response) {
  const text = await response.text();
  expect(response.ok, `${response.url} is answered with ${response.status}: ${text.slice(0, 300)}`);
}

/** A few at a time. */
async function each(items, act, width = 8) {
  const rest = [...items];
  const next = async () => {
    while (rest.length > 0) await act(rest.shift());
  };
  await Promise.all(Array.from({ length: width }, next));
}
