// NOPAR's pages in a real browser: how they look in each window, with a keyboard, with and without a script, and that what
// they are for can be done by them. `--full` looks in dark colours as well; `--shots DIR` leaves pictures of all.
// Knows nothing of how NOPAR does it: it looks at what a browser shows.

import path from 'node:path';
import { parseArgs } from 'node:util';

import { newToken } from '../clients/account.mjs';
import { runNopar } from '../clients/nopar.mjs';
import { PASSWORD } from '../clients/publishing.mjs';
import { check, close, expect } from '../clients/report.mjs';
import { checkAdministering } from './administering.mjs';
import { findChromium, launch } from './chromium.mjs';
import { checkCopying } from './copying.mjs';
import { checkFailing } from './failing.mjs';
import { checkKeyboard } from './keyboard.mjs';
import { checkLists } from './lists.mjs';
import { checkLoading } from './loading.mjs';
import { checkLooks, keepShots } from './looks.mjs';
import { checkNpmLogin } from './npm-login.mjs';
import { ACCOUNT_PAGES, MEMBERS_PAGES, OPEN_PAGES, STRANGERS_PAGES } from './pages.mjs';
import { checkFactor, checkSession, checkToken, sessionOf } from './people.mjs';
import { checkRefusing } from './refusing.mjs';
import { checkSaving } from './saving.mjs';
import { openScene } from './scene.mjs';
import { checkWire } from './wire.mjs';

const { values } = parseArgs({ options: { full: { type: 'boolean' }, shots: { type: 'string' } } });
const schemes = values.full ? ['light', 'dark'] : ['light'];
if (values.shots) keepShots(path.resolve(values.shots));

/** Who may administer, and who may not. */
const [ADMIN, MEMBER] = ['ann', 'bob'];

const program = findChromium();
if (program) {
  const browser = await launch(program);
  await checkRefusing(browser);
  await tryOpen(browser);
  await tryUsers(browser);
  await browser.close();
  close();
}

/** A registry in which everybody may do everything. */
async function tryOpen(browser) {
  const scene = await check('NOPAR starts, open to all', () => openScene());
  if (!scene) return;
  await checkLooks(browser, scene, [{ name: 'home of an empty registry', path: '' }], schemes);
  await check('it is filled', async () => {
    await scene.publish();
    await scene.hold();
  });
  const asked = scene.upstream.asked.length;
  await checkLooks(browser, scene, OPEN_PAGES, schemes);
  await checkLoading(browser, scene);
  await checkWire(browser, scene);
  await checkKeyboard(browser, scene, OPEN_PAGES.filter((each) => each.keys));
  await checkLists(browser, scene);
  await checkCopying(browser, scene);
  await check('no page has asked the upstream for anything', () => {
    const more = scene.upstream.asked.slice(asked);
    expect(more.length === 0, `it was asked for ${more.join(' ')}`);
  });
  await checkAdministering(browser, scene);
  await checkSaving(browser, scene);
  await checkFailing(browser, scene);
  await check('NOPAR stops', () => scene.close());
}

/** A registry in which people have accounts. */
async function tryUsers(browser) {
  const scene = await check('NOPAR starts, with users', () => openScene({ NOPAR_AUTH: 'users', NOPAR_ADMINS: ADMIN }, (home) => {
    for (const user of [ADMIN, MEMBER]) runNopar(home, ['user', 'add', user, '--email', `${user}@acme.example`], PASSWORD);
  }));
  if (!scene) return;
  await check('it has packages', async () => {
    await scene.publish({ authorization: `Bearer ${await newToken(scene.url, ADMIN)}` });
  });
  await checkLooks(browser, scene, STRANGERS_PAGES, schemes);
  await checkSession(browser, scene, ADMIN);
  await checkSession(browser, scene, ADMIN, true);
  const session = await check('there is a session', () => sessionOf(browser, scene, ADMIN));
  if (session) {
    await checkLooks(browser, scene, ACCOUNT_PAGES, schemes, session);
    await checkKeyboard(browser, scene, ACCOUNT_PAGES.filter((each) => each.keys), session);
    await checkToken(browser, scene, session);
    await checkNpmLogin(browser, scene, ADMIN, session);
  }
  await check('there are members', async () => {
    const other = await sessionOf(browser, scene, MEMBER);
    await checkLooks(browser, scene, MEMBERS_PAGES, schemes, other);
  });
  await checkFactor(browser, scene, MEMBER);
  await check('NOPAR stops, with users', () => scene.close());
}
