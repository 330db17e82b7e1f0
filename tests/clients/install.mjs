// Real package managers install a real application through NOPAR: cold, again, warm, with NOPAR
// emptied, and with the upstream gone. `--full` takes the large application; names of clients
// choose among them.
// Knows nothing of how NOPAR does it: it looks at exit codes, lock files, the log and the
// requests that came out at the other end.

import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { checkHead, checkSent, packuments } from './again.mjs';
import { Project } from './client.mjs';
import { chosenClients, eachClient } from './clients.mjs';
import { startForwarder } from './forwarder.mjs';
import { foreignAddresses } from './lockfile.mjs';
import { IDLE_STOP_LIMIT_MS, makeHome, startNopar } from './nopar.mjs';
import { check, close, expect, expectNone } from './report.mjs';
import { startTap } from './tap.mjs';
import { startTrap } from './trap.mjs';
import { installed, tarballPath } from './tree.mjs';

const { values, positionals } = parseArgs({ options: { full: { type: 'boolean' } }, allowPositionals: true });
const fixture = path.resolve(import.meta.dirname, '../fixtures', values.full ? 'app' : 'app-small');

/** A large application is one of at least so many packages. */
const FEWEST_PACKAGES = values.full ? 1000 : 60;

/** npm tries a failed request again after 10 s: an answer within this was not tried again. */
const NO_RETRY_SECONDS = 9;

await eachClient(chosenClients(positionals), async (client) => {
  // One each: what is caught tells whose it was.
  const trap = await startTrap();
  await withNopar(client, 'NOPAR', (site) => tryClient(client, site, trap));
  await trap.stop();
});
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

async function tryClient(client, site, trap) {
  const tap = await startTap(site.nopar.url);
  const project = new Project(client, fixture, tap.url, trap.env);
  if (await checkThroughTap(client, project, tap, site)) {
    // The registry is spared a second download of the large application.
    if (!values.full) await checkEmpty(client, project);
    project.useRegistry(site.nopar.url);
    if (client.view) await checkQuestions(client, project, site);
    await checkWithoutUpstream(client, project, site);
  }
  await check(`${client.name}: no request left the machine`, () => expectNone(trap.caught, 'these did'));
  await project.remove();
  await tap.stop();
}

// Whether it was installed at all.
async function checkThroughTap(client, project, tap, site) {
  const first = await installSeen(client, project, tap, client.install, 'cold');
  if (!first) return false;
  await checkCold(client, project, tap, site);
  const lock = readFileSync(project.lockfile, 'utf8');
  await project.wipeInstalled();
  project.forget(client.lockfile);
  project.write(client.again.settings ?? {});
  const again = await installSeen(client, project, tap, client.again.args, 'again, its own cache kept');
  if (again) await checkSent(client, first, again);
  for (const name of Object.keys(client.again.settings ?? {})) project.forget(name);
  project.write({ [client.lockfile]: lock });
  const from = tap.exchanges.length;
  await checkFrozen(client, project, 'warm');
  await checkHead(client, packuments(tap.exchanges.slice(from)));
  return true;
}

// The requests for packuments that it made, or undefined where it failed.
function installSeen(client, project, tap, args, when) {
  return check(`${client.name}: ${args.join(' ')} (${when})`, async () => {
    const from = tap.exchanges.length;
    await project.succeed(args);
    return packuments(tap.exchanges.slice(from));
  });
}

async function checkWithoutUpstream(client, project, site) {
  site.forwarder.cut();
  await checkFrozen(client, project, 'upstream gone');
  await checkStop(client, site);
  await checkStart(client, site, 'NOPAR, its upstream gone,');
  if (site.nopar) await checkLockless(client, project, site);
  if (client.revalidatesAtOnce) return;
  await check(`${client.name}: nothing was asked of the upstream that is gone`, () => {
    const attempts = site.forwarder.attemptsSinceCut;
    expect(attempts === 0, `${attempts} connections were tried`);
  });
}

async function checkCold(client, project, tap, { nopar, forwarder }) {
  await checkApplication(client, project, 'cold');
  const packages = installed(project.nodeModules);
  await check(`${client.name}: at least ${FEWEST_PACKAGES} packages`, () => {
    expect(packages.length >= FEWEST_PACKAGES, `only ${packages.length}`);
  });
  await checkLock(client, project, tap.url, 'cold');
  await check(`${client.name}: every tarball was asked of NOPAR`, () => {
    const asked = nopar.tarballsAsked;
    expectNone(packages.map(tarballPath).filter((tarball) => !asked.has(tarball)), 'these are not in its log');
  });
  await check(`${client.name}: no upstream path was asked twice, but where the client wanted that`, () => {
    const revalidated = tap.exchanges.filter(({ headers }) => headers['cache-control']);
    const wanted = new Set(revalidated.map((exchange) => `GET ${exchange.path}`.toLowerCase()));
    const twice = [...forwarder.requests].filter(([request, times]) => times > 1 && !wanted.has(request.toLowerCase()));
    expectNone(twice.map(([request, times]) => `${request}: ${times} times`), 'these were');
  });
}

async function checkLock(client, project, registry, when) {
  await check(`${client.name}: ${client.lockfile} names no other host (${when})`, () => {
    const lock = readFileSync(project.lockfile, 'utf8');
    expectNone(foreignAddresses(lock, registry, client.lockHasAddresses), 'these do');
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
  await project.wipe();
  project.forget(client.lockfile);
  project.useRegistry(nopar.url);
  const when = 'without lock file, upstream gone, after a restart';
  const done = await check(`${client.name}: install (${when})`, () => project.succeed(client.install));
  if (!done) return;
  await checkLock(client, project, nopar.url, when);
  await checkApplication(client, project, when);
}

// Most clients then ask for tarballs alone: a NOPAR that knows no packument must answer them all the same.
async function checkEmpty(client, project) {
  await withNopar(client, 'an empty NOPAR', async ({ nopar, forwarder }) => {
    project.useRegistry(nopar.url);
    await checkFrozen(client, project, 'NOPAR empty');
    if (!client.asksTarballsOnly) return;
    await check(`${client.name}: the upstream was asked for tarballs and nothing else`, () => {
      expect(forwarder.requests.size >= FEWEST_PACKAGES, `only ${forwarder.requests.size} requests`);
      expectNone([...forwarder.requests.keys()].filter((key) => !key.endsWith('.tgz')), 'these too');
    });
  });
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
