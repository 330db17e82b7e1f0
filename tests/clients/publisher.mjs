// One package manager as somebody who publishes: its user, its project, and what came of it.
// Knows nothing of NOPAR but that it is a registry whose documents anybody can read, or who shows what it is told.

import { Project } from './client.mjs';
import { PUBLISHING } from './publishing.mjs';
import { expect } from './report.mjs';

/** A client, its user and the project of its packages. */
export class Publisher {
  #fixture;
  #proxyEnv;
  #published = new Map();
  #text;
  client;
  /** What it is told: its row. */
  acts;
  user;
  registry;
  project;

  /** `registry` has a `url`, and may have `headers` by which its documents are read. */
  constructor(client, fixture, registry, proxyEnv) {
    this.#fixture = fixture;
    this.#proxyEnv = proxyEnv;
    this.client = client;
    this.acts = PUBLISHING[client.name];
    this.user = `${client.name}-user`;
    this.registry = registry;
    this.project = this.newProject(registry.url);
  }

  /** Another project of the same client, with a home of its own. */
  newProject(url) {
    return new Project(this.client, this.#fixture, url, this.#proxyEnv, this.acts.environment);
  }

  /** Publishes, and throws the client's words unless that succeeds. */
  async publish(name, version, tag) {
    await this.submit(name, version, this.acts.publish(tag));
  }

  /** Hands a version in by these arguments, whatever becomes of it, and throws the client's words unless that succeeds. */
  async submit(name, version, args) {
    await this.#prepare(name, version);
    await this.project.succeed(args);
    this.#published.set(`${name}@${version}`, this.#text);
  }

  /** Throws unless a publish fails, and the client says these words. */
  async expectRefused(name, version, words) {
    await this.#prepare(name, version);
    const { code, output } = await this.project.run(this.acts.publish());
    // Clients break their lines, also within words, and frame them.
    const [said, expected] = [output, words].map((text) => text.replace(/[\s│]+/g, ''));
    expect(code !== 0 && said.includes(expected), `it ended with ${code}:\n${output}`);
  }

  /** The text of `index.js` in what was published. */
  published(name, version) {
    return this.#published.get(`${name}@${version}`);
  }

  /** The package's document. */
  async document(name) {
    const { url, headers } = this.registry;
    const response = await fetch(new URL(encodeURIComponent(name), url), { headers });
    expect(response.ok, `${name} is answered with ${response.status}`);
    return response.json();
  }

  /** Throws unless the package has these dist-tags and no others. */
  async expectTags(name, tags) {
    const { 'dist-tags': now } = await this.document(name);
    const sorted = (map) => JSON.stringify(Object.entries(map).sort());
    expect(sorted(now) === sorted(tags), `it has ${JSON.stringify(now)}`);
  }

  async #prepare(name, version) {
    // No two are the same, so that it shows which of them was installed.
    this.#text = `module.exports = '${name} ${version} ${Math.random()}';\n`;
    writePackage(this.project, name, version, this.#text);
    if (this.acts.prepare) await this.project.succeed(this.acts.prepare);
  }
}

/** Makes a project one that can be published. */
export function writePackage(project, name, version, text = '') {
  const manifest = { name, version, description: 'published by its client', license: 'MIT', main: 'index.js' };
  project.write({ 'package.json': `${JSON.stringify(manifest, null, 2)}\n`, 'index.js': text });
}
