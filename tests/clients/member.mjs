// One package manager and its people at a registry that has users: who publishes, who reads, who may neither.
// Knows nothing of what is checked.

import { appendFileSync } from 'node:fs';
import path from 'node:path';

import { newToken } from './account.mjs';
import { IDENTITIES } from './identities.mjs';
import { Publisher, writePackage } from './publisher.mjs';
import { PASSWORD } from './publishing.mjs';
import { expect } from './report.mjs';
import { personOf } from './staff.mjs';

/** A client, and the projects in which its people sit. */
export class Member extends Publisher {
  #projects = [];
  /** What it is told to be somebody: its row. */
  means;

  constructor(client, fixture, registry, proxyEnv) {
    super(client, fixture, registry, proxyEnv);
    this.means = IDENTITIES[client.name];
    this.#projects.push(this.project);
  }

  get name() {
    return this.client.name;
  }

  person(role) {
    return personOf(this.client, role);
  }

  /** A token of the client's person in this role, as a login gets it. */
  tokenOf(role) {
    return newToken(this.registry.url, this.person(role));
  }

  /** A project of nobody in particular, until it goes. */
  nobody(url = this.registry.url) {
    const project = this.newProject(url);
    this.#projects.push(project);
    return project;
  }

  /** A project whose client shows this token. */
  holding(token) {
    return this.#showing(this.means.shows(this.registry.url, token));
  }

  /** A project of the person in this role. */
  async as(role) {
    return this.holding(await this.tokenOf(role));
  }

  /** A project of the person in this role, whose client shows the password with each request. */
  withPassword(role) {
    return this.#showing(this.means.showsPassword(this.registry.url, this.person(role), PASSWORD));
  }

  /** Makes a project one that can be published, and hands its arguments to `act`: what comes of these. */
  async offer(project, name, version, act) {
    writePackage(project, name, version, `module.exports = '${name} ${version}';\n`);
    if (this.acts.prepare) await project.succeed(this.acts.prepare);
    return act(this.acts.publish());
  }

  /** Throws unless a project's publish succeeds, with these environment variables. */
  async publishes(project, name, version, variables) {
    await this.offer(project, name, version, (args) => project.succeed(args, variables));
  }

  /** Throws unless a project's publish fails, and its client says what matches. */
  async isRefused(project, name, version, words) {
    const { code, output } = await this.offer(project, name, version, (args) => project.run(args));
    expect(code !== 0 && words.test(joined(output)), `it ended with ${code}, and does not say ${words}:\n${output}`);
  }

  /** The names of a package's owners. */
  async owners(name) {
    return (await this.document(name)).maintainers.map((owner) => owner.name);
  }

  /** They go, and leave nothing. */
  async go() {
    for (const project of this.#projects) await project.remove();
  }

  #showing([file, lines]) {
    const project = this.nobody();
    appendFileSync(path.join(project.directory, file), lines);
    return project;
  }
}

/** What a client says, whose lines are broken and framed. */
export function joined(output) {
  return output.replace(/[\s│]+/g, ' ');
}
