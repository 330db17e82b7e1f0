// What was found, as markdown and as JSON.
// Knows nothing of how it was found.

import { aboutLines } from '../machine/about.mjs';
import { number, table } from '../machine/table.mjs';

/** `{ markdown, json, good }`; good: no section failed and every target is met. */
export function report(facts, results) {
  const checks = results.flatMap(({ name, checks: each }) => each.map((check) => ({ section: name, ...check })));
  const good = checks.every(({ met }) => met) && results.every(({ failed }) => !failed);
  return { markdown: markdown(facts, results, checks), json: { about: facts, good, checks, results }, good };
}

function markdown(facts, results, checks) {
  return [
    '# NOPAR beside nginx',
    '',
    ...aboutLines(facts),
    '',
    ...results.flatMap(({ title, text }) => [`## ${title}`, '', text, '']),
    '## Targets',
    '',
    table(['section', 'what', 'value>', 'limit>', 'verdict'], checks.map(checkLine)),
    '',
    ...errorLines(results, checks),
  ].join('\n');
}

function checkLine({ section, what, value, limit, unit = '', met }) {
  return [section, what, `${number(value)}${unit}`, `${number(limit)}${unit}`, met ? 'met' : 'NOT MET'];
}

function errorLines(results, checks) {
  const errors = [
    ...results.filter(({ failed }) => failed).map(({ name, failed }) => `- ${name}: ${failed}`),
    ...checks.flatMap(({ section, what, errors: each = [] }) => each.map((error) => `- ${section}, ${what}: ${error}`)),
  ];
  return errors.length ? ['## Errors', '', ...errors, ''] : [];
}
