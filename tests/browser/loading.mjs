// Pages that come slowly: what is shown of them first stays where it is.
// Knows nothing of what is on them.

import { check } from '../clients/report.mjs';
import { expectStanding, windowOf } from './looks.mjs';
import { HOSTILE, ORDINARY } from './packages.mjs';
import { openTab } from './tab.mjs';

/** As by a bad network, in bytes per second: a page takes seconds. */
const SLOW = { offline: false, latency: 10, downloadThroughput: 3000, uploadThroughput: -1 };

/** Pages with parts beside each other. */
const PAGES = { home: '', 'a list': '-/packages/all', 'a package': `-/package/${ORDINARY}`, 'a package with much to say': `-/package/${HOSTILE}` };

/** In a wide window, where there is something beside something. */
export async function checkLoading(browser, scene) {
  await Promise.all(Object.entries(PAGES).map(async ([name, path]) => {
    const tab = await openTab(browser, { viewport: windowOf(1280) });
    await check(`${name} that comes slowly does not move`, async () => {
      // The style is held by then, as it is by who has seen another page.
      await tab.go(scene.at('-/nothing-here'));
      const session = await tab.context.newCDPSession(tab.page);
      await session.send('Network.enable');
      await session.send('Network.emulateNetworkConditions', SLOW);
      await tab.page.goto(scene.at(path), { waitUntil: 'load', timeout: 60_000 });
      await expectStanding(tab.page);
    });
    await tab.close();
  }));
}
