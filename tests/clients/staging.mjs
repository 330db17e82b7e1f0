// A package manager stages versions, looks at what waits, and approves or rejects it.
// Knows nothing of where they wait: it looks at what the client says, and at the documents that anybody can read.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { signIn } from './account.mjs';
import { expectInstalled, installAll } from './consumer.mjs';
import { check, expect } from './report.mjs';

const ID = /\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/;

/**
 * All that can become of a staged version; `one` is a publisher, `staging` how it stages, with `failing` for what may fail,
 * `name` a package that is not there.
 */
export async function checkStaging(one, staging, name) {
  const label = `${one.client.name}: stage of ${name}`;
  if (!await check(`${one.client.name}: it is logged in`, () => signIn(one, one.project, one.registry.url))) return;
  const staged = new Staged(one, staging, name);
  const id = await checkWaits(staged, label);
  if (!id) return;
  const digest = staging.download && await checkDownload(staged, label, id);
  await checkApproved(staged, label, id, digest);
  await checkRejected(staged, label);
  await checkOvertaken(staged, label);
}

async function checkWaits(staged, label) {
  return check(`${label}: it waits, and nobody sees it`, async () => {
    const id = await staged.stage('1.0.0');
    const versions = await staged.versions();
    expect(versions.length === 0, `it has the versions ${versions}`);
    return id;
  });
}

async function checkDownload({ one, staging, name }, label, id) {
  await check(`${label}: view tells what it is`, async () => {
    const { output } = await one.project.succeed(staging.view(id));
    for (const words of [id, name, '1.0.0']) expect(output.includes(words), output);
  });
  return check(`${label}: its tarball can be had`, async () => {
    await one.project.succeed(staging.download(id));
    const file = readdirSync(one.project.directory).find((each) => each.includes(id));
    expect(file, `there is no file with ${id} in its name, but ${readdirSync(one.project.directory).join(', ')}`);
    const bytes = readFileSync(path.join(one.project.directory, file));
    // What is packed next must not hold it.
    one.project.forget(file);
    return `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
  });
}

async function checkApproved(staged, label, id, digest) {
  const { one, staging, name } = staged;
  await check(`${label}: approved, it is there${digest ? ', and is what was downloaded' : ''}`, async () => {
    await one.project.succeed(staging.approve(id));
    const { dist } = (await one.document(name)).versions['1.0.0'];
    expect(!digest || dist.integrity === digest, `its digest is ${dist.integrity}, and was ${digest}`);
    await staged.expectGone(id);
  });
  await check(`${label}: approved, it can be installed`, async () => {
    const consumer = one.newProject(one.registry.url);
    await installAll(consumer, one.client, { [name]: '1.0.0' });
    expectInstalled(consumer, { [name]: one.published(name, '1.0.0') });
    await consumer.remove();
  });
}

async function checkRejected(staged, label) {
  const { one, staging } = staged;
  await check(`${label}: rejected, it is gone`, async () => {
    const id = await staged.stage('1.1.0');
    await one.project.succeed(staging.reject(id));
    await staged.expectGone(id);
    const { code, output } = await one.project.run(staging.approve(id));
    expect(code !== 0 && output.includes('404'), `to approve it all the same ended with ${code}:\n${output}`);
    const versions = await staged.versions();
    expect(versions.join() === '1.0.0', `it has the versions ${versions}`);
  });
}

async function checkOvertaken(staged, label) {
  const { one, staging, name } = staged;
  await check(`${label}: a version that was published meanwhile cannot be approved`, async () => {
    const id = await staged.stage('1.2.0');
    await one.publish(name, '1.2.0');
    const before = JSON.stringify(await one.document(name));
    const { code, output } = await one.project.run(staging.approve(id), staging.failing);
    expect(code !== 0 && output.includes('409'), `it ended with ${code}:\n${output}`);
    expect(JSON.stringify(await one.document(name)) === before, 'the package has changed all the same');
    await one.project.succeed(staging.reject(id));
    await staged.expectGone(id);
  });
}

class Staged {
  one;
  staging;
  name;

  constructor(one, staging, name) {
    Object.assign(this, { one, staging, name });
  }

  /** Stages a version, and finds it in the list: its identifier. */
  async stage(version) {
    await this.one.submit(this.name, version, this.staging.publish);
    const { output } = await this.#list();
    const id = output.match(ID)?.[0];
    expect(id && output.includes(this.name) && output.includes(version), `the list is:\n${output}`);
    return id;
  }

  async expectGone(id) {
    const { output } = await this.#list();
    expect(!output.includes(id), `it still waits:\n${output}`);
  }

  /** The versions that anybody sees. */
  async versions() {
    const response = await fetch(new URL(encodeURIComponent(this.name), this.one.registry.url));
    return response.status === 404 ? [] : Object.keys((await response.json()).versions);
  }

  #list() {
    return this.one.project.succeed(this.staging.list(this.name));
  }
}
