// What a fleet replay says: a table, the verdicts, and the same as JSON.
// Knows nothing of how it was measured.

import { quantile } from '../machine/statistics.mjs';
import { megabytes, number, table, time } from '../machine/table.mjs';
import { range } from './watch.mjs';

/** So many findings of a kind are printed. */
const SHOWN = 10;

const COLUMNS = [
  'scenario', 'wall>', 'requests>', '304>', 'p50>', 'p99>', 'received>', 'upstream: packuments>', 'tarballs>', 'most per object>',
  'errors>', 'wrong>', 'NOPAR CPU>', 'clients CPU>', 'RSS start>', 'peak>', 'end>', 'open files, peak>',
];

/** `outcomes` as fleet.mjs makes them; gives `{ markdown, json, isGood }`. */
export function report(outcomes, { memory }) {
  const rows = outcomes.map(summarize);
  const findings = rows.flatMap((row) => faults(row).map((each) => `${row.scenario}: ${each}`));
  const verdict = memoryVerdict(rows, memory);
  const markdown = [
    table(COLUMNS, rows.map(cells)), '', verdict.text, '',
    ...(findings.length === 0 ? ['Every answer was right, and every object was fetched once.'] : ['Not as it should be:', ...findings.map((each) => `- ${each}`)]),
  ].join('\n');
  return { markdown, json: { rows, memory: verdict, findings }, isGood: findings.length === 0 && verdict.isMet };
}

/** The figures of one scenario. */
export function summarize({ scenario, tally, milliseconds, samples, cpuSeconds, clientSeconds, counts, wrong }) {
  const perObject = Object.entries(counts.perPath);
  const memory = range(samples, 'memory');
  return {
    scenario: scenario.name,
    isCold: Boolean(scenario.isCold),
    isStale: Boolean(scenario.isStale),
    seconds: milliseconds / 1000,
    requests: tally.requests,
    notModified: tally.notModified,
    p50: quantile(tally.times, 0.5),
    p99: quantile(tally.times, 0.99),
    bytes: tally.bytes,
    objects: tally.seen.size,
    upstream: { packument: counts.packument, tarball: counts.tarball, notFound: counts.notFound, refused: counts.refused },
    mostPerObject: Math.max(0, ...perObject.map(([, count]) => count)),
    repeated: perObject.filter(([, count]) => count > 1).map(([path, count]) => `${path} ${count} times`),
    errors: tally.errors,
    shownErrors: tally.shown,
    wrong,
    cpuSeconds,
    clientSeconds,
    memory,
    descriptors: range(samples, 'descriptors'),
    threads: range(samples, 'threads'),
    memoryOverTime: samples.map(({ second, memory: bytes }) => [Number(second.toFixed(2)), bytes]),
  };
}

function cells(row) {
  const { memory } = row;
  return [
    row.scenario, `${number(row.seconds)} s`, row.requests.toLocaleString('en-US'), row.notModified.toLocaleString('en-US'),
    time(row.p50 * 1000), time(row.p99 * 1000), megabytes(row.bytes), row.upstream.packument, row.upstream.tarball, row.mostPerObject,
    row.errors, row.wrong.length, `${number(row.cpuSeconds)} s`, `${number(row.clientSeconds)} s`, megabytes(memory.start), megabytes(memory.peak), megabytes(memory.end), row.descriptors.peak,
  ];
}

/** What must not be, as text. */
export function faults({ isCold, isStale, errors, shownErrors, wrong, repeated, upstream }) {
  const few = (list, what) => (list.length === 0 ? [] : [`${what}: ${list.slice(0, SHOWN).join('; ')}${list.length > SHOWN ? ` … (${list.length})` : ''}`]);
  return [
    ...few(errors > 0 ? [`${errors} requests`, ...shownErrors] : [], 'failed'),
    ...few(wrong, 'wrong'),
    ...few(repeated, 'fetched more than once'),
    ...(!isCold && upstream.packument + upstream.tarball > 0 ? [`${upstream.packument + upstream.tarball} requests to the upstream for what was held`] : []),
    ...(isStale && upstream.refused === 0 ? ['nobody asked the upstream, so nothing was stale'] : []),
  ];
}

/** Whether memory ends where it should, and how it came there. */
export function memoryVerdict(rows, { size, spare }) {
  const highest = rows.reduce((most, row) => (row.memory.end > most.memory.end ? row : most));
  const peak = Math.max(...rows.map(({ memory }) => memory.peak));
  const isMet = highest.memory.end <= size + spare;
  const text = `Memory after a replay: at most ${megabytes(highest.memory.end)} (${highest.scenario}); target: NOPAR_MEMORY_SIZE + 100 MB = `
    + `${megabytes(size + spare)}: **${isMet ? 'met' : 'not met'}**. The peak was ${megabytes(peak)}.`;
  return { isMet, endBytes: highest.memory.end, peakBytes: peak, targetBytes: size + spare, text };
}
