// The process of `bare.mjs`: prints how many pairs of files per second went to the disk.
// Knows nothing of who asks.

import { mkdir, open, rename } from 'node:fs/promises';
import path from 'node:path';

const [directory, count, atOnce] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];

async function syncFolder(folder) {
  const handle = await open(folder, 'r');
  await handle.sync();
  await handle.close();
}

async function put(beside, place) {
  const handle = await open(beside, 'wx');
  await handle.write('x'.repeat(500));
  await handle.sync();
  await handle.close();
  await rename(beside, place);
}

let next = 0;
async function work() {
  for (let n = next++; n < count; n = next++) {
    const folder = path.join(directory, `p${n}`);
    await mkdir(folder);
    await syncFolder(directory);
    await put(path.join(directory, `tmp-${n}`), path.join(folder, 'tarball'));
    await syncFolder(folder);
    await put(path.join(directory, `tmp-${n}`), path.join(folder, 'document'));
    await syncFolder(folder);
  }
}

const since = performance.now();
await Promise.all(Array.from({ length: atOnce }, work));
console.log(count / ((performance.now() - since) / 1000));
