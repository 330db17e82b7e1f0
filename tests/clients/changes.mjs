// A package manager changes what it published: dist-tags, deprecations, owners, stars.
// Knows nothing of how it says that, nor of how it is kept: it looks at lists and at the package's document.

import { check, expect } from './report.mjs';

const FRIEND = 'a-friend';
const MESSAGE = 'take another one';

/** Everything that this client can change of a package, which has the versions 1.0.0 and 1.1.0. */
export async function checkChanges(one, name) {
  const { tags, deprecations, owners, stars, access } = one.acts;
  if (tags) await checkTags(one, name, tags);
  if (deprecations) await checkDeprecations(one, name, deprecations);
  if (owners) await (owners.blind ? checkBlindOwner : checkOwners)(one, name, owners);
  if (stars) await checkStars(one, name, stars);
  if (access) await checkAccess(one, name, access);
  if (access?.collaborators) await checkCollaborators(one, name, access);
}

async function checkTags(one, name, { add, list, remove }) {
  await check(`${one.client.name}: dist-tags of ${name}`, async () => {
    await one.project.succeed(add(`${name}@1.0.0`, 'next'));
    await one.expectTags(name, { beta: '1.0.0', latest: '1.1.0', next: '1.0.0' });
    const { output } = await one.project.succeed(list(name));
    for (const tag of ['beta', 'latest', 'next']) expect(output.includes(tag), `${tag} is missing:\n${output}`);
    await one.project.succeed(remove(name, 'next'));
    await one.expectTags(name, { beta: '1.0.0', latest: '1.1.0' });
  });
}

async function checkDeprecations(one, name, { set, unset }) {
  const deprecated = async () => {
    const { versions } = await one.document(name);
    return Object.values(versions).map((manifest) => manifest.deprecated);
  };
  await check(`${one.client.name}: deprecate of a version of ${name}, and back`, async () => {
    await one.project.succeed(set(`${name}@1.0.0`, MESSAGE));
    let now = await deprecated();
    expect(now[0] === MESSAGE && now[1] === undefined, `deprecated are ${JSON.stringify(now)}`);
    await one.project.succeed(unset(`${name}@1.0.0`));
    now = await deprecated();
    expect(now.every((each) => each === undefined), `deprecated are ${JSON.stringify(now)}`);
  });
}

async function checkOwners(one, name, { add, list, remove }) {
  const expectOwners = async (...expected) => {
    const { maintainers } = await one.document(name);
    const names = maintainers.map((owner) => owner.name);
    expect(names.join() === expected.join(), `the owners are ${names}`);
    const { output } = await one.project.succeed(list(name));
    for (const owner of expected) expect(output.includes(owner), `${owner} is missing:\n${output}`);
  };
  await check(`${one.client.name}: owners of ${name}`, async () => {
    await expectOwners(one.user);
    await one.project.succeed(add(FRIEND, name));
    await expectOwners(one.user, FRIEND);
    await one.project.succeed(remove(FRIEND, name));
    await expectOwners(one.user);
  });
}

// It may be told that it cannot add one like that; it may not have thrown out the others.
async function checkBlindOwner(one, name, { add, list }) {
  await check(`${one.client.name}: owners of ${name}, of whom none is lost`, async () => {
    await one.project.run(add(FRIEND, name));
    const { maintainers } = await one.document(name);
    expect(maintainers.some((owner) => owner.name === one.user), `they are ${JSON.stringify(maintainers)}`);
    const { output } = await one.project.succeed(list(name));
    expect(output.includes(one.user), output);
  });
}

async function checkStars(one, name, { set, unset, list }) {
  const starred = async () => Object.keys((await one.document(name)).users ?? {});
  await check(`${one.client.name}: star of ${name}`, async () => {
    await one.project.succeed(set(name));
    const now = await starred();
    expect(now.join() === one.user, `it is starred by ${JSON.stringify(now)}`);
  });
  await check(`${one.client.name}: stars`, async () => {
    const { output } = await one.project.succeed(list);
    expect(output.includes(name), output);
  });
  await check(`${one.client.name}: unstar of ${name}`, async () => {
    await one.project.succeed(unset(name));
    const now = await starred();
    expect(now.length === 0, `it is starred by ${JSON.stringify(now)}`);
  });
}

async function checkAccess(one, name, { status, open, packages }) {
  const isPublic = async (args) => {
    const { output } = await one.project.succeed(args);
    expect(output.includes(name) && output.includes('public'), output);
  };
  await check(`${one.client.name}: access of ${name} is public`, () => isPublic(status(name)));
  // Of others it is never set: clients refuse that themselves.
  if (name.startsWith('@')) {
    await check(`${one.client.name}: access of ${name} is set to public`, () => isPublic(open(name)));
  }
  await check(`${one.client.name}: ${name} is among the packages of its owner`, async () => {
    const { output } = await one.project.succeed(packages(one.user));
    const line = output.split('\n').find((each) => each.includes(`${name}:`)) ?? '';
    expect(line.includes('write'), output);
  });
}

async function checkCollaborators(one, name, { collaborators }) {
  await check(`${one.client.name}: collaborators of ${name}`, async () => {
    const { output } = await one.project.succeed(collaborators(name));
    expect(output.includes(one.user) && output.includes('read-write'), output);
  });
}
