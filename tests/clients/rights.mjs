// Who may do what: a package manager publishes, changes owners and installs as people who may, and as those who may not.
// Knows nothing of how rights are kept: it looks at what the client says, and at what is installed and published.

import { installAll } from './consumer.mjs';
import { joined } from './member.mjs';
import { check, expect } from './report.mjs';
import { SCOPE } from './staff.mjs';

/** Publishes that are refused, and one that is not: the package is there then, with one version. */
export async function checkPublishing(one, name) {
  await check(`${one.name}: publish of ${name} by nobody in particular is refused`, () => {
    return one.isRefused(one.nobody(), name, '1.0.0', /log(?:ged)?[ -]?in|ENEEDAUTH|authenticat|unauthorized|missing auth/i);
  });
  for (const role of ['reader', 'stranger']) {
    await check(`${one.name}: publish of ${name} by a ${role} is refused, and says to whom`, async () => {
      await one.isRefused(await one.as(role), name, '1.0.0', new RegExp(`${one.person(role)} may not publish`));
    });
  }
  return check(`${one.name}: publish of ${name} by who may`, async () => {
    await one.publishes(await one.as('user'), name, '1.0.0');
    const owners = await one.owners(name);
    expect(owners.join() === one.user, `its owners are ${owners}`);
    return true;
  });
}

/** Owners come and go; who is nobody does not, and the last one does not go. */
export async function checkOwners(one, name) {
  const { owners } = one.acts;
  if (!owners) return;
  const friend = one.person('guarded');
  const project = await one.as('user');
  const fails = async (args, words) => {
    const { code, output } = await project.run(args);
    expect(code !== 0 && words.test(joined(output)), `it ended with ${code}:\n${output}`);
  };
  await check(`${one.name}: owner add and rm of ${name}`, async () => {
    await project.succeed(owners.add(friend, name));
    const { output } = await project.succeed(owners.list(name));
    expect([one.user, friend].every((each) => output.includes(each)), output);
    await project.succeed(owners.remove(friend, name));
    const left = await one.owners(name);
    expect(left.join() === one.user, `its owners are ${left}`);
  });
  await check(`${one.name}: owner add of who is no user is refused`, async () => {
    await fails(owners.add('nobody-here', name), /nobody-here|404|not found/i);
    const left = await one.owners(name);
    expect(left.join() === one.user, `its owners are ${left}`);
  });
  await check(`${one.name}: owner rm of the last one is refused`, async () => {
    await fails(owners.remove(one.user, name), /owner|maintainer/i);
    const left = await one.owners(name);
    expect(left.join() === one.user, `its owners are ${left}`);
  });
}

/** What is hidden from somebody looks as if it were not there; who may read it, installs it. */
export async function checkHidden(one, name) {
  const people = { 'nobody in particular': () => one.nobody(), 'a stranger': () => one.as('stranger') };
  for (const [who, come] of Object.entries(people)) {
    await check(`${one.name}: ${name} is not there for ${who}`, async () => {
      const hidden = await refusal(one, await come(), name);
      const absent = await refusal(one, await come(), `${SCOPE}/absent`);
      expect(hidden === absent, `it says\n${hidden}\nand of what is not there\n${absent}`);
    });
  }
  await check(`${one.name}: ${name} is installed by who reads it`, async () => {
    const project = await one.as('reader');
    await installAll(project, one.client, { [name]: '1.0.0' });
    const text = project.installed(name);
    expect(text.includes(`${name} 1.0.0`), `it is ${text}`);
  });
}

/** What the client says when it cannot install a package; neither its name nor what differs from run to run is in it. */
async function refusal(one, project, name) {
  const dependencies = { [name]: '1.0.0' };
  const done = await installAll(project, one.client, dependencies).catch((error) => error);
  expect(done instanceof Error, `${name} is installed`);
  const escaped = [name, name.replace('/', '%2f'), name.replace('/', '%2F')];
  const said = escaped.reduce((text, spelling) => text.replaceAll(spelling, 'NAME'), joined(done.message));
  return said.replaceAll(project.root, 'ROOT').replace(/\d+(?:[.:_-]\d+)*(?:Z|m?s)?/g, 'N');
}
