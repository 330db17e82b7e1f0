// Buttons that copy.
// Knows nothing of what is worth copying.

import { check, expect } from '../clients/report.mjs';
import { LAN_HOST } from './chromium.mjs';
import { ORDINARY } from './packages.mjs';
import { openTab } from './tab.mjs';

/** On this machine, where browsers trust a page; by a name in a network, where they do not; and without a script. */
export async function checkCopying(browser, scene) {
  const near = scene.at(`-/package/${ORDINARY}`);
  const far = new URL(near);
  far.hostname = LAN_HOST;
  for (const [where, url] of [['on this machine', near], ['in a network, by plain HTTP', far.href]]) {
    await check(`${where}, a button copies what is beside it`, async () => {
      const tab = await openTab(browser);
      await tab.go(url);
      await tab.context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: new URL(near).origin });
      const button = tab.page.locator('button.copy').first();
      const wanted = await tab.page.textContent(`#${await button.getAttribute('data-copy')}`);
      await button.click();
      await tab.page.waitForFunction(() => document.querySelector('button.copy').textContent === 'Copied');
      // What is on the clipboard is shown to trusted pages only.
      await tab.go(near);
      const copied = await tab.page.evaluate(() => navigator.clipboard.readText());
      expect(copied === wanted.trim(), `what is copied is ${copied}`);
      await tab.close();
    });
  }
  await check('a button that is pressed twice says so, and is then as it was', async () => {
    const tab = await openTab(browser, { permissions: ['clipboard-read', 'clipboard-write'] });
    await tab.go(near);
    const button = tab.page.locator('button.copy').first();
    const word = await button.textContent();
    for (let time = 0; time < 2; time += 1) {
      await button.click();
      await tab.page.waitForFunction(() => document.querySelector('button.copy').textContent === 'Copied');
    }
    const said = await tab.page.textContent('[role=status].unseen');
    expect(said === 'Copied', `who cannot see it hears ${said}`);
    await tab.page.waitForFunction((was) => document.querySelector('button.copy').textContent === was, word);
    expect(await tab.page.textContent('[role=status].unseen') === '', 'it is said still');
    await tab.close();
  });
  await check('without a script there are no buttons that do nothing', async () => {
    const tab = await openTab(browser, { javaScriptEnabled: false });
    await tab.go(near);
    expect(await tab.page.locator('button.copy:visible').count() === 0, 'there are');
    await tab.close();
  });
}
