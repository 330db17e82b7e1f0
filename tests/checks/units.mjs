// How much a process under NOPAR's unit may do, as systemd-analyze counts it (0 nothing, 10 everything): offline, of the
// file alone; and whether the units say what systemd understands. Where there is no systemd-analyze it says so, and checks
// nothing.
// Knows nothing of what the unit starts.

import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const UNITS = path.join(import.meta.dirname, '..', '..', 'systemd');
const UNIT = path.join(UNITS, 'nopar.service');

/** The most that is allowed. */
const MOST = 1.5;

/** The figure in what `systemd-analyze security` prints at its end. */
export function exposureIn(printed) {
  const figure = printed.match(/Overall exposure level for \S+: (\d+(?:\.\d+)?) /)?.[1];
  if (figure === undefined) throw new Error(`systemd-analyze tells no exposure:\n${printed}`);
  return Number(figure);
}

/** What is wrong with a unit whose exposure is that. */
export function findingsOf(exposure) {
  return exposure <= MOST ? [] : [`nopar.service: exposure ${exposure}, at most ${MOST} is allowed (systemd-analyze security --offline=true ${path.relative('.', UNIT)})`];
}

/** What `systemd-analyze verify` says of these units themselves: others are the machine's, and nopar is not installed on it. */
export function wordsIn(printed) {
  const isOwn = (line) => /nopar\.(service|socket)/.test(line) && !/Command \S*nopar is not executable/.test(line);
  return printed.split('\n').filter(isOwn);
}

/** What is wrong in the files of these units. */
function verify(files) {
  const { error, stdout, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', '--recursive-errors=no', ...files], { encoding: 'utf8' });
  if (error) throw error;
  return wordsIn(`${stdout}${stderr}`);
}

function main() {
  const { error, stdout, stderr } = spawnSync('systemd-analyze', ['security', '--offline=true', '--no-pager', UNIT], { encoding: 'utf8' });
  if (error?.code === 'ENOENT') {
    console.log('NOT CHECKED: there is no systemd-analyze here (Debian: apt-get install systemd)');
    return;
  }
  if (error) throw error;
  const exposure = exposureIn(`${stdout}${stderr}`);
  const findings = [...findingsOf(exposure), ...verify(['nopar.service', 'nopar.socket'].map((name) => path.join(UNITS, name)))];
  findings.forEach((finding) => console.log(finding));
  console.log(`exposure ${exposure}, ${findings.length} findings`);
  if (findings.length) process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
