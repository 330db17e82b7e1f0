// How many small packages are published per second, each of them on the disk before it is answered, beside
// how many files that disk takes in the same way; what memory a publish of 200 MB takes; and what CPU time hits of
// published packages take, beside hits of an upstream's.
// See benches/README.md for how to run and to read it.

import http from 'node:http';
import { parseArgs } from 'node:util';

import { about, aboutLines, fingerprint, saveRun, version } from '../machine/about.mjs';
import { temporaryDirectory } from '../machine/directory.mjs';
import { loadLine, loadNow } from '../machine/load.mjs';
import { cpuTime, forgetPeak, peakMemory, residentMemory } from '../machine/process.mjs';
import { megabytes, number, table, time } from '../machine/table.mjs';
import { binary, startNopar } from '../fleet/servers.mjs';
import { bareRate } from './bare.mjs';
import { largeDocument, smallDocument } from './document.mjs';
import { compareHits } from './hits.mjs';
import { makeTwins, startElsewhere } from './twins.mjs';

/** A publish of 200 million bytes may take so much memory. */
const MEMORY_LIMIT = 32 * 1024 ** 2;

const { values } = parseArgs({
  options: {
    packages: { type: 'string', default: '2000' },
    'at-once': { type: 'string', default: '16' },
    megabytes: { type: 'string', default: '200' },
    directory: { type: 'string' },
    save: { type: 'boolean', default: false },
  },
});
const packages = Number(values.packages);
const atOnce = Number(values['at-once']);
const length = Number(values.megabytes) * 1e6;

const before = loadNow();
const temporary = temporaryDirectory('nopar-publish', values.directory);
const program = binary();
const elsewhere = await startElsewhere();
const nopar = await startNopar(program, temporary.make('home'), elsewhere.origin);
const agent = new http.Agent({ keepAlive: true, maxSockets: atOnce });

/** Sends the document of one package; `write` writes its body. */
function put(name, headers, write) {
  return new Promise((resolve, reject) => {
    const options = { agent, host: '127.0.0.1', port: nopar.port, path: `/${name}`, method: 'PUT', headers };
    const request = http.request(options, (response) => {
      response.resume();
      response.on('end', () => {
        if (response.statusCode === 201) resolve();
        else reject(new Error(`${name} was answered with ${response.statusCode}`));
      });
    });
    request.on('error', reject);
    write(request);
  });
}

/** Sends a document that is in memory. */
function publish(name, body) {
  const headers = { 'content-type': 'application/json', 'content-length': body.length };
  return put(name, headers, (request) => request.end(body));
}

async function publishMany(prefix, count) {
  let next = 0;
  const work = async () => {
    for (let n = next++; n < count; n = next++) await publish(`${prefix}-${n}`, smallDocument(`${prefix}-${n}`));
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}

/** Publishes so many packages; how many per second, and CPU microseconds for each. */
async function publishRate(prefix, count) {
  const [since, cpu] = [performance.now(), cpuTime([nopar.pid])];
  await publishMany(prefix, count);
  const seconds = (performance.now() - since) / 1000;
  return { rate: count / seconds, cpu: (cpuTime([nopar.pid]) - cpu) / count };
}

await publishMany('warm', atOnce * 4);
const bare = [bareRate(temporary.make('bare-1'), packages, atOnce)];
const published = await publishRate('bench', packages);
bare.push(bareRate(temporary.make('bare-2'), packages, atOnce));
const bareMean = (bare[0] + bare[1]) / 2;

forgetPeak([nopar.pid]);
const resident = residentMemory([nopar.pid]);
const { headers, write } = largeDocument('large', length);
const since = performance.now();
await put('large', headers, write);
const seconds = (performance.now() - since) / 1000;
const grown = peakMemory([nopar.pid]) - resident;

const hits = [];
for (const twin of await makeTwins(nopar, elsewhere, publish)) {
  hits.push({ what: twin.what, ...(await compareHits(nopar, twin)) });
}

agent.destroy();
await nopar.stop();
elsewhere.close();

const facts = about({ nopar: `${version(program, '--version')} (${fingerprint(program)})` }, 'benches/publish/run');
const rows = [
  ['publishes per second', number(published.rate), `${atOnce} at once, ${packages} packages of a few hundred bytes`],
  ['bare files per second', number(bareMean), 'two files each: written, synced, renamed, their folder synced; before and after'],
  ['share of the bare rate', number(published.rate / bareMean), ''],
  ['CPU per publish', time(published.cpu), ''],
  ['memory of a large publish', megabytes(grown), `${number(length / 1e6)} MB in base64, ${number(seconds)} s; at most ${megabytes(MEMORY_LIMIT)}`],
];
const hitRows = hits.map(({ what, hosted, proxied }) => [what, time(hosted), time(proxied), number(hosted / proxied)]);
const text = [
  '# Publishing', '', ...aboutLines(facts), loadLine(before), '',
  table(['what', 'value>', 'of'], rows), '',
  '## Hot hits', '',
  table(['CPU per hit', 'hosted>', 'proxied>', 'hosted over proxied>'], hitRows), '',
].join('\n');
console.log(text);
const json = { about: { ...facts, load: before.average }, published, bare, large: { length, seconds, grown }, hits };
if (values.save) console.log(`saved in ${saveRun('publish', facts, text, json)}`);
if (grown > MEMORY_LIMIT) {
  console.log(`NOT MET: a publish of ${number(length / 1e6)} MB took ${megabytes(grown)} of memory`);
  process.exitCode = 1;
}
