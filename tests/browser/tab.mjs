// A tab of the browser that is watched: what it complains of, what it asks for, what moves while it is shown.
// Knows nothing of what pages are about.

import { expectNone } from '../clients/report.mjs';
import { MARK } from './hostile.mjs';

/** What the browser says of an error page itself: that it is one. */
const STATUS = /^Failed to load resource: the server responded with a status of [45]\d\d /;

/** Runs before anything of a page: notes what moves, and what the policy of the page forbids. */
function watch() {
  globalThis.noparMoved = [];
  globalThis.noparForbidden = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (entry.hadRecentInput) continue;
      const what = entry.sources.map(({ node }) => node?.nodeName + (node?.className ? `.${node.className}` : '')).join(', ');
      globalThis.noparMoved.push(`${what || 'something'} by ${entry.value.toFixed(4)}`);
    }
  }).observe({ type: 'layout-shift', buffered: true });
  document.addEventListener('securitypolicyviolation', (event) => {
    globalThis.noparForbidden.push(`${event.effectiveDirective}: ${event.blockedURI} ${event.sample}`);
  });
}

/** Opens a tab of its own, `options` as playwright has them for contexts. */
export async function openTab(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  await context.addInitScript(watch);
  const page = await context.newPage();
  return new Tab(context, page);
}

export class Tab {
  #complaints = [];
  #requests = [];
  context;
  page;

  constructor(context, page) {
    this.context = context;
    this.page = page;
    page.setDefaultTimeout(10_000);
    page.on('console', (message) => {
      const isTrouble = ['error', 'warning'].includes(message.type());
      if (isTrouble && !STATUS.test(message.text())) this.#complaints.push(`console: ${message.text()}`);
    });
    page.on('pageerror', (error) => this.#complaints.push(`script: ${error.message}`));
    page.on('requestfailed', (request) => {
      const why = request.failure()?.errorText;
      // Who goes on does not wait for the icon.
      if (why !== 'net::ERR_ABORTED') this.#complaints.push(`failed: ${request.url()} ${why}`);
    });
    page.on('dialog', (dialog) => {
      this.#complaints.push(`dialog: ${dialog.message()}`);
      dialog.dismiss();
    });
    page.on('request', (request) => this.#requests.push(request.url()));
  }

  /** Goes to a page, waits until it is there with all that belongs to it, and returns its status. */
  async go(url) {
    const response = await this.page.goto(url, { waitUntil: 'load' });
    return response.status();
  }

  /** Throws if anything was wrong since the last time, with a page of the registry at `url`. */
  async expectQuiet(url) {
    const { origin } = new URL(url);
    const isElsewhere = (each) => !each.startsWith(`${origin}/`) && !each.startsWith('data:');
    const elsewhere = this.#requests.filter(isElsewhere).map((each) => `asked for: ${each}`);
    const complaints = this.#complaints;
    [this.#requests, this.#complaints] = [[], []];
    const inside = await this.page.evaluate(found, MARK);
    expectNone([...new Set([...complaints, ...elsewhere, ...inside])], 'what should not be');
  }

  close() {
    return this.context.close();
  }
}

/** In the page: what was forbidden, what runs that is not the page's, what leads where no link should. */
function found(mark) {
  const told = (element) => element.outerHTML.slice(0, 150);
  const all = [...document.querySelectorAll('*')];
  // In a readme or a file nothing but itself is turned.
  const texts = all.filter((element) => !element.closest('.readme, .source')).flatMap((element) => [...element.childNodes]);
  const turned = texts.filter((node) => node.nodeType === Node.TEXT_NODE && /[\u202a-\u202e\u2066-\u2069]/.test(node.data));
  const acts = (element) => [...element.attributes].some(({ name }) => name.startsWith('on') || name === 'style');
  const isOdd = (element) => element.matches('iframe, object, embed, style, base, script:not([src]), meta[http-equiv], [target]') ||
    (element.matches('a[href]') && !/^https?:$/.test(element.protocol)) ||
    (element.matches('form') && new URL(element.action).origin !== location.origin) ||
    (element.matches('img, script, link') && new URL(element.src ?? element.href).origin !== location.origin);
  return [
    ...(globalThis.noparForbidden ?? []).map((each) => `forbidden: ${each}`),
    ...turned.map((text) => `turns its line around: ${text.data.slice(0, 150)}`),
    ...(globalThis[mark] ? [`a text of a package ran`] : []),
    ...all.filter((element) => acts(element) || isOdd(element)).map((element) => `in the page: ${told(element)}`),
  ];
}
