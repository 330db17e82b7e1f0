// What a run of NOPAR before the synthetic registry starts from, and where its report goes.
// Knows nothing of what is measured.

import { about, aboutLines, fingerprint, saveRun, version } from '../machine/about.mjs';
import { temporaryDirectory } from '../machine/directory.mjs';
import { loadLine, loadNow } from '../machine/load.mjs';
import { makeRegistry } from '../registry/make.mjs';
import { binary, startNopar, startUpstream } from './servers.mjs';

/**
 * The program, the registry in `dir` (a new one, if that is not given), its upstream, and a directory for
 * all else. `name` is that of the report; `options` are the registry's.
 */
export async function prepare(name, dir, options) {
  const program = binary();
  const before = loadNow();
  const temporary = temporaryDirectory(`nopar-${name}`);
  const directory = dir ?? temporary.make('registry');
  const registry = makeRegistry(directory, options);
  const upstream = await startUpstream(directory);
  return {
    temporary,
    dir: directory,
    registry,
    upstream,
    /** A NOPAR with its files in `home`. */
    start: (home, settings) => startNopar(program, home, upstream.origin, settings),
    /**
     * Prints the report, and writes it down with `save`. `command` is what the command line begins with,
     * `lines` come behind those that say where it was made; `json` is what is saved beside them.
     */
    report: ({ title, command, versions, lines, json, save }) => {
      const facts = about({ nopar: `${version(program, '--version')} (${fingerprint(program)})`, ...versions }, command);
      const text = [`# ${title}`, '', ...aboutLines(facts), loadLine(before), ...lines, ''].join('\n');
      console.log(text);
      if (save) console.log(`saved in ${saveRun(name, facts, text, { about: { ...facts, load: before.average }, ...json })}`);
    },
  };
}
