// Real package managers lock one project, each in its own form; NOPARs that are empty prefetch what the lock files name;
// then the registry they had it from goes away, and each client installs what it locked. `--full` takes all forms; names
// of forms choose among them.
// Knows nothing of how NOPAR reads a lock file: it looks at exit codes, and at what runs then.

import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { Project } from './client.mjs';
import { chosenClients, eachClient } from './clients.mjs';
import { startForwarder } from './forwarder.mjs';
import { commandNopar, makeHome, startNopar } from './nopar.mjs';
import { check, close, expect, expectNone } from './report.mjs';
import { recentNode, toolDirectory } from './tools.mjs';
import { startTrap } from './trap.mjs';

const { values, positionals } = parseArgs({ options: { full: { type: 'boolean' } }, allowPositionals: true });
const fixture = path.resolve(import.meta.dirname, '../fixtures/locked');

const [npm] = chosenClients(['npm-11']);
const [pnpm] = chosenClients(['pnpm-11']);

/**
 * The forms: rows of clients, with what makes the lock file (`locks`, lists of arguments), and what that says of its
 * form (`says`).
 */
const FORMS = [
  { ...npm, name: 'npm-3', says: '"lockfileVersion": 3' },
  { ...pnpm, name: 'pnpm-9', says: "lockfileVersion: '9.0'" },
  form('yarn-1', '# yarn lockfile v1'),
  form('yarn-4', '__metadata:'),
  form('bun', '"lockfileVersion": '),
];

const MORE_FORMS = [
  { ...npm, name: 'npm-1', locks: [['install', '--lockfile-version=1']], says: '"lockfileVersion": 1' },
  { ...npm, name: 'npm-2', locks: [['install', '--lockfile-version=2']], says: '"lockfileVersion": 2' },
  {
    ...npm,
    name: 'npm-shrinkwrap',
    lockfile: 'npm-shrinkwrap.json',
    locks: [['install'], ['shrinkwrap']],
    says: '"lockfileVersion": 3',
  },
  form('npm-12', '"lockfileVersion": '),
  form('pnpm-12', "lockfileVersion: '9.0'"),
  {
    ...pnpm,
    name: 'pnpm-6',
    command: () => [recentNode(), path.join(toolDirectory('old'), 'pnpm', 'bin', 'pnpm.cjs')],
    says: "lockfileVersion: '6.0'",
  },
];

function form(name, says) {
  const [client] = chosenClients([name]);
  return { ...client, says };
}

const all = [...FORMS, ...MORE_FORMS];
const unknown = positionals.filter((name) => !all.some((one) => one.name === name));
if (unknown.length > 0) throw new Error(`no form is called ${unknown.join(', ')}`);
const chosen = positionals.length > 0 ? all.filter(({ name }) => positionals.includes(name)) : values.full ? all : FORMS;

const trap = await startTrap();
const forwarder = await startForwarder();
const source = makeHome();
const upstream = await check('the registry that goes away starts', () => startNopar(source, forwarder.url));
const sites = [];
if (upstream) {
  await eachClient(chosen, async (one) => {
    const site = await prefetch(one);
    if (site) sites.push(site);
  });
  forwarder.cut();
  await check('it goes away', async () => expect((await upstream.stop()).code === 0, upstream.log.slice(-2000)));
  await eachClient(sites, install);
}
await check('no request left the machine', () => expectNone(trap.caught, 'these did'));
await forwarder.stop();
await trap.stop();
source.remove();
close();

// Locks the project, and has an empty NOPAR hold what that names; undefined where that failed.
async function prefetch(client) {
  const { name } = client;
  const project = new Project(client, fixture, upstream.url, trap.env);
  const locked = await check(`${name}: the project is locked`, async () => {
    for (const args of client.locks ?? [client.install]) await project.succeed(args);
    const lock = readFileSync(project.lockfile, 'utf8');
    expect(lock.includes(client.says), `it is of another form:\n${lock.slice(0, 200)}`);
    return true;
  });
  if (!locked) return undefined;
  const home = makeHome();
  const settings = { NOPAR_RUN_PATH: path.join(home.root, 'run'), NOPAR_FORWARDER_URL: upstream.url };
  mkdirSync(settings.NOPAR_RUN_PATH);
  const nopar = await check(`${name}: an empty NOPAR starts`, () => startNopar(home, upstream.url, settings));
  if (!nopar) return undefined;
  const command = (...args) => commandNopar(home, [...args, project.lockfile], settings);
  const done = await check(`${name}: it lacks everything, prefetches it, and has it`, async () => {
    await expectCode(command('check'), 1);
    await expectCode(command('prefetch'), 0);
    const told = await expectCode(command('check', '--json'), 0);
    const { needed, here, other } = JSON.parse(told.trim().split('\n').at(-1));
    expect(needed > 40 && here === needed && other >= 1, told);
    return true;
  });
  if (!done) return undefined;
  await checkStop(name, nopar);
  return { name, client, project, home, settings };
}

// As docs/air-gapped.md has it: a registry that is gone is not to be asked either.
async function install({ name, client, project, home, settings }) {
  const alone = { ...settings, NOPAR_AUTO_FORWARD: 'no' };
  const nopar = await check(`${name}: it starts where there is no registry`, () => startNopar(home, upstream.url, alone));
  if (!nopar) return;
  await check(`${name}: what is locked is installed while the registry is gone`, async () => {
    await project.wipe();
    project.useRegistry(nopar.url);
    await project.succeed(client.frozen);
    const { output } = await project.start();
    expect(output.includes('the application works'), output);
  });
  await check(`${name}: nothing that was asked for failed`, () => {
    // Some look for what there may be, and is not: attestations, a newer one of themselves.
    expectNone(nopar.errors.filter((line) => / 5\d\d \d+b /.test(line)), 'these did');
  });
  await checkStop(name, nopar);
  await project.remove();
  home.remove();
}

async function checkStop(name, nopar) {
  await check(`${name}: NOPAR stops`, async () => expect((await nopar.stop()).code === 0, nopar.log.slice(-2000)));
}

async function expectCode(running, code) {
  const { status, output } = await running;
  expect(status === code, `it ended with ${status}, and not ${code}:\n${output}`);
  return output;
}
