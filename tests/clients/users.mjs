// Real package managers use a registry that has users: they log in with passwords, are let do what the rules say, make
// tokens that may do less, show one-time codes, and publish in a job of a CI system without any secret. The registry
// behind must never be asked for what is hidden. `--full` has all clients do it, else the newest of each kind does; names
// of clients choose among them.
// Knows nothing of how NOPAR does it: it looks at exit codes, at what the clients say, and at what users can read.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { checkAccount } from './account.mjs';
import { chosenClients, eachClient } from './clients.mjs';
import { checkGuessing } from './guessing.mjs';
import { IDENTITIES } from './identities.mjs';
import { startIssuer } from './issuer.mjs';
import { checkJob } from './jobs.mjs';
import { leaksIn } from './leaks.mjs';
import { checkLoginsWithCode, checkRefusedLogins, checkWebLogin, hasWebLogin } from './logins.mjs';
import { Member } from './member.mjs';
import { makeHome, startNopar } from './nopar.mjs';
import { checkPasswordShown } from './passwords.mjs';
import { checkProfile } from './profiles.mjs';
import { startPublic } from './public.mjs';
import { PASSWORD } from './publishing.mjs';
import { check, close, expect, expectNone } from './report.mjs';
import { checkHidden, checkOwners, checkPublishing } from './rights.mjs';
import { checkSecondFactor } from './second-factor.mjs';
import { addPeople, configuration, personOf, SCOPE } from './staff.mjs';
import { checkTokens } from './tokens.mjs';
import { startTrap } from './trap.mjs';

const { values, positionals } = parseArgs({ options: { full: { type: 'boolean' } }, allowPositionals: true });

/** Without `--full`, these are not tried, but where they are named. */
const OLDER = ['npm-11', 'pnpm-11'];
/** For whom ID tokens are made: clients name the host of their registry. */
const AUDIENCE = 'npm:127.0.0.1';
/** One of NOPAR, or of an issuer. */
const TOKEN = /npm_\w{20}|eyJ\w{20}/;

const clients = chosenClients(positionals).filter(({ name }) => name in IDENTITIES && isTried(name));
const upstream = await startPublic();
const issuer = await startIssuer({ sub: 'repo:acme/ui', repository: 'acme/ui' });
const home = makeHome();
const fixture = mkdtempSync(path.join(os.tmpdir(), 'nopar-users-'));
const nopar = await check('NOPAR starts, with users', start);
if (nopar) {
  const isWeb = await hasWebLogin(nopar.url);
  await eachClient(clients, (client) => tryClient(client, isWeb));
  await checkGuessing(nopar.url, personOf(clients[0], 'stranger'));
  await check('the upstream was asked for nothing of the scope that rules are for', () => {
    expectNone(leaksIn(upstream.requests, [SCOPE]), 'it was');
  });
  await check('NOPAR stops when told to, and neither a password nor a token is in its log', async () => {
    const { code } = await nopar.stop();
    expect(code === 0, `it ended with ${code}\n${nopar.log.slice(-2000)}`);
    const secret = nopar.log.split('\n').find((line) => line.includes(PASSWORD) || TOKEN.test(line));
    expect(secret === undefined, `one is: ${secret}`);
  });
}
await upstream.stop();
await issuer.stop();
home.remove();
rmSync(fixture, { recursive: true });
close();

function isTried(name) {
  return values.full || positionals.includes(name) || !OLDER.includes(name);
}

function start() {
  addPeople(home, clients);
  const file = path.join(home.root, 'nopar.toml');
  writeFileSync(file, configuration(clients, issuer, AUDIENCE));
  return startNopar(home, upstream.url, { NOPAR_CONFIG: file, NOPAR_AUTH: 'users' });
}

async function tryClient(client, isWeb) {
  const trap = await startTrap();
  const shown = Buffer.from(`${personOf(client, 'reader')}:${PASSWORD}`).toString('base64');
  const registry = { url: nopar.url, headers: { authorization: `Basic ${shown}` } };
  const one = new Member(client, fixture, registry, trap.env);
  await tryMember(one, isWeb);
  await one.go();
  await check(`${client.name}: no request left the machine`, () => expectNone(trap.caught, 'these did'));
  await trap.stop();
}

async function tryMember(one, isWeb) {
  await checkAccount(one);
  await checkRefusedLogins(one);
  if (isWeb) await checkWebLogin(one);
  const name = `${SCOPE}/of-${one.name}`;
  if (!await checkPublishing(one, name)) return;
  await checkHidden(one, name);
  await checkOwners(one, name);
  await checkPasswordShown(one, `${SCOPE}/basic-${one.name}`);
  const names = { published: `${SCOPE}/job-${one.name}`, other: name, read: name };
  await checkJob(one, issuer, AUDIENCE, names);
  await checkTokens(one, name);
  const codes = await checkSecondFactor(one, `${SCOPE}/guarded-${one.name}`);
  if (codes) await checkLoginsWithCode(one, isWeb, codes);
  await checkProfile(one);
}
