// What pages cost on their way, and what they say to who tells lies about where they are.
// Knows nothing of what is on them.

import http from 'node:http';
import { setTimeout } from 'node:timers/promises';

import { check, expect } from '../clients/report.mjs';
import { TEXT } from './hostile.mjs';
import { openTab } from './tab.mjs';

/** What the first page may weigh with all that belongs to it. */
const HOME_LIMIT_BYTES = 50 * 1024;

/** Lines of the log: of the first page, and of what pages are made up with. */
const HOME = /GET \/ 200 /g;
const STATICS = /GET \/-\/static\/\S+\.(css|js) /g;

/** How long, and how often, the log is waited for. */
const LOG_LIMIT_MS = 5000;
const LOG_TICK_MS = 20;

export async function checkWire(browser, scene) {
  await check('the first page weighs at most 50 KiB, with all that belongs to it', async () => {
    const tab = await openTab(browser);
    const bytes = await weighed(tab, scene.at(''));
    await tab.close();
    console.log(`# ${bytes} bytes`);
    expect(bytes > 0 && bytes <= HOME_LIMIT_BYTES, `it weighs ${bytes} bytes`);
  });
  await check('what belongs to pages is loaded once', async () => {
    const tab = await openTab(browser);
    const homes = lines(scene.log, HOME);
    await tab.go(scene.at(''));
    await said(scene, homes + 1);
    const before = lines(scene.log, STATICS);
    await tab.go(scene.at('-/packages/all'));
    await tab.go(scene.at(''));
    await said(scene, homes + 2);
    const after = lines(scene.log, STATICS);
    expect(before > 0 && after === before, `they were asked for ${after - before} times more`);
    await tab.close();
  });
  await check('a host that is none is not believed', async () => {
    const { status, text } = await ask(scene.url, { host: `a${TEXT.replaceAll(/\s/g, '')}`, accept: 'text/html' });
    expect(status === 400, `it is answered with ${status}: ${text.slice(0, 300)}`);
    expect(!text.includes('<script>global') && !text.includes('<svg/onload'), `it is told back: ${text}`);
  });
}

function lines(log, pattern) {
  return log.match(pattern)?.length ?? 0;
}

/** Waits until the log tells of so many first pages, and of what was loaded with them: it is written a little later. */
async function said(scene, homes) {
  const end = Date.now() + LOG_LIMIT_MS;
  while (lines(scene.log, HOME) < homes && Date.now() < end) await setTimeout(LOG_TICK_MS);
  await setTimeout(10 * LOG_TICK_MS);
}

// As they come by the network: headers and packed bodies.
async function weighed({ context, page }, url) {
  const session = await context.newCDPSession(page);
  await session.send('Network.enable');
  let bytes = 0;
  session.on('Network.loadingFinished', ({ encodedDataLength }) => { bytes += encodedDataLength; });
  await page.goto(url, { waitUntil: 'networkidle' });
  return bytes;
}

/** A request such as no browser sends. */
function ask(url, headers) {
  return new Promise((resolve, reject) => {
    http.get(url, { headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part) => { text += part; });
      response.on('end', () => resolve({ status: response.statusCode, text }));
    }).on('error', reject);
  });
}
