// The browser: Debian's Chromium without a window, driven by the pinned playwright-core.
// Knows nothing of pages. What it looks for elsewhere it does not find: no request of the browser's own leaves the machine.

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

import { toolDirectory } from '../clients/tools.mjs';

/** Where a Chromium may be; the variable goes before. */
const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** A name of this machine by which pages are not trusted as those of `127.0.0.1` are: as anywhere in a network. */
export const LAN_HOST = 'nopar.example';

const ARGUMENTS = [
  // As root there is no other way; pages here come from this machine only.
  '--no-sandbox',
  '--disable-dev-shm-usage',
  '--disable-background-networking',
  '--disable-component-update',
  `--host-resolver-rules=MAP ${LAN_HOST} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost`,
];

/** The browser's program, installed first if that is possible here; undefined, with the reason told, if there is none. */
export function findChromium() {
  const found = () => [process.env.NOPAR_CHROMIUM, ...PLACES].find((place) => place && existsSync(place));
  if (!found()) install();
  if (!found()) console.log('# SKIPPED: no browser. Install chromium, or name one by NOPAR_CHROMIUM: no page is tried');
  return found();
}

/** Starts it. */
export function launch(program) {
  const { chromium } = tool('playwright-core');
  return chromium.launch({ executablePath: program, args: ARGUMENTS });
}

/** The text of axe-core, as a page takes it. */
export function axeSource() {
  return tool('axe-core').source;
}

function tool(name) {
  const require = createRequire(path.join(toolDirectory('browser'), '..', 'package.json'));
  return require(name);
}

// Where we are root on a Debian; elsewhere it is for others to say what is installed.
function install() {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return;
  console.log('# installing chromium');
  const apt = (...args) => execFileSync('apt-get', ['-qq', ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }, stdio: ['ignore', 'ignore', 'inherit'],
  });
  try {
    apt('update');
    apt('install', '-y', '--no-install-recommends', 'chromium');
  } catch (error) {
    console.log(`# chromium could not be installed: ${error.message}`);
  }
}
