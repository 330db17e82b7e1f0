// Whether names that are nobody else's business are in what a registry was asked.
// Knows nothing of what is asked, nor of how names are spelt but that they may be escaped.

/** How often something may be escaped, one way over another. */
const DEPTH = 3;

/** The requests in which one of the names is, as text; `requests` are `{ method, url, headers, body }`. */
export function leaksIn(requests, names) {
  return requests.map(({ method, url, headers, body }) => `${method} ${url} ${JSON.stringify(headers)} ${body}`)
    .filter((request) => spellings(request).some((text) => names.some((name) => text.includes(name.toLowerCase()))));
}

function spellings(text) {
  const all = [text.toLowerCase()];
  for (let depth = 0; depth < DEPTH; depth += 1) all.push(unescaped(all.at(-1)));
  return all;
}

// In a URL `%40`, or `+` for a space; in JSON `\u0040`, or `\/`. Not by decodeURIComponent, which throws at a lone `%`.
function unescaped(text) {
  const character = (_, code) => String.fromCharCode(Number.parseInt(code, 16));
  return text.replace(/%([0-9a-f]{2})/g, character).replace(/\\u([0-9a-f]{4})/g, character).replace(/\\\//g, '/');
}
