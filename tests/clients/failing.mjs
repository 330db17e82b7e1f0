// Real package managers install an application that was installed once, without lock file and with
// their caches wiped, while the upstream fails in every way that is known: the copies that NOPAR
// holds are stale, and it has to go on with them. `--full` tries each client with each failure, and
// the large application; names of clients choose among them.
// Knows nothing of how NOPAR does it: it looks at exit codes, at what is installed, and at the log
// for whether stale copies were sent at all.

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { Project } from './client.mjs';
import { chosenClients, eachClient } from './clients.mjs';
import { ABSENCES, FAULTS, mixed } from './faults.mjs';
import { startForwarder } from './forwarder.mjs';
import { makeHome, startNopar } from './nopar.mjs';
import { check, close, expect, expectNone } from './report.mjs';
import { startTrap } from './trap.mjs';
import { installed } from './tree.mjs';

const { values, positionals } = parseArgs({ options: { full: { type: 'boolean' } }, allowPositionals: true });
const clients = chosenClients(positionals);

/** The quickest client: it meets every failure by itself also where the others meet a mixture. */
const QUICKEST = clients.find(({ name }) => name === 'bun') ?? clients[0];

/** Every copy is stale as soon as it is made. */
const STALE = { NOPAR_META_TTL: '0s', NOPAR_STALE_TTL: '0s' };

/** A failure is soon seen to be one; the limits are for what comes from now on, not for the copies. */
const IMPATIENT = {
  NOPAR_CONNECT_TIMEOUT: '500ms',
  NOPAR_READ_TIMEOUT: '500ms',
  NOPAR_FETCH_TIMEOUT: '2s',
  NOPAR_MAX_PACKUMENT: '1MiB',
};

/** Every application here depends on it directly. */
const DEPENDENCY = 'express';

/** A failed upstream is asked again after seconds. */
const AGAIN_LIMIT_MS = 60_000;
const POLL_MS = 50;

/** An install asks for so many packuments at least. */
const FEWEST_STALE = 50;

const trap = await startTrap();
await withCopies('app-small', async (site) => {
  for (const name of Object.keys(FAULTS)) await tryFault(site, name, FAULTS[name], values.full ? clients : [QUICKEST]);
  await tryFault(site, 'a mixture', mixed(), clients);
  await tryRefusal(site, values.full ? clients : [QUICKEST]);
  for (const name of Object.keys(ABSENCES)) await tryAbsence(site, name, values.full ? clients : [QUICKEST]);
});
if (values.full) await withCopies('app', (site) => tryFault(site, 'a mixture', mixed(), clients));
await check('no request left the machine', () => expectNone(trap.caught, 'these did'));
await trap.stop();
close();

// `site`: a NOPAR whose copies of all that the clients need are stale, and for each client a project
// with what is installed in it and its lock file when all is well. A second NOPAR plays the upstream,
// for as long as nothing fails: whatever is asked of it again, the real registry is asked once.
async function withCopies(application, body) {
  const way = await startForwarder();
  const homes = [makeHome(), makeHome()];
  const upstream = await startNopar(homes[0], way.url);
  const forwarder = await startForwarder(upstream.url, '', true);
  const projects = await installAll(application, homes[1], forwarder.url);
  const nopar = await startNopar(homes[1], forwarder.url, { ...STALE, ...IMPATIENT });
  for (const each of projects.values()) {
    each.project.useRegistry(nopar.url);
    each.lock = readFileSync(each.project.lockfile, 'utf8');
  }
  await body({ forwarder, nopar, projects });
  await checkStop(nopar);
  for (const { project } of projects.values()) await project.remove();
  for (const each of [upstream, forwarder, way]) await each.stop();
  for (const home of homes) home.remove();
}

// Client → `{ project, tree, lock }`; a client that fails here is not tried any further.
async function installAll(application, home, upstream) {
  const fixture = path.resolve(import.meta.dirname, '../fixtures', application);
  const nopar = await startNopar(home, upstream, STALE);
  const projects = new Map();
  await eachClient(clients, async (client) => {
    const project = new Project(client, fixture, nopar.url, trap.env);
    await check(`${client.name}: install of ${application}`, () => project.succeed(client.install));
    if (existsSync(project.lockfile)) projects.set(client, { project, tree: installed(project.nodeModules) });
    else await project.remove();
  });
  await checkStop(nopar);
  return projects;
}

async function checkStop(nopar) {
  await check('NOPAR stops when told to', async () => {
    const { code } = await nopar.stop();
    expect(code === 0, `it ended with ${code}\n${nopar.log.slice(-2000)}`);
  });
}

async function tryFault(site, name, fault, those) {
  const { forwarder } = site;
  await beAsked(site);
  forwarder.fault = fault;
  const before = forwarder.faulted;
  await tryStale(site, name, those);
  await check(`upstream: ${name}: it was asked`, () => {
    expect(forwarder.faulted > before, 'it was not');
  });
  forwarder.fault = undefined;
}

// What NOPAR could not have confirmed it does not ask for again at once: waits until that time is over.
async function beAsked({ forwarder, nopar }) {
  const [before, deadline] = [forwarder.total, Date.now() + AGAIN_LIMIT_MS];
  while (forwarder.total === before) {
    expect(Date.now() < deadline, 'NOPAR does not ask the upstream any more');
    await (await fetch(nopar.url + DEPENDENCY)).arrayBuffer();
    await after(POLL_MS);
  }
}

async function tryRefusal(site, those) {
  await site.forwarder.refuse();
  await tryStale(site, 'refuses connections', those);
  await site.forwarder.listen();
}

async function tryStale({ nopar, projects }, name, those) {
  const [before, errors] = [nopar.sentStale, nopar.errors.length];
  await eachClient(those, async (client) => {
    if (!projects.has(client)) return;
    const { project, tree } = projects.get(client);
    await checkInstall(client, project, tree, `upstream: ${name}`);
    if (client.sends.noCache) await checkKept(client, project, `upstream: ${name}`);
  });
  await check(`upstream: ${name}: stale copies were sent`, () => {
    const sent = nopar.sentStale - before;
    expect(sent >= FEWEST_STALE * those.length, `only ${sent}`);
  });
  // A client that tries again, a minute later, hides what a person waits for.
  await check(`upstream: ${name}: no request was answered with an error`, () => {
    expectNone(nopar.errors.slice(errors), 'these were');
  });
}

async function checkInstall(client, project, tree, when) {
  await project.wipe();
  project.forget(client.lockfile);
  await check(`${client.name}: install without lock file (${when})`, async () => {
    await project.succeed(client.install);
    expectTree(project, tree);
  });
}

// A client that revalidates with `no-cache` asks to go past the copy: it may be told that nothing changed.
async function checkKept(client, project, when) {
  await project.wipeInstalled();
  project.forget(client.lockfile);
  project.write(client.again.settings ?? {});
  await check(`${client.name}: install with its own cache kept (${when})`, () => project.succeed(client.again.args));
  for (const name of Object.keys(client.again.settings ?? {})) project.forget(name);
}

// A packument that is gone is believed to be, but the tarballs that are held stay.
async function tryAbsence({ forwarder, nopar, projects }, name, those) {
  forwarder.fault = ABSENCES[name];
  await eachClient(those, async (client) => {
    if (!projects.has(client)) return;
    const { project, tree, lock } = projects.get(client);
    await project.wipe();
    // Settings too: pnpm then asks for no packument.
    project.write({ ...client.again.settings, [client.lockfile]: lock });
    await check(`${client.name}: ${client.frozen.join(' ')} (upstream: ${name})`, async () => {
      await project.succeed(client.frozen);
      expectTree(project, tree);
    });
  });
  forwarder.fault = undefined;
}

function expectTree(project, tree) {
  const now = installed(project.nodeModules);
  expectNone(tree.filter((each) => !now.includes(each)), 'these are missing');
  expectNone(now.filter((each) => !tree.includes(each)), 'these are too many');
}
