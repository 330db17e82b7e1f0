// What pages say when the registry cannot read what they are about.
// Knows nothing of why it cannot.

import { renameSync } from 'node:fs';
import path from 'node:path';

import { check, expect } from '../clients/report.mjs';
import { expectStanding, expectUsable } from './looks.mjs';
import { LOCAL } from './packages.mjs';
import { openTab } from './tab.mjs';

export async function checkFailing(browser, scene) {
  await check('a registry whose directory is gone says so on a page', async () => {
    const registry = path.join(scene.home.root, 'registry');
    const away = `${registry}-away`;
    const tab = await openTab(browser);
    renameSync(registry, away);
    try {
      const status = await tab.go(scene.at(`-/package/${LOCAL}`));
      expect(status === 500, `it is answered with ${status}`);
      const text = await tab.page.textContent('main');
      expect(/its log says why/.test(text) && !text.includes(scene.home.root), `it says ${text}`);
      await expectStanding(tab.page);
      await expectUsable(tab.page);
      await tab.expectQuiet(scene.url);
    } finally {
      renameSync(away, registry);
    }
    expect(await tab.go(scene.at(`-/package/${LOCAL}`)) === 200, 'it is not told when it is back');
    await tab.close();
  });
}
