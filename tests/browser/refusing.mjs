// Whether pages that are wrong would be noticed: each of these must be refused by what looks at NOPAR's.
// Knows nothing of NOPAR.

import http from 'node:http';

import { check, expect } from '../clients/report.mjs';
import { MARK } from './hostile.mjs';
import { expectStanding, expectUsable } from './looks.mjs';
import { openTab } from './tab.mjs';

/** By what is wrong with it, what is in the page, and what has to be said of it. */
const WRONG = {
  'a page that scrolls sideways': ['<p>x<p><div class=w></div><style>.w { width: 500px; height: 1px }</style>', /sideways/],
  'what moves': ['<p id=a>a</p><p>b</p><script src=/move.js></script>', /moved/],
  'a picture from elsewhere': ['<img alt=x src="http://localhost:1/pixel.png">', /asked for: http:\/\/localhost/],
  'a text that runs': [`<script>${MARK} = 1</script>`, /ran/],
  'a text that turns its line around': ['<p>&#x202e;txt.exe</p>', /turns/],
  'a table of cards that scrolls': ['<div class=table style="overflow:auto"><table class=rows><td><div style="width:500px;height:1px"></div></table></div>', /scrolls/],
  'a handler': ['<p onclick="x()">x</p>', /in the page/],
  'a link that runs': ['<a href="javascript:x()">x</a>', /in the page/],
  'a form that is sent elsewhere': ['<form action="http://elsewhere.example/"></form>', /in the page/],
  'what the policy forbids': ['<p>x</p><script>x()</script>', /forbidden/, "script-src 'self'"],
  'a script that fails': ['<script src=/fail.js></script>', /script: /],
  'a picture without a word': ['<img src=/x.svg>', /axe-core/],
};

const FILES = {
  '/move.js': "requestAnimationFrame(() => setTimeout(() => { a.style.height = '300px'; }, 50));",
  '/fail.js': 'nothing.of.this();',
};

export async function checkRefusing(browser) {
  const server = http.createServer((request, response) => answer(new URL(request.url, 'http://x'), response));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${server.address().port}/`;
  await check('pages that are wrong are refused', async () => {
    await Promise.all(Object.entries(WRONG).map(async ([what, [, said]]) => {
      const words = await refusal(browser, `${url}?${encodeURIComponent(what)}`);
      expect(said.test(words), `${what}: ${words}`);
    }));
  });
  server.closeAllConnections();
  server.close();
}

/** What is said of a page. */
async function refusal(browser, url) {
  const tab = await openTab(browser, { viewport: { width: 360, height: 740 } });
  await tab.go(url);
  if (url.endsWith('moves')) await tab.page.waitForFunction(() => globalThis.noparMoved.length > 0);
  const said = [];
  for (const judge of [() => expectStanding(tab.page), () => tab.expectQuiet(url), () => expectUsable(tab.page)]) {
    await judge().catch((error) => said.push(error.message));
  }
  await tab.close();
  return said.join('\n') || 'nothing is found';
}

function answer({ pathname, search }, response) {
  if (pathname !== '/') return response.end(FILES[pathname] ?? '');
  const [body, , policy] = WRONG[decodeURIComponent(search.slice(1))];
  const headers = { 'content-type': 'text/html', ...(policy ? { 'content-security-policy': policy } : {}) };
  return response.writeHead(200, headers).end(`<!doctype html><html lang=en><title>x</title><main><h1>x</h1>${body}</main>`);
}
