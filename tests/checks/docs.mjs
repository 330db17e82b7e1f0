// What is written for people holds together: each link leads to a file and a heading of it, each page is short and in the
// README, each setting is told of with its default, and no other is.
// Knows nothing of whether what it says is true.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The README is one page, and so is each of the others. */
const LONGEST = { 'README.md': 120, other: 200 };

/** Where all settings are in a table, and where they are with their meaning and defaults. */
const SETTINGS = 'docs/settings.md';
const DEFAULTS = 'conf/nopar.toml';

/** Files by which NOPAR, or a check of it, reads a variable. */
const READERS = /^(src|tests)\/|^conf\/nopar\.toml$/;

/** The lines of Markdown that are no code: a fence begins and ends it. Others are empty, so that numbers stay. */
export function prose(text) {
  let fence;
  return text.split('\n').map((line) => {
    const mark = line.match(/^\s*(```+|~~~+)/)?.[1];
    const isFence = mark && (!fence || mark.startsWith(fence));
    if (isFence) fence = fence ? undefined : mark;
    return fence || isFence ? '' : line;
  });
}

/** What a heading is called in a link, as GitHub does it. */
export function anchors(text) {
  const seen = new Map();
  return prose(text).filter((line) => /^#{1,6} /.test(line)).map((line) => {
    const words = line.replace(/^#+ /, '').replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').trim().toLowerCase();
    const slug = words.replace(/[^\p{L}\p{N}\p{M} _-]/gu, '').replaceAll(' ', '-');
    const times = seen.get(slug) ?? 0;
    seen.set(slug, times + 1);
    return times === 0 ? slug : `${slug}-${times}`;
  });
}

/** The targets of links within the repository, as `{ line, target }`; what is in backquotes is none. */
export function links(text) {
  return prose(text).flatMap((line, index) => {
    const targets = [...line.replace(/`[^`]*`/g, (code) => 'x'.repeat(code.length)).matchAll(/\]\(([^)\s]+)\)/g)];
    return targets.map(([, target]) => ({ line: index + 1, target })).filter(({ target }) => !/^[a-z]+:/.test(target));
  });
}

/** Links of `file` that lead nowhere. `read(path)` gives a file's text, '' for a folder, undefined where there is nothing. */
export function deadLinks(file, text, read) {
  return links(text).flatMap(({ line, target }) => {
    const [to, anchor] = target.split('#');
    const place = to ? path.normalize(path.join(path.dirname(file), to)) : file;
    const found = to ? read(place) : text;
    if (found === undefined) return [`${file}:${line}: ${target}: there is no ${place}`];
    if (anchor && !anchors(found).includes(anchor)) return [`${file}:${line}: ${target}: ${place} has no such heading`];
    return [];
  });
}

/** What is wrong with a page by itself. */
export function shape(file, text) {
  const lines = text.trimEnd().split('\n').length;
  const most = LONGEST[file] ?? LONGEST.other;
  return [
    ...(lines > most ? [`${file}: ${lines} lines, and ${most} at most`] : []),
    ...(text.startsWith('# ') ? [] : [`${file}: it does not begin with what it is about`]),
  ];
}

/** Pages that the README does not lead to. */
export function unlisted(readme, pages) {
  const listed = links(readme).map(({ target }) => target.split('#')[0]);
  return pages.filter((page) => !listed.includes(page)).map((page) => `README.md: no link to ${page}`);
}

/** Variables that nothing reads, as `{ line, name }`. */
export function unknownVariables(text, known) {
  return text.split('\n').flatMap((line, index) => {
    const names = line.match(/\bNOPAR_[A-Z0-9_]*[A-Z0-9]\b/g) ?? [];
    return names.filter((name) => !known.has(name)).map((name) => ({ line: index + 1, name }));
  });
}

/** The settings of the default file, `key → { variable, value }`. */
export function defaults(file) {
  const settings = new Map();
  let section;
  let variable;
  for (const line of file.split('\n')) {
    section = line.match(/^\[(\w+)\]$/)?.[1] ?? section;
    variable = line.match(/^# ((?:NOPAR|NO)_[A-Z0-9_]+)$/)?.[1] ?? variable;
    const [, key, value] = line.match(/^#(\w+) = "(.*)"$/) ?? [];
    if (key && variable) settings.set(`${section}.${key}`, { variable, value });
    if (key) variable = undefined;
  }
  return settings;
}

/** Where the table of settings is not what the default file says. */
export function wrongSettings(table, file) {
  const settings = defaults(file);
  const told = new Map(prose(table).flatMap((line) => {
    const cells = line.split('|').slice(1, -1).map((cell) => [...cell.matchAll(/`([^`]*)`/g)].map(([, word]) => word));
    const [variables = [], keys = [], values = []] = cells;
    if (variables.length === 0 || !keys.every((key) => /^\w+\.\w+$/.test(key))) return [];
    return keys.map((key, index) => [key, { variable: variables[index], value: values[0] ?? '' }]);
  }));
  const said = ({ variable, value }) => `${variable}, ${value || 'empty'}`;
  return [
    ...[...settings].filter(([key]) => !told.has(key)).map(([key]) => `${SETTINGS}: ${key} is missing`),
    ...[...told].filter(([key]) => !settings.has(key)).map(([key]) => `${SETTINGS}: there is no ${key}`),
    ...[...told].filter(([key, row]) => settings.has(key) && said(row) !== said(settings.get(key)))
      .map(([key, row]) => `${SETTINGS}: ${key} is told as ${said(row)}, and is ${said(settings.get(key))}`),
  ];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const list = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const files = execFileSync('git', list, { encoding: 'utf8' }).split('\0').filter((file) => file && existsSync(file));
  const text = (file) => readFileSync(file, 'utf8');
  const read = (place) => (existsSync(place) ? (statSync(place).isFile() ? text(place) : '') : undefined);
  const pages = files.filter((file) => /^docs\/.*\.md$/.test(file));
  const linked = [...new Set(['README.md', 'ARCHITECTURE.md', 'CHANGELOG.md', 'benches/README.md', ...pages])];
  const known = new Set(files.filter((file) => READERS.test(file)).flatMap((file) => text(file).match(/NOPAR_[A-Z0-9_]+/g) ?? []));
  const findings = [
    ...linked.flatMap((file) => deadLinks(file, text(file), read)),
    ...['README.md', ...pages].flatMap((file) => [
      ...shape(file, text(file)),
      ...unknownVariables(text(file), known).map(({ line, name }) => `${file}:${line}: nothing reads ${name}`),
    ]),
    ...unlisted(text('README.md'), pages),
    ...wrongSettings(text(SETTINGS), text(DEFAULTS)),
  ];
  findings.forEach((finding) => console.log(finding));
  console.log(`${pages.length} pages, ${findings.length} findings`);
  process.exitCode = findings.length === 0 && pages.length > 0 ? 0 : 1;
}
