// One package manager as somebody who uses more of a registry than its packages: what it is told, and its projects.
// Knows nothing of what is checked.

import { Project } from './client.mjs';
import { installAll } from './consumer.mjs';
import { PUBLISHING } from './publishing.mjs';
import { check, expectNone } from './report.mjs';
import { SERVICES } from './services.mjs';
import { startTrap } from './trap.mjs';

export class Customer {
  #fixture;
  #installed = new Map();
  #projects = [];
  client;
  /** What it is told: its row. */
  acts;
  /** `url` is where its registry is. */
  registry;
  trap;

  /** One of this client; `fixture` is what its projects begin with. */
  static async come(client, fixture, registry) {
    const customer = new Customer();
    customer.#fixture = fixture;
    Object.assign(customer, { client, acts: SERVICES[client.name], registry, trap: await startTrap() });
    return customer;
  }

  get name() {
    return this.client.name;
  }

  /** An empty project, until it goes. */
  newProject() {
    // What was published a moment ago is old enough.
    const settings = PUBLISHING[this.client.name]?.environment;
    const project = new Project(this.client, this.#fixture, this.registry.url, this.trap.env, settings);
    project.write(this.acts.files ?? {});
    this.#projects.push(project);
    return project;
  }

  /** The project that has these dependencies, name → range, installed; where there is none, it is made. */
  async projectWith(dependencies) {
    const key = JSON.stringify(dependencies);
    if (!this.#installed.has(key)) {
      const project = this.newProject();
      await installAll(project, this.client, dependencies);
      this.#installed.set(key, project);
    }
    return this.#installed.get(key);
  }

  /** It goes, and leaves nothing. */
  async go() {
    for (const project of this.#projects) await project.remove();
    await check(`${this.name}: no request left the machine`, () => expectNone(this.trap.caught, 'these did'));
    await this.trap.stop();
  }
}
