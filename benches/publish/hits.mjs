// What a hot hit costs NOPAR in CPU time: its own packuments and tarballs beside an upstream's, with the very same
// bytes. Knows nothing of how either came to be there.

import net from 'node:net';

import { cpuTime } from '../machine/process.mjs';

/** Requests under way at once, each on a connection of its own. */
const CONNECTIONS = 16;
/** Rounds of each; the median counts. */
const ROUNDS = 5;
/** A round takes about so long: some hundred ticks of the CPU's time. */
const ROUND_MS = 400;

/** Asks for a path again and again until the time is over; how many answers came, and their length. */
function ask(port, path, headers, until) {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const request = `GET ${path} HTTP/1.1\r\nhost: registry.test\r\n${lines}\r\n`;
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1', () => socket.write(request));
    let [answers, missing, head] = [0, 0, Buffer.alloc(0)];
    const fail = (error) => {
      socket.destroy();
      reject(error);
    };
    socket.setNoDelay(true);
    socket.on('error', fail);
    socket.on('data', (bytes) => {
      let rest = bytes.length;
      if (missing === 0) {
        head = Buffer.concat([head, bytes]);
        const end = head.indexOf('\r\n\r\n');
        if (end < 0) return;
        const text = head.toString('latin1', 0, end);
        const length = Number(text.match(/^content-length: (\d+)$/im)?.[1]);
        if (!text.startsWith('HTTP/1.1 200') || !(length > 0)) return fail(new Error(`${path}: ${text}`));
        [rest, missing, head] = [head.length - end - 4, length, Buffer.alloc(0)];
      }
      missing -= rest;
      if (missing > 0) return;
      if (missing < 0) return fail(new Error(`${path}: more than its length`));
      answers += 1;
      if (performance.now() < until) return socket.write(request);
      socket.destroy();
      resolve(answers);
    });
  });
}

/** CPU microseconds per answer, over one round. */
async function round({ port, pid }, path, headers) {
  const [before, until] = [cpuTime([pid]), performance.now() + ROUND_MS];
  const asking = Array.from({ length: CONNECTIONS }, () => ask(port, path, headers, until));
  const answers = (await Promise.all(asking)).reduce((sum, each) => sum + each, 0);
  return (cpuTime([pid]) - before) / answers;
}

const median = (values) => values.sort((one, other) => one - other)[Math.floor(values.length / 2)];

/** The cost of both, `{ hosted, proxied }`; their rounds alternate, and another one is first each time. */
export async function compareHits(nopar, { hosted, proxied, headers = {} }) {
  const costs = { hosted: [], proxied: [] };
  const paths = { hosted, proxied };
  // The first to ask have it made, and read.
  for (const path of [hosted, proxied]) await round(nopar, path, headers);
  for (let number = 0; number < ROUNDS; number += 1) {
    const turns = number % 2 === 0 ? ['hosted', 'proxied'] : ['proxied', 'hosted'];
    for (const each of turns) costs[each].push(await round(nopar, paths[each], headers));
  }
  return { hosted: median(costs.hosted), proxied: median(costs.proxied) };
}
