// Real package managers install a real application through NOPAR: cold, warm, and with the
// upstream gone. `--full` takes the large application; names of clients choose among them.
// Knows nothing of how NOPAR does it: it looks at exit codes, lock files, the log and the
// requests that came out at the other end.

import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { CLIENTS, Project } from './client.mjs';
import { startForwarder } from './forwarder.mjs';
import { IDLE_STOP_LIMIT_MS, makeHome, startNopar } from './nopar.mjs';
import { check, close, expect, expectNone } from './report.mjs';
import { startTrap } from './trap.mjs';

const { values, positionals } = parseArgs({ options: { full: { type: 'boolean' } }, allowPositionals: true });
const fixture = path.resolve(import.meta.dirname, '../fixtures', values.full ? 'app' : 'app-small');

/** A large application is one of at least so many packages. */
const FEWEST_PACKAGES = values.full ? 1000 : 60;

/** npm tries a failed request again after 10 s: an answer within this was not tried again. */
const NO_RETRY_SECONDS = 9;

const clients = CLIENTS.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
const trap = await startTrap();
for (const client of clients) await withNopar(client, 'NOPAR', (site) => tryClient(client, site));
await trap.stop();
close();

// `site`: an upstream, directories and a NOPAR with an empty cache, for as long as `body` runs.
async function withNopar(client, what, body) {
  const site = { forwarder: await startForwarder(), home: makeHome(), nopar: undefined };
  await checkStart(client, site, what);
  if (site.nopar) await body(site);
  if (site.nopar) await checkStop(client, site);
  await site.forwarder.stop();
  site.home.remove();
}

async function tryClient(client, site) {
  const project = new Project(client, fixture, site.nopar.url, trap.env);
  const isInstalled = await check(`${client.name}: cold install`, () => project.succeed(client.install));
  if (isInstalled) {
    await checkCold(client, project, site);
    await checkFrozen(client, project, 'warm');
    if (client.asksTarballsOnly && !values.full) await checkOnlyTarballs(client, project, site);
    await checkQuestions(client, project, site);
    await checkWithoutUpstream(client, project, site);
  }
  await check(`${client.name}: no request left the machine`, () => expectNone(trap.caught.splice(0), 'these did'));
  project.remove();
}

async function checkWithoutUpstream(client, project, site) {
  site.forwarder.cut();
  await checkFrozen(client, project, 'upstream gone');
  await checkStop(client, site);
  await checkStart(client, site, 'NOPAR, its upstream gone,');
  if (site.nopar) await checkLockless(client, project, site);
  await check(`${client.name}: nothing was asked of the upstream that is gone`, () => {
    const attempts = site.forwarder.attemptsSinceCut;
    expect(attempts === 0, `${attempts} connections were tried`);
  });
}

async function checkCold(client, project, { nopar, forwarder }) {
  await checkApplication(client, project, 'cold');
  const tarballs = client.tarballs(project);
  await check(`${client.name}: at least ${FEWEST_PACKAGES} packages`, () => {
    expect(tarballs.length >= FEWEST_PACKAGES, `only ${tarballs.length}`);
  });
  await checkLock(client, project, nopar, 'cold');
  await check(`${client.name}: every tarball was asked of NOPAR`, () => {
    const asked = nopar.tarballsAsked;
    const paths = tarballs.map((tarball) => new URL(tarball, nopar.url).pathname);
    expectNone(paths.filter((tarball) => !asked.has(tarball)), 'these are not in its log');
  });
  await check(`${client.name}: no upstream path was asked twice`, () => {
    const twice = [...forwarder.requests].filter(([, times]) => times > 1);
    expectNone(twice.map(([request, times]) => `${request}: ${times} times`), 'these were');
  });
}

async function checkLock(client, project, nopar, when) {
  await check(`${client.name}: ${client.lockfile} names no other host (${when})`, () => {
    expectNone(client.foreign(project, nopar.url), 'these do');
  });
}

async function checkApplication(client, project, when) {
  await check(`${client.name}: the application runs (${when})`, async () => {
    expect(readdirSync(project.nodeModules).length > 0, 'node_modules is empty');
    const { output } = await project.start();
    expect(output.includes('the application works'), output);
  });
}

async function checkFrozen(client, project, when) {
  const before = readFileSync(project.lockfile, 'utf8');
  await check(`${client.name}: caches are wiped (${when})`, () => project.wipe());
  const done = await check(`${client.name}: ${client.frozen.join(' ')} (${when})`, () => project.succeed(client.frozen));
  if (!done) return;
  await check(`${client.name}: the lock file is as it was (${when})`, () => {
    expect(readFileSync(project.lockfile, 'utf8') === before, 'it has changed');
  });
  await checkApplication(client, project, when);
}

// NOPAR was restarted and has another port: its cache must be known again, and serve other URLs.
async function checkLockless(client, project, { nopar }) {
  project.wipe();
  project.wipeLock();
  project.useRegistry(nopar.url);
  const when = 'without lock file, upstream gone, after a restart';
  const done = await check(`${client.name}: install (${when})`, () => project.succeed(client.install));
  if (!done) return;
  await checkLock(client, project, nopar, when);
  await checkApplication(client, project, when);
}

// `npm ci` asks for tarballs alone: a NOPAR that knows no packument must answer them all the same.
async function checkOnlyTarballs(client, project, { nopar }) {
  const lock = readFileSync(project.lockfile, 'utf8');
  await withNopar(client, 'an empty NOPAR', async ({ nopar: empty, forwarder }) => {
    project.wipe();
    project.useRegistry(empty.url);
    writeFileSync(project.lockfile, lock.replaceAll(nopar.url, empty.url));
    await check(`${client.name}: ${client.frozen} with an empty NOPAR`, () => project.succeed(client.frozen));
    await check(`${client.name}: the upstream was asked for tarballs and nothing else`, () => {
      expect(forwarder.requests.size >= FEWEST_PACKAGES, `only ${forwarder.requests.size} requests`);
      expectNone([...forwarder.requests.keys()].filter((key) => !key.endsWith('.tgz')), 'these too');
    });
  });
  writeFileSync(project.lockfile, lock);
  project.useRegistry(nopar.url);
}

async function checkQuestions(client, project, { forwarder }) {
  await check(`${client.name}: ping`, () => project.succeed(client.ping));
  await check(`${client.name}: view of a package`, async () => {
    const { output } = await project.succeed(client.view('lodash'));
    expect(/^\d+\.\d+\.\d+$/m.test(output), output);
  });
  await checkMissing(client, project, 'first');
  const before = forwarder.total;
  await checkMissing(client, project, 'again');
  await check(`${client.name}: the upstream was asked for the missing name only once`, () => {
    expect(forwarder.total === before, `${forwarder.total - before} requests more`);
  });
}

async function checkMissing(client, project, when) {
  await check(`${client.name}: view of a name that does not exist is a quick 404 (${when})`, async () => {
    const { code, output, seconds } = await project.run(client.view('this-name-does-not-exist-xyz'));
    expect(code !== 0 && output.includes('404'), `it ended with ${code}:\n${output}`);
    expect(seconds < NO_RETRY_SECONDS, `it took ${seconds.toFixed(1)} s`);
  });
}

async function checkStart(client, site, what) {
  site.nopar = await check(`${client.name}: ${what} starts`, () => startNopar(site.home, site.forwarder.url));
}

async function checkStop(client, site) {
  const { nopar } = site;
  site.nopar = undefined;
  await check(`${client.name}: NOPAR stops when told to`, async () => {
    const { code, milliseconds } = await nopar.stop();
    expect(code === 0, `it ended with ${code}\n${nopar.log.slice(-2000)}`);
    expect(milliseconds < IDLE_STOP_LIMIT_MS, `it took ${Math.round(milliseconds)} ms`);
  });
}
