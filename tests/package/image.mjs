// The Dockerfile, as far as it can be tried without a daemon: what it says is true of NOPAR, and what it starts, asks and
// stops does so, in directories of the test's own. Where there is docker, --full builds and runs it.
// Knows nothing of the Debian package.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { check, expect, expectNone } from '../clients/report.mjs';
import { parse, stagesOf, variablesOf } from './dockerfile.mjs';
import { has, program, run, top } from './build.mjs';

/** How long NOPAR may take to listen, also on a busy machine. */
const START_LIMIT_MS = 30_000;

export async function image() {
  const stages = stagesOf(parse(readFileSync(path.join(top, 'Dockerfile'), 'utf8')));
  const last = stages.at(-1);
  const said = (name) => last.filter((line) => line.name === name).map((line) => line.text);

  await check('Dockerfile: the program is built by the Rust that Cargo.toml wants', () => {
    const wanted = readFileSync(path.join(top, 'Cargo.toml'), 'utf8').match(/^rust-version = "(.*)"$/m)[1];
    expect(stages[0][0].text.startsWith(`rust:${wanted}-`), stages[0][0].text);
    expect(stages.length === 2 && !/cargo|rust/.test(said('FROM').join()), 'what is shipped has no compiler in it');
  });
  await check('Dockerfile: it serves as a user by number, who has the directories', () => {
    const [user] = said('USER');
    expect(/^[1-9]\d*:[1-9]\d*$/.test(user), user);
    const made = said('RUN').join();
    expect(made.includes(`useradd --uid ${user.split(':')[0]}`), made);
    const missing = JSON.parse(said('VOLUME')[0]).concat('/run/nopar').filter((directory) => !made.includes(directory));
    expectNone(missing, 'directories that nobody makes');
  });
  await check('Dockerfile: what is copied is there', () => {
    const ignored = readFileSync(path.join(top, '.dockerignore'), 'utf8').split('\n');
    const built = stages[0].filter((line) => line.name === 'RUN').map((line) => line.text).join('\n');
    for (const copy of said('COPY')) {
      const source = copy.match(/^--from=build \/src\/(\S+) /)?.[1];
      expect(source && built.includes(source), copy);
    }
    const needed = ['Cargo.toml', 'Cargo.lock', 'src', 'templates', 'assets', 'vendor', 'benches', 'tests/it', 'conf', 'packaging/licences'];
    expectNone(needed.filter((name) => !existsSync(path.join(top, name)) || ignored.includes(name)), 'not there to be built from');
  });

  const home = mkdtempSync(path.join(os.tmpdir(), 'nopar-image-'));
  try {
    await check('Dockerfile: NOPAR starts by its entry point, is found healthy, and ends by its signal', () => serve(said, home));
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
  if (process.argv.includes('--full')) await built();
}

/** The environment of the image, with its directories below `home`, a port that is free, and this machine only. */
function environment(said, home) {
  const variables = variablesOf(said('ENV'));
  for (const name of Object.keys(variables)) {
    if (!variables[name].startsWith('/')) continue;
    variables[name] = path.join(home, variables[name]);
    mkdirSync(variables[name], { recursive: true });
  }
  expect(variables.NOPAR_HOSTNAME === '0.0.0.0' && variables.NOPAR_PORT === said('EXPOSE')[0], 'it listens elsewhere than it says');
  return { ...variables, NOPAR_HOSTNAME: '127.0.0.1', NOPAR_PORT: '0', NOPAR_CACHE_MIN_FREE: '0', PATH: `${home}/bin:/usr/bin:/bin` };
}

async function serve(said, home) {
  const env = environment(said, home);
  mkdirSync(path.join(home, 'bin'));
  run('ln', ['-s', program(), path.join(home, 'bin', 'nopar')]);
  const entry = JSON.parse(said('ENTRYPOINT')[0]);
  const checked = spawnSync(entry[0], ['--check-config'], { env, encoding: 'utf8' });
  expect(checked.status === 0 && !/no such setting/.test(checked.stderr), checked.stderr);
  const health = () => spawnSync('/bin/sh', ['-c', said('HEALTHCHECK')[0].match(/CMD (.*)/)[1]], { env, encoding: 'utf8' }).status;
  expect(health() === 1, 'it is healthy before it runs');
  const child = spawn(entry[0], entry.slice(1), { env, cwd: home, stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(child, 'exit');
  try {
    await listening(child);
    expect(health() === 0, `it is not healthy: ${health()}`);
    child.kill(said('STOPSIGNAL')[0]);
    const [code] = await ended;
    expect(code === 0, `it ended with ${code}`);
    expect(health() === 1, 'it is healthy after its end');
  } finally {
    child.kill('SIGKILL');
  }
}

/** Waits until a NOPAR says where it listens; returns the URL. */
export function listening(child) {
  return new Promise((resolve, reject) => {
    let log = '';
    const limit = setTimeout(() => reject(new Error(`it does not listen:\n${log}`)), START_LIMIT_MS);
    const settle = (act) => (value) => {
      clearTimeout(limit);
      act(value);
    };
    child.stderr.setEncoding('utf8').on('data', (text) => {
      log += text;
      const url = log.match(/listening on (http:\/\/\S+)/)?.[1];
      if (url) settle(resolve)(url);
    });
    child.once('exit', (code) => settle(reject)(new Error(`it ended with ${code}:\n${log}`)));
  });
}

/** With a daemon: the image itself. */
async function built() {
  if (!has('docker') || spawnSync('docker', ['info'], { stdio: 'ignore' }).status !== 0) {
    console.log('NOT CHECKED: no docker daemon is here, so no image was built');
    return;
  }
  const tag = `nopar-test-${process.pid}`;
  try {
    await check('Dockerfile: the image is built, and says its version as a user who is not root', () => {
      run('docker', ['build', '--quiet', '--tag', tag, top], { stdio: ['ignore', 'pipe', 'inherit'] });
      expect(/^nopar \d/.test(run('docker', ['run', '--rm', tag, '--version'])), 'no version');
      const id = run('docker', ['run', '--rm', '--entrypoint', 'id', tag, '-u']).trim();
      expect(id === '5984', id);
    });
    const volumes = ['/var/lib/nopar', '/var/cache/nopar'].map((directory, number) => ({ name: `${tag}-${number}`, directory }));
    const start = () => run('docker', [
      'run', '--detach', '--name', tag, '--publish', '127.0.0.1::5984', '--health-interval', '1s',
      ...volumes.flatMap(({ name, directory }) => ['--volume', `${name}:${directory}`]), tag,
    ]);
    try {
      await check('Dockerfile: a container becomes healthy, answers, and ends by being stopped', async () => {
        await healthy(tag, start);
        const place = run('docker', ['port', tag, '5984/tcp']).trim().split('\n')[0];
        const { status } = await fetch(`http://${place}/-/ping`);
        expect(status === 200, status);
        run('docker', ['exec', '--interactive', tag, 'nopar', 'user', 'add', 'ann'], { input: 'correct horse' });
        run('docker', ['stop', tag]);
        const code = run('docker', ['inspect', '--format', '{{.State.ExitCode}}', tag]).trim();
        expect(code === '0', `it ended with ${code}`);
      });
      await check('Dockerfile: what was written is in the volumes of the next container, also after a restart', async () => {
        const users = () => run('docker', ['exec', tag, 'nopar', 'user', 'ls']);
        run('docker', ['rm', tag]);
        await healthy(tag, start);
        expect(users().includes('ann'), users());
        await healthy(tag, () => run('docker', ['restart', tag]));
        expect(users().includes('ann'), users());
      });
    } finally {
      spawnSync('docker', ['rm', '--force', tag], { stdio: 'ignore' });
      spawnSync('docker', ['volume', 'rm', '--force', ...volumes.map(({ name }) => name)], { stdio: 'ignore' });
    }
  } finally {
    spawnSync('docker', ['image', 'rm', '--force', tag], { stdio: 'ignore' });
  }
}

/** Starts a container, and waits until docker says that it is healthy. */
async function healthy(name, start) {
  // From now on, so that none is missed that comes before this is heard.
  const since = String(Date.now() / 1000);
  start();
  const filters = ['--filter', `container=${name}`, '--filter', 'event=health_status', '--format', '{{.Action}}'];
  const events = spawn('docker', ['events', '--since', since, ...filters], { stdio: ['ignore', 'pipe', 'inherit'] });
  const limit = setTimeout(() => events.kill(), START_LIMIT_MS);
  try {
    let heard = '';
    for await (const text of events.stdout.setEncoding('utf8')) {
      heard += text;
      if (heard.includes('health_status: healthy')) return;
    }
    throw new Error(`it does not become healthy (${heard}):\n${spawnSync('docker', ['logs', name], { encoding: 'utf8' }).stderr}`);
  } finally {
    clearTimeout(limit);
    events.kill();
  }
}
