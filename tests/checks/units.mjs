// How much a process under NOPAR's unit may do, as systemd-analyze counts it (0 nothing, 10 everything): offline, of the
// file alone. Where there is no systemd-analyze it says so, and checks nothing.
// Knows nothing of what the unit starts.

import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const UNIT = path.join(import.meta.dirname, '..', '..', 'systemd', 'nopar.service');

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

function main() {
  const { error, stdout, stderr } = spawnSync('systemd-analyze', ['security', '--offline=true', '--no-pager', UNIT], { encoding: 'utf8' });
  if (error?.code === 'ENOENT') {
    console.log('NOT CHECKED: there is no systemd-analyze here (Debian: apt-get install systemd)');
    return;
  }
  if (error) throw error;
  const exposure = exposureIn(`${stdout}${stderr}`);
  const findings = findingsOf(exposure);
  findings.forEach((finding) => console.log(finding));
  console.log(`exposure ${exposure}, ${findings.length} findings`);
  if (findings.length) process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
