// Real package managers use NOPAR as a registry of their own: they log in, publish, install what they published, ask
// about it, change it, and take it back. `--full` has each do all of it with a scope and without; names of clients choose among
// them.
// Knows nothing of how NOPAR does it: it looks at exit codes, at what the clients say, at the documents that anybody
// can read, and at what was asked of the registry behind.

import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { checkAccount, signIn } from './account.mjs';
import { checkAttested } from './attested.mjs';
import { checkChanges } from './changes.mjs';
import { chosenClients, eachClient } from './clients.mjs';
import { expectInstalled, installAll } from './consumer.mjs';
import { PACKAGE, startDated } from './dated.mjs';
import { makeHome, startNopar } from './nopar.mjs';
import { Publisher } from './publisher.mjs';
import { PUBLISHING } from './publishing.mjs';
import { checkQuestions } from './questions.mjs';
import { check, close, expect, expectNone } from './report.mjs';
import { startTrap } from './trap.mjs';

const { values, positionals } = parseArgs({ options: { full: { type: 'boolean' } }, allowPositionals: true });

/** The scope of names that are NOPAR's from the start. */
const CLAIMED = '@hosted';
const SETTINGS = { NOPAR_LOCAL_PACKAGES: `${CLAIMED}/*`, NOPAR_MAX_BODY: '64KiB' };
const TOO_MANY_BYTES = 128 * 1024;

/** npm tries a failed request again after 10 s: an answer within this was not tried again. */
const NO_RETRY_SECONDS = 9;

const registry = await startDated({ '1.0.0': new Date() });
const home = makeHome();
const fixture = mkdtempSync(path.join(os.tmpdir(), 'nopar-publish-'));
const nopar = await check('NOPAR starts', () => startNopar(home, registry.url, SETTINGS));
if (nopar) {
  await eachClient(chosenClients(positionals).filter(({ name }) => name in PUBLISHING), tryClient);
  await check('NOPAR stops when told to', async () => {
    const { code } = await nopar.stop();
    expect(code === 0, `it ended with ${code}\n${nopar.log.slice(-2000)}`);
  });
}
await registry.stop();
home.remove();
rmSync(fixture, { recursive: true });
close();

async function tryClient(client) {
  const trap = await startTrap();
  const one = new Publisher(client, fixture, nopar, trap.env);
  await checkAccount(one);
  const isSomebody = await check(`${client.name}: it is logged in`, () => signIn(one, one.project, nopar.url));
  if (isSomebody) await tryPublishing(one);
  await one.project.remove();
  await check(`${client.name}: no request left the machine`, () => expectNone(trap.caught, 'these did'));
  await trap.stop();
}

async function tryPublishing(one) {
  const [plain, scoped] = [`plain-${one.client.name}`, `${CLAIMED}/${one.client.name}`];
  const before = await checkPublish(one, plain);
  await checkPublish(one, scoped);
  await checkInstall(one, [plain, scoped]);
  // What a blind client does wrong, it does where there is no scope.
  const changed = one.acts.owners?.blind ? plain : scoped;
  for (const name of values.full ? [plain, scoped] : [changed]) {
    await checkQuestions(one, name);
    await checkChanges(one, name);
    if (one.acts.unpublish) await checkUnpublish(one, name);
  }
  if (one.acts.attest) {
    const attested = `attested-${one.client.name}`;
    const names = [`${CLAIMED}/${attested}`, attested];
    for (const name of values.full ? names : names.slice(0, 1)) await checkAttested(one, name);
  }
  await checkTaken(one);
  await checkTooLarge(one);
  await check(`${one.client.name}: the upstream was not asked for what is hosted`, () => {
    expectNone(asked(scoped), `it was asked for ${scoped}`);
    // Whether it has a name that nobody claimed is not known otherwise.
    expect(before.length > 0, `it was not asked for ${plain} before that was published`);
    expectNone(asked(plain).slice(before.length), `it was asked for ${plain}, once that was published`);
  });
}

// What had been asked of the upstream for the name when its first version was there.
async function checkPublish(one, name) {
  const label = `${one.client.name}: publish of ${name}`;
  await check(`${label}, its first version as beta`, async () => {
    await one.publish(name, '1.0.0', 'beta');
    await one.expectTags(name, { beta: '1.0.0', latest: '1.0.0' });
    // Anybody may publish, and somebody whose token got lost is anybody.
    const { maintainers } = await one.document(name);
    expect(maintainers.map((owner) => owner.name).join() === one.user, `its owners are ${JSON.stringify(maintainers)}`);
  });
  const before = asked(name);
  await check(`${label}, a newer version`, async () => {
    await one.publish(name, '1.1.0');
    await one.expectTags(name, { beta: '1.0.0', latest: '1.1.0' });
    const { output } = await one.project.succeed(one.acts.view(name));
    expect(output.includes('1.1.0'), `it is not seen at once:\n${output}`);
  });
  await check(`${label}, a version that is there, is refused`, async () => {
    const document = await one.document(name);
    await one.expectRefused(name, '1.1.0', 'previously published');
    expect(JSON.stringify(await one.document(name)) === JSON.stringify(document), 'it has changed all the same');
  });
  return before;
}

async function checkInstall(one, names) {
  const consumer = one.newProject(nopar.url);
  const of = (what) => Object.fromEntries(names.map((name) => [name, what(name)]));
  const install = () => installAll(consumer, one.client, of(() => '^1.0.0'));
  const done = await check(`${one.client.name}: install of both`, install);
  if (done) {
    await check(`${one.client.name}: what is installed is what was published`, () => {
      expectInstalled(consumer, of((name) => one.published(name, '1.1.0')));
    });
  }
  await consumer.remove();
}

async function checkUnpublish(one, name) {
  const label = `${one.client.name}: unpublish of ${name}`;
  await check(`${label}, one version`, async () => {
    await one.project.succeed(one.acts.unpublish(`${name}@1.1.0`));
    const { versions, 'dist-tags': tags } = await one.document(name);
    expect(Object.keys(versions).join() === '1.0.0', `it has the versions ${Object.keys(versions)}`);
    expect(tags.latest === '1.0.0', `latest is ${tags.latest}`);
    const { output } = await one.project.succeed(one.acts.view(name));
    expect(/^1\.0\.0$/m.test(output), output);
  });
  await check(`${label}, that version does not come back`, () => {
    return one.expectRefused(name, '1.1.0', 'previously published');
  });
  await check(`${label}, all of it`, () => one.project.succeed(one.acts.unpublish(name)));
  const before = asked(name).length;
  await check(`${label}: view is a quick 404, and the upstream is not asked`, async () => {
    const { code, output, seconds } = await one.project.run(one.acts.view(name));
    expect(code !== 0 && output.includes('404'), `it ended with ${code}:\n${output}`);
    expect(seconds < NO_RETRY_SECONDS, `it took ${seconds.toFixed(1)} s`);
    expectNone(asked(name).slice(before), 'it was');
  });
}

async function checkTaken(one) {
  await check(`${one.client.name}: publish of a name that the upstream has says how to claim it`, () => {
    return one.expectRefused(PACKAGE, '2.0.0', `add ${PACKAGE} to NOPAR_LOCAL_PACKAGES`);
  });
}

async function checkTooLarge(one) {
  const name = `${CLAIMED}/large-${one.client.name}`;
  await check(`${one.client.name}: publish of too much says which limit it is`, async () => {
    // Not compressible, so that its tarball is as large.
    writeFileSync(path.join(one.project.directory, 'large.bin'), randomBytes(TOO_MANY_BYTES));
    await one.expectRefused(name, '1.0.0', 'NOPAR_MAX_BODY');
    one.project.forget('large.bin');
  });
}

/** What was asked of the upstream for a package so far. */
function asked(name) {
  const is = ({ request }) => decodeURIComponent(request.split(' ')[1]).split('/-/')[0].slice(1) === name;
  return registry.requests.filter(is).map(({ request }) => request);
}
