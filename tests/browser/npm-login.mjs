// A real `npm login` is finished at a page in the browser.
// Knows nothing of pages but that there is something to fill in, or to press.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { PASSWORD } from '../clients/publishing.mjs';
import { check, expect } from '../clients/report.mjs';
import { toolDirectory } from '../clients/tools.mjs';
import { expectGood } from './looks.mjs';
import { openTab } from './tab.mjs';

/** One that waits for longer will wait for ever. */
const LIMIT_MS = 30_000;

/** By a password, and by a session that is there already. */
export async function checkNpmLogin(browser, scene, user, session) {
  await check('npm login ends when somebody types a password at the page', () => {
    return logIn(browser, scene, user, {}, async (page) => {
      await page.fill('main form [name=user] >> nth=0', user);
      await page.fill('main form [type=password] >> nth=0', PASSWORD);
      await page.click('main form:has([value=password]) button');
    });
  });
  await check('npm login ends when somebody who is signed in says so at the page', () => {
    return logIn(browser, scene, user, session, (page) => page.click(`button:has-text("${user}")`));
  });
}

async function logIn(browser, scene, user, session, act) {
  const home = mkdtempSync(path.join(os.tmpdir(), 'nopar-npm-login-'));
  const npm = startNpm(home, ['login', `--registry=${scene.url}`, '--auth-type=web']);
  try {
    const tab = await openTab(browser, { ...session, viewport: { width: 360, height: 740 } });
    await tab.go(await npm.address);
    await expectGood(tab, scene, session.storageState ? 'npm login, signed in' : 'npm login');
    await act(tab.page);
    await tab.page.waitForSelector('h1:has-text("logged in")');
    await expectGood(tab, scene, 'npm login that is done');
    await tab.close();
    await npm.ended;
    const kept = path.join(home, 'npmrc');
    expect(existsSync(kept), 'npm keeps no token');
    const [, token] = readFileSync(kept, 'utf8').match(/_authToken=(\S+)/);
    const who = await (await fetch(scene.at('-/whoami'), { headers: { authorization: `Bearer ${token}` } })).json();
    expect(who.username === user, `npm is ${JSON.stringify(who)}`);
  } finally {
    npm.kill();
    rmSync(home, { recursive: true, force: true });
  }
}

/** npm without a terminal, which tells the address and opens nothing. */
function startNpm(home, args) {
  const program = path.join(toolDirectory('clients'), 'npm-11', 'bin', 'npm-cli.js');
  const flags = [`--userconfig=${path.join(home, 'npmrc')}`, `--cache=${path.join(home, 'cache')}`, '--no-update-notifier'];
  const child = spawn(process.execPath, [program, ...args, ...flags], {
    cwd: home, env: { PATH: process.env.PATH, HOME: home, CI: 'true' }, stdio: ['ignore', 'pipe', 'pipe'], timeout: LIMIT_MS,
  });
  let said = '';
  const address = new Promise((resolve, reject) => {
    const hear = (text) => {
      said += text;
      const found = said.match(/https?:\/\/127\.0\.0\.1:\d+\/\S*login\S+/);
      if (found) resolve(found[0]);
    };
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', hear);
    child.once('close', () => reject(new Error(`npm tells no address:\n${said}`)));
  });
  const ended = once(child, 'close').then(([code]) => expect(code === 0, `npm ended with ${code}:\n${said}`));
  ended.catch(() => {});
  return { address, ended, kill: () => child.kill('SIGKILL') };
}
