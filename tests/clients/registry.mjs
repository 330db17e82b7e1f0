// Real package managers use what a registry is besides its packages: they search, ask what is vulnerable, check
// signatures, and stage what they publish. Some of their packages are hosted by NOPAR, others come from a registry
// behind it that offers all of that as well, and must never be asked for a name that is NOPAR's. `--full` has all
// clients do it, else the newest of each kind does; names of clients choose among them.
// Knows nothing of how NOPAR does it: it looks at exit codes, at what the clients say, and at what the registry behind
// was asked.

import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { VULNERABLE } from './advisory.mjs';
import { checkAttestations } from './attestations.mjs';
import { checkAudit, checkAuditFails } from './auditing.mjs';
import { bundleOf, PREDICATE } from './bundle.mjs';
import { chosenClients, eachClient } from './clients.mjs';
import { Customer } from './customer.mjs';
import { tarball } from './dated.mjs';
import { host } from './hosting.mjs';
import { leaksIn } from './leaks.mjs';
import { makeHome, startNopar } from './nopar.mjs';
import { checkPages } from './paging.mjs';
import {
  ALTERED, ATTESTATIONS, ATTESTED, HARMLESS, IMPOSTOR, MISSIGNED, OTHER_WORD, startPublic, VERSION, WORD,
} from './public.mjs';
import { Publisher } from './publisher.mjs';
import { check, close, expect, expectNone } from './report.mjs';
import { checkSearch, checkSearchAlone, checkSearchOfAbsent, checkSearchOfName } from './searching.mjs';
import { checkAuditBodies, checkAuditBodiesFail } from './security.mjs';
import { SERVICES } from './services.mjs';
import { checkSignatures, checkUntrue, exchangeSignature } from './signatures.mjs';
import { checkStaging } from './staging.mjs';
import { startTrap } from './trap.mjs';

const { values, positionals } = parseArgs({ options: { full: { type: 'boolean' } }, allowPositionals: true });

/** The scope of names that are NOPAR's from the start, and one of them that nobody has published. */
const CLAIMED = '@hosted';
const ABSENT = `${CLAIMED}/absent`;
/** Hosted: one with provenance; one of a name that nobody claimed; two whose document or tarball are tampered with. */
const OURS = `${CLAIMED}/ours`;
const PLAIN = 'unclaimed-ours';
const TAMPERED = `${CLAIMED}/tampered`;
const SPOILT = `${CLAIMED}/spoilt`;
const HOSTED = [OURS, PLAIN, TAMPERED, SPOILT];
/** Names for questions that no client would ask. */
const PRIVATE = [ABSENT, OURS, PLAIN];
/** What must not be in any request to the registry behind; none of it is in a name that is there. */
const OWN = [CLAIMED, ...HOSTED, 'staged-'];

/** What hosted packages say of themselves: what a search finds them by. */
const DESCRIPTION = `A ${WORD} or ${OTHER_WORD} of ours`;
const FOUND = { own: HOSTED, others: [VULNERABLE, HARMLESS, ATTESTED, MISSIGNED, ALTERED], text: IMPOSTOR };
const MIXED = { [VULNERABLE]: VERSION, [HARMLESS]: VERSION, [ATTESTED]: VERSION, [OURS]: VERSION, [PLAIN]: VERSION };
const AUDITED = {
  mixed: MIXED,
  own: { [OURS]: VERSION, [PLAIN]: VERSION },
  unasked: { [VULNERABLE]: VERSION, [HARMLESS]: VERSION, [OURS]: VERSION },
};
const DOUBTFUL = { [MISSIGNED]: VERSION, [HARMLESS]: VERSION, [OURS]: VERSION, [TAMPERED]: VERSION };
const OTHER_VERSION = '1.0.1';

/** Without `--full`, these are not tried, but where they are named. */
const OLDER = ['npm-11', 'pnpm-11'];

const SETTINGS = {
  NOPAR_LOCAL_PACKAGES: `${CLAIMED}/*`,
  NOPAR_TRUSTED_PROXIES: '127.0.0.1',
};

const clients = chosenClients(positionals).filter(({ name }) => name in SERVICES && isTried(name));
const upstream = await startPublic([ABSENT, OURS, PLAIN]);
const home = makeHome();
const fixture = mkdtempSync(path.join(os.tmpdir(), 'nopar-registry-'));
const nopar = await check('NOPAR starts', () => startNopar(home, upstream.url, SETTINGS));
if (nopar) {
  if (await check('packages are published', publishAll)) await tryAll();
  await check('NOPAR stops when told to', async () => {
    const { code } = await nopar.stop();
    expect(code === 0, `it ended with ${code}\n${nopar.log.slice(-2000)}`);
  });
}
await upstream.stop();
home.remove();
rmSync(fixture, { recursive: true });
close();

function isTried(name) {
  return values.full || positionals.includes(name) || !OLDER.includes(name);
}

async function publishAll() {
  for (const name of HOSTED) await host(nopar.url, name, VERSION, DESCRIPTION, name === OURS);
  await host(nopar.url, TAMPERED, OTHER_VERSION, DESCRIPTION);
  // Whether it has a name that nobody claimed is asked before the first publish, as it is not known otherwise.
  const before = upstream.requests.splice(0);
  expectNone(leaksIn(before, OWN.filter((name) => name !== PLAIN)), 'the upstream was asked for what is claimed');
  return true;
}

async function tryAll() {
  const customers = await Promise.all(clients.map((client) => Customer.come(client, fixture, nopar)));
  await eachClient(customers, tryServices);
  await checkPages(nopar.url, WORD, [...FOUND.own, ...FOUND.others]);
  await checkAuditBodies(nopar.url, PRIVATE);
  const bundle = bundleOf(OURS, VERSION, tarball(OURS, VERSION));
  const attested = { [ATTESTED]: ATTESTATIONS, [OURS]: [{ predicateType: PREDICATE, bundle }] };
  const unattested = [PLAIN, ABSENT, HARMLESS].map((name) => `${name}@${VERSION}`);
  await checkAttestations(nopar.url, VERSION, attested, unattested);
  await eachClient(customers, tryStaging);
  upstream.auditFails = true;
  await eachClient(customers, (one) => checkAuditFails(one, AUDITED));
  await checkAuditBodiesFail(nopar.url, PRIVATE);
  await checkTampering(customers);
  upstream.cut();
  await eachClient(customers, (one) => checkSearchAlone(one, OTHER_WORD, FOUND));
  await checkAuditBodiesFail(nopar.url, PRIVATE);
  for (const one of customers) await one.go();
  await check('the upstream was asked, and in nothing that it was asked is a name that is hosted or claimed', () => {
    expect(upstream.requests.length > 0, 'it was not asked at all');
    expectNone(leaksIn(upstream.requests, OWN), 'it was told of one');
  });
}

async function tryServices(one) {
  await checkSearch(one, WORD, FOUND);
  for (const name of [OURS, PLAIN]) await checkSearchOfName(one, name, WORD);
  await checkSearchOfAbsent(one, ABSENT, IMPOSTOR);
  await checkAudit(one, AUDITED);
  await checkSignatures(one, MIXED);
  await checkUntrue(one, DOUBTFUL, [MISSIGNED]);
}

async function tryStaging({ client, acts: { staging, failing } }) {
  if (!staging) return;
  const trap = await startTrap();
  const one = new Publisher(client, fixture, nopar, trap.env);
  await checkStaging(one, { ...staging, failing }, `${CLAIMED}/staged-${client.name}`);
  await one.project.remove();
  await check(`${client.name}: no request left the machine while it staged`, () => expectNone(trap.caught, 'these did'));
  await trap.stop();
}

async function checkTampering(customers) {
  const isDone = await check('a signature and a tarball are tampered with in the directory', () => {
    exchangeSignature(hostedFile(TAMPERED, 'json'), VERSION, OTHER_VERSION);
    appendFileSync(hostedFile(SPOILT, 'tgz'), 'and more');
    return true;
  });
  if (!isDone) return;
  await eachClient(customers, (one) => checkUntrue(one, DOUBTFUL, [MISSIGNED, TAMPERED]));
  for (const name of [ALTERED, SPOILT]) {
    await check(`the tarball of ${name}, which is not what it is to be, is not sent`, async () => {
      // What it is to be is known by its packument: who asks for a tarball alone has what the upstream has.
      await (await fetch(new URL(encodeURIComponent(name), nopar.url))).json();
      const response = await fetch(new URL(`${name}/-/${name.split('/').at(-1)}-${VERSION}.tgz`, nopar.url));
      expect(response.status >= 500, `it is answered with ${response.status}`);
      await response.json();
    });
  }
}

/** The file of a hosted package, in the layout that there has always been. */
function hostedFile(name, kind) {
  const base = name.split('/').at(-1);
  return path.join(home.root, 'registry', name, kind === 'json' ? `${base}.json` : `${base}-${VERSION}.tgz`);
}
