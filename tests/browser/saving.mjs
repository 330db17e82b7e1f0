// Settings that are saved by their page hold, at once and after a restart.
// Knows nothing of where they are kept.

import { check, expect } from '../clients/report.mjs';
import { expectTold } from './administering.mjs';
import { LATER, ORDINARY, upstreamPackages } from './packages.mjs';
import { openTab } from './tab.mjs';
import { startUpstream } from './upstream.mjs';

const FIELD = '[name="cache.meta_ttl"]';
const AGENT = '[name="upstream.user_agent"]';
const PARENT = '[name="upstream.url"]';
const BASE_URL = '[name="server.base_url"]';
const CONFIRMED = '[name="other_address"]';

export async function checkSaving(browser, scene) {
  const tab = await openTab(browser);
  const { page } = tab;
  const save = () => page.click('main form button');
  await check('a setting is saved, and holds', async () => {
    await tab.go(scene.at('-/settings'));
    await page.fill(AGENT, 'tried-in-a-browser/1.0');
    await save();
    await expectTold(page, /Saved/);
    expect(await page.inputValue(AGENT) === 'tried-in-a-browser/1.0', 'the field forgot it');
    await refresh(page, scene);
    expect(scene.upstream.agents.at(-1) === 'tried-in-a-browser/1.0', `the upstream heard ${scene.upstream.agents.at(-1)}`);
  });
  await check('another parent registry is asked from the next request on', async () => {
    const other = await startUpstream(upstreamPackages);
    const get = async () => (await fetch(scene.at(LATER))).status;
    await tab.go(scene.at('-/settings'));
    await page.fill(PARENT, other.url);
    await save();
    await expectTold(page, /Saved/);
    const before = scene.upstream.asked.length;
    expect(await get() === 200, 'it is not had from there');
    expect(other.asked.join(' ') === `/${LATER}`, `the other was asked for ${other.asked.join(' ') || 'nothing'}`);
    expect(scene.upstream.asked.length === before, `the one before was asked for ${scene.upstream.asked.slice(before)}`);
    await page.fill(PARENT, '');
    await save();
    await expectTold(page, /Saved/);
    await other.stop();
    expect(await get() === 200, 'the one before is not asked again');
  });
  await check('what another tab has saved is not undone by one that was opened before', async () => {
    const second = await openTab(browser);
    await tab.go(scene.at('-/settings'));
    await second.go(scene.at('-/settings'));
    await second.page.fill(FIELD, '1h');
    await second.page.click('main form button');
    await expectTold(second.page, /Saved/);
    await second.close();
    await save();
    await page.waitForSelector(`${FIELD}[aria-invalid=true]`);
    const said = await page.textContent('main [role=alert]');
    expect(/changed meanwhile/.test(said), `it says ${said}`);
    expect(await page.inputValue(FIELD) === '', 'what was typed is gone');
    await save();
    await expectTold(page, /Saved/);
  });
  await check('a base URL by which nobody comes is confirmed, and can be taken back', async () => {
    await tab.go(scene.at('-/settings'));
    await page.fill(BASE_URL, 'https://npm.acme.example');
    await save();
    await page.check(CONFIRMED);
    await save();
    await expectTold(page, /Saved/);
    await page.fill(BASE_URL, '');
    await save();
    await expectTold(page, /Saved/);
  });
  await check('what makes no sense is not saved, and said where it stands', async () => {
    await tab.go(scene.at('-/settings'));
    await page.fill(FIELD, 'soon');
    await save();
    await page.waitForSelector(`${FIELD}[aria-invalid=true]`);
    expect(await page.inputValue(FIELD) === 'soon', 'what was typed is gone');
    const described = (await page.getAttribute(FIELD, 'aria-describedby')).split(' ');
    const said = await page.textContent(`[id="${described.find((id) => id.includes('error'))}"]`);
    expect(said.trim().length > 10, 'nothing is said of it');
    expect(/^Error: /.test(await page.title()), `the page is called ${await page.title()}`);
    const top = await page.textContent('main [role=alert]');
    expect(top.includes(said.trim()), `above all it says ${top}`);
    expect(await page.evaluate(() => document.activeElement.name) === 'cache.meta_ttl', 'one has to look for the field');
    const { y } = await page.locator(FIELD).boundingBox();
    expect(y > 0 && y < page.viewportSize().height, `the field is at ${y}`);
  });
  await check('nothing was wrong with its page', () => tab.expectQuiet(scene.url));
  await check('after a restart it still holds', async () => {
    await scene.restart();
    await tab.go(scene.at('-/settings'));
    expect(await page.inputValue(AGENT) === 'tried-in-a-browser/1.0', `the field has ${await page.inputValue(AGENT)}`);
    expect(await page.inputValue(FIELD) !== 'soon', 'and so does what makes no sense');
    await page.fill(AGENT, '');
    await save();
    await expectTold(page, /Saved/);
  });
  await tab.close();
}

async function refresh(page, scene) {
  await page.goto(scene.at(`-/package/${ORDINARY}/refresh`));
  await page.click('main button');
  await expectTold(page, /as its upstream has it now/);
}
