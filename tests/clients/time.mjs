// Real package managers choose versions by their age through NOPAR: a packument that lost its
// `time`, or an answer with the wrong one, would let a version in that is too young.
// Knows nothing of how NOPAR does it: it looks at what was installed, at what the client says,
// and at who came to the registry behind NOPAR.

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { Project } from './client.mjs';
import { CLIENTS } from './clients.mjs';
import { PACKAGE, startDated, tarballPath } from './dated.mjs';
import { foreignAddresses } from './lockfile.mjs';
import { makeHome, startNopar } from './nopar.mjs';
import { check, close, expect, expectNone } from './report.mjs';
import { startTrap } from './trap.mjs';

const HOUR_MS = 3_600_000;
const YEAR_MS = 365 * 24 * HOUR_MS;
const PUBLISHED = { '1.0.0': new Date(Date.now() - 2 * YEAR_MS), '1.1.0': new Date(Date.now() - HOUR_MS) };
const A_YEAR_AGO = new Date(Date.now() - YEAR_MS).toISOString();

/** A week, in minutes. A user's own number is a rule; pnpm's default of a day gives way to an exact version. */
const A_WEEK = 'minimumReleaseAge: 10080\n';
/** Set, because there is a default. */
const ANY_AGE = 'minimumReleaseAge: 0\n';

const [npm, pnpm] = ['npm-12', 'pnpm-12'].map((wanted) => CLIENTS.find(({ name }) => name === wanted));
const fixture = mkdtempSync(path.join(os.tmpdir(), 'nopar-time-'));
writeFileSync(path.join(fixture, 'package.json'), '{ "name": "app-time", "version": "1.0.0", "private": true }\n');

const trap = await startTrap();
const registry = await startDated(PUBLISHED);
const home = makeHome();
const nopar = await check('NOPAR starts', () => startNopar(home, registry.url));
if (nopar) {
  await checkNpm();
  await checkPnpm();
  await checkWhoAsked();
  await check('NOPAR stops when told to', async () => {
    const { code } = await nopar.stop();
    expect(code === 0, `it ended with ${code}\n${nopar.log.slice(-2000)}`);
  });
}
await registry.stop();
await trap.stop();
home.remove();
rmSync(fixture, { recursive: true });
close();

async function checkNpm() {
  await checkPick(npm, 'npm install --before a year ago', ['install', PACKAGE, '--before', A_YEAR_AGO], '1.0.0');
  await checkPick(npm, 'npm install', ['install', PACKAGE], '1.1.0');
}

async function checkPnpm() {
  const [range, exact] = [['add', `${PACKAGE}@^1.0.0`], ['add', `${PACKAGE}@1.1.0`]];
  await checkPick(pnpm, 'pnpm add of a range, a week old at least,', range, '1.0.0', A_WEEK);
  await checkPick(pnpm, 'pnpm add of a range, of any age,', range, '1.1.0', ANY_AGE);
  await checkPick(pnpm, 'pnpm add of an exact version, of any age,', exact, '1.1.0', ANY_AGE);
  await check('pnpm add of an exact version refuses one that is too young', () => inProject(pnpm, async (project) => {
    setAge(project, A_WEEK);
    expectTooYoung(await project.run(exact));
    expect(!installed(project), `${installed(project)} is installed`);
  }));
  await check('pnpm install refuses a lock file with a version that is too young', () => inProject(pnpm, async (project) => {
    setAge(project, ANY_AGE);
    await project.succeed(exact);
    await project.wipe();
    setAge(project, A_WEEK);
    expectTooYoung(await project.run(pnpm.frozen));
    expect(!installed(project), `${installed(project)} is installed`);
  }));
}

async function checkWhoAsked() {
  await check('NOPAR was asked for both tarballs', () => {
    const asked = nopar.tarballsAsked;
    expectNone(Object.keys(PUBLISHED).map(tarballPath).filter((each) => !asked.has(each)), 'not for these');
  });
  await check('the registry was asked by NOPAR and by nobody else', () => {
    const { requests } = registry;
    expect(requests.length > 0, 'it was not asked at all');
    const others = requests.filter(({ agent }) => !agent.startsWith('nopar/'));
    expectNone(others.map(({ request, agent }) => `${agent}: ${request}`), 'these came by themselves');
  });
  await check('no request left the machine', () => expectNone(trap.caught, 'these did'));
}

function checkPick(client, what, args, version, age) {
  return check(`${what} picks ${version}`, () => inProject(client, async (project) => {
    if (age) setAge(project, age);
    const { output } = await project.succeed(args);
    expect(installed(project) === version, `${installed(project)} is installed\n${output}`);
    const lock = readFileSync(project.lockfile, 'utf8');
    expectNone(foreignAddresses(lock, nopar.url, client.lockHasAddresses), 'the lock file names another host');
  }));
}

async function inProject(client, body) {
  const project = new Project(client, fixture, nopar.url, trap.env);
  try {
    await body(project);
  } finally {
    await project.remove();
  }
}

function setAge(project, age) {
  writeFileSync(path.join(project.directory, 'pnpm-workspace.yaml'), age);
}

/** The version that is installed, or undefined. */
function installed(project) {
  const manifest = path.join(project.nodeModules, PACKAGE, 'package.json');
  return existsSync(manifest) ? JSON.parse(readFileSync(manifest, 'utf8')).version : undefined;
}

// pnpm names the time it was told, which must be the registry's to the millisecond; it also
// breaks its lines and frames them.
function expectTooYoung({ code, output }) {
  const said = output.replace(/[\s│]+/g, ' ');
  const reason = `${PACKAGE}@1.1.0 was published at ${PUBLISHED['1.1.0'].toISOString()}`;
  expect(code !== 0 && said.includes('minimumReleaseAge') && said.includes(reason), `it ended with ${code}:\n${output}`);
}
