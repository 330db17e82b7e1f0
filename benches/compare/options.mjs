// What the command line asks for.
// Knows nothing of how it is done.

import { parseArgs } from 'node:util';

import { ROWS } from './rows.mjs';

/** All sections, in the order they are measured in. */
export const SECTIONS = [
  'rows', 'logs', 'readers', 'threads', 'mix', 'p99', 'stampede', 'idle', 'memory', 'fill', 'restart', 'tls', 'h2', 'rivals',
];

export const USAGE = `benches/compare/run [--quick] [--rows a,b] [--sections a,b] [--save] …

  --quick            3 rounds of 1 s in place of 5 of 3 s
  --rounds N         how many rounds
  --seconds N        how long each is
  --rows A,B         these rows only: ${ROWS.map((row) => row.name).join(', ')}
  --sections A,B     these sections only: ${SECTIONS.join(', ')}
  --registry DIR     keep the synthetic registry there, and use it again
  --objects N        cached objects for the section restart (100000)
  --json FILE        write the results there as JSON
  --save             write table and JSON into benches/runs/
  --install          install missing programs first
NOPAR_BINARY, VERDACCIO: the programs, where they are not the usual ones.`;

/** The options of `args`; throws a sentence for what is none. */
export function readOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      rows: { type: 'string' },
      sections: { type: 'string' },
      registry: { type: 'string' },
      objects: { type: 'string', default: '100000' },
      json: { type: 'string' },
      save: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  return {
    help: values.help,
    rounds: count(values.rounds ?? (values.quick ? '3' : '5'), '--rounds'),
    seconds: count(values.seconds ?? (values.quick ? '1' : '3'), '--seconds'),
    rows: chosen(values.rows, ROWS.map((row) => row.name), '--rows'),
    sections: chosen(values.sections, SECTIONS, '--sections'),
    registry: values.registry,
    objects: count(values.objects, '--objects'),
    json: values.json,
    save: values.save,
  };
}

function count(text, option) {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new Error(`${option} wants a whole number from 1, not ${text}`);
  return number;
}

function chosen(text, all, option) {
  if (text === undefined) return all;
  const names = text.split(',').filter(Boolean);
  const unknown = names.filter((name) => !all.includes(name));
  if (unknown.length || !names.length) throw new Error(`${option} knows ${all.join(', ')}, not ${unknown.join(', ') || 'nothing'}`);
  // In the order of the list, not of the command line: what is measured never depends on that.
  return all.filter((name) => names.includes(name));
}
