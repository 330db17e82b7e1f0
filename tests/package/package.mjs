// What an operator installs: the Debian package, its scripts, completions and manual, and the image of the Dockerfile.
//   node tests/package/package.mjs          the package of the built program, its scripts in a dry form, the Dockerfile
//   node tests/package/package.mjs --full   also in a Debian of its own: installed, upgraded, removed and purged, as root
// Knows nothing of what each of them is: one file for each.

import { close } from '../clients/report.mjs';
import { has } from './build.mjs';
import { contents } from './contents.mjs';
import { installs } from './debian.mjs';
import { image } from './image.mjs';
import { scripts } from './scripts.mjs';
import { shipped } from './shipped.mjs';

const isFull = process.argv.includes('--full');

await scripts();
await image();
await contents();
if (isFull && process.getuid() === 0 && has('debootstrap')) {
  await shipped();
  await installs();
} else if (isFull) {
  console.log('NOT CHECKED: a Debian to install into needs root and debootstrap (Debian: apt-get install debootstrap)');
}
close();
