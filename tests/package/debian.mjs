// The package in a Debian of its own: installed, tried, upgraded, removed and purged, as root. It is a chroot, in which no
// systemd runs: the service is started by the unit's own command line, as its user; and where a script asks systemd whether
// it runs, something answers for it.
// Knows nothing of how the package is made.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { host } from '../clients/hosting.mjs';
import { check, expect, expectNone } from '../clients/report.mjs';
import { build, run, top } from './build.mjs';
import { Chroot } from './chroot.mjs';
import { listening } from './image.mjs';

/** How long the old program may take to leave after an upgrade: idle connections have 5 seconds. */
const LEAVING_LIMIT_MS = 60_000;

/** So that installing asks nothing, and leaves settings that were changed as they are. */
const INSTALL = 'apt-get install -y -q --no-install-recommends -o Dpkg::Options::=--force-confold';

export async function installs() {
  const work = mkdtempSync(path.join(os.tmpdir(), 'nopar-debian-'));
  let debian;
  try {
    debian = await check('a Debian is there to install into', () => Chroot.make(path.join(work, 'root')));
    if (!debian) return;
    const [before, now] = ['0', '1'].map((revision) => `/tmp/${path.basename(into(debian, build(work, revision)))}`);
    await life(debian, before, now);
    await succession(debian, now, work);
  } finally {
    debian?.remove();
    rmSync(work, { recursive: true, force: true });
  }
}

/** Puts a file into /tmp there. */
function into(debian, file) {
  copyFileSync(file, debian.place(`tmp/${path.basename(file)}`));
  return file;
}

/** From the first installation to a purge. */
async function life(debian, before, now) {
  await check('apt installs it: there is a user, with directories of its own', () => {
    debian.run(`${INSTALL} ${before}`);
    expect(debian.run('nopar --version').startsWith('nopar '), 'it does not run');
    for (const name of ['lib', 'cache', 'log']) {
      expect(debian.run(`stat -c '%U:%G %a' /var/${name}/nopar`).trim() === 'nopar:nopar 750', `/var/${name}/nopar`);
    }
    expect(debian.run('ls -l /etc/systemd/system/multi-user.target.wants').includes('nopar.service'), 'the service is not enabled');
    expect(debian.run('dpkg --verify nopar') === '', debian.run('dpkg --verify nopar'));
  });
  // Any port, and nobody upstream: this machine may have no way to one.
  debian.run("sed -i 's/^#export NOPAR_PORT=.*/NOPAR_PORT=0 NOPAR_FORWARDER_URL=http:\\/\\/127.0.0.1:9\\/ NOPAR_CACHE_MIN_FREE=0/' /etc/default/nopar");
  const service = await check('the unit\'s own command line serves, and the registry answers', async () => {
    const service = await Service.start(debian);
    expect((await fetch(new URL('-/ping', service.url))).status === 200, 'it does not answer');
    await host(service.url, 'ui', '1.0.0', 'published');
    return service;
  });
  if (!service) return;
  try {
    await commands(debian, service);
    await upgrade(debian, service, now);
  } finally {
    await service.end();
  }
  await departure(debian);
}

/** What an operator types, with no setting given. */
async function commands(debian, service) {
  await check('commands find the service, and its registry, by themselves', () => {
    expect(debian.run('nopar status').includes(`listening on ${service.url}`), debian.run('nopar status'));
    debian.run('echo correct horse | nopar user add ann');
    expect(debian.run("stat -c %U /var/lib/nopar/.nopar/users.json").trim() === 'nopar', 'the users are another\'s');
    expect(debian.run('nopar --print-config').includes('server.port = 0  # NOPAR_PORT'), debian.run('nopar --print-config'));
    expect(debian.run('nopar keys').length > 0, 'it lists no keys');
    expect(debian.run('ls /root').trim() === '', 'something was made where root is');
  });
  await check('a variable goes before the one setting of the service that it is of', () => {
    const { status, said } = debian.try('cd /root && NOPAR_LOGLEVEL=warn nopar user ls');
    expect(status === 0 && said.includes('ann'), `${status}: ${said}`);
    expect(debian.run('NOPAR_PORT=7 nopar --print-config').includes('server.port = 7  # NOPAR_PORT'), 'the service\'s port is still there');
    expect(debian.run('ls /root').trim() === '', 'something was made where root is');
  });
  await check('each command does something for who types it with nothing else', () => {
    for (const command of ['cache ls', 'cache stat', 'cache gc', 'verify', 'backup /root/backup', 'restore /root/backup --list', 'restore /root/backup --dry-run', 'keys', 'user ls']) {
      const { status, said } = debian.try(`nopar ${command}`);
      expect(status === 0, `nopar ${command}: ${status}: ${said}`);
    }
    const { status, said } = debian.try('nopar restore /root/backup --replace');
    expect(status === 1 && said.includes('a NOPAR runs'), `${status}: ${said}`);
    debian.run('rm -r /root/backup');
  });
  await check('settings that others may change are not read', () => {
    debian.run('chmod 666 /etc/default/nopar');
    const { status, said } = debian.try('nopar user ls');
    debian.run('chmod 644 /etc/default/nopar');
    expect(status === 1 && said.includes('/etc/default/nopar was not read: users other than root may change it'), `${status}: ${said}`);
  });
  await check('what is wrong with them is told with where they are from', () => {
    debian.run("printf '[cash]\\nsize = 3\\n' > /etc/nopar.toml");
    const { status, said } = debian.try('nopar user ls');
    debian.run('rm /etc/nopar.toml');
    expect(status === 1 && said.includes('cash') && said.includes('the settings used are those of the installed service (/usr/lib/systemd/system/nopar.service, /etc/default/nopar, /etc/nopar.toml)'), said);
    const { said: bare } = debian.try('man -w nopar || test -e /usr/share/man/man1/nopar.1.gz -o -e /etc/dpkg/dpkg.cfg.d/excludes && echo there');
    expect(bare.includes('nopar.1') || bare.includes('there'), bare);
  });
}

async function upgrade(debian, service, now) {
  await check('an upgrade takes over from what runs: nobody is refused, and settings stay', async () => {
    debian.run('mkdir -p /run/systemd/system');
    writeFileSync(debian.place('usr/bin/systemctl'), '#!/bin/sh\nexit 0\n', { mode: 0o755 });
    const pid = () => debian.run('cat /run/nopar/nopar.pid').trim();
    const old = pid();
    const asking = ask(service.url);
    const said = debian.run(`${INSTALL} ${now}`);
    const answers = await asking.end();
    debian.run('rm -r /run/systemd /usr/bin/systemctl');
    expect(pid() !== old, `process ${old} serves as before:\n${said}`);
    expect(!said.includes('restarted'), said);
    expect(answers.length > 0 && answers.every((status) => status === 200), `it answered ${answers.filter((status) => status !== 200)} of ${answers.length}`);
    expect(debian.run('dpkg-query -W -f "\\${Version}" nopar').endsWith('-1'), 'the version is the old one');
    expect(debian.run('grep NOPAR_PORT /etc/default/nopar').includes('NOPAR_PORT=0'), 'settings were changed');
    const packument = await (await fetch(new URL('ui', service.url))).json();
    expect(packument['dist-tags'].latest === '1.0.0', 'what was published is gone');
  });
}

/** Asks for a package again and again, until it is to end; then it tells how it was answered. */
function ask(url) {
  const statuses = [];
  let goes = true;
  const asking = (async () => {
    while (goes) statuses.push(await fetch(new URL('ui', url)).then((answer) => answer.arrayBuffer().then(() => answer.status), (error) => error.cause ?? error));
  })();
  return { end: async () => (goes = false, await asking, statuses) };
}

async function departure(debian) {
  await check('a removal leaves settings and what was published', () => {
    debian.run('apt-get remove -y -q nopar');
    for (const left of ['/etc/default/nopar', '/var/lib/nopar/ui/ui.json', '/var/lib/nopar/.nopar/users.json']) debian.run(`test -e ${left}`);
    debian.run('! test -e /usr/bin/nopar');
  });
  await check('a purge keeps what was published, and takes away the rest', () => {
    const said = debian.run('apt-get purge -y -q nopar 2>&1');
    expect(said.includes('/var/lib/nopar is kept'), said);
    debian.run('test -e /var/lib/nopar/ui/ui-1.0.0.tgz && getent passwd nopar');
    for (const gone of ['/etc/default/nopar', '/etc/logrotate.d/nopar', '/var/cache/nopar', '/var/log/nopar']) debian.run(`! test -e ${gone}`);
  });
  await check('and where nothing was published, nothing is left', () => {
    debian.run('rm -r /var/lib/nopar && deluser --quiet --system nopar && rm -rf /run/nopar');
    debian.run(`${INSTALL} /tmp/nopar_*-1_*.deb && apt-get purge -y -q nopar`);
    const left = debian.run("find / -xdev -iname '*nopar*' ! -path '/tmp/*' ! -path '/proc/*'").trim();
    expectNone(left.split('\n').filter(Boolean), 'left');
    debian.run('! getent passwd nopar && ! getent group nopar');
  });
}

/** The package of the NOPAR of old, as far as dpkg sees it, with a registry that it has filled. */
async function succession(debian, now, work) {
  await check('it takes the place of the NOPAR of old, and serves what that has held', async () => {
    const old = path.join(work, 'old');
    const files = { 'DEBIAN/control': 'Package: nopar\nVersion: 0.9.3\nArchitecture: all\nMaintainer: nobody <nobody@nopar.invalid>\nDescription: old\n', 'DEBIAN/conffiles': '/etc/default/nopar\n/etc/init.d/nopar\n', 'etc/default/nopar': 'export NOPAR_HOSTNAME=localhost\nexport NOPAR_RUNAS_USER=nopar\n', 'etc/init.d/nopar': '#!/bin/sh\nexit 0\n', 'usr/lib/nopar/bin/nopar': '#!/bin/sh\n' };
    for (const [name, text] of Object.entries(files)) {
      run('mkdir', ['-p', path.dirname(path.join(old, name))]);
      writeFileSync(path.join(old, name), text, { mode: name.endsWith('init.d/nopar') ? 0o755 : 0o644 });
    }
    run('dpkg-deb', ['--root-owner-group', '--build', old, debian.place('tmp/old.deb')]);
    debian.run(`${INSTALL} /tmp/old.deb && echo 'export NOPAR_PORT=0 NOPAR_FORWARDER_URL=http://127.0.0.1:9/ NOPAR_CACHE_MIN_FREE=0' >> /etc/default/nopar`);
    cpSync(path.join(top, 'tests/fixtures/seed/0.9'), debian.place('var/lib/nopar'), { recursive: true });
    // Where it was to listen, by a name that is none here.
    debian.run(`sed -i '/"hostname"/d' /var/lib/nopar/registry.json; chown -R root: /var/lib/nopar`);
    debian.run(`${INSTALL} ${now}`);
    debian.run('! test -e /etc/init.d/nopar && ! test -e /usr/lib/nopar && grep -q RUNAS_USER /etc/default/nopar');
    const service = await Service.start(debian);
    try {
      const [name] = debian.run("cd /var/lib/nopar && grep -l '\"_proxied\": *false' */*.json | head -n 1").split('/');
      const answer = await fetch(new URL(name, service.url));
      expect(answer.status === 200, `${name} is answered with ${answer.status}`);
    } finally {
      await service.end();
    }
  });
}

/** The service, as its unit starts it. */
class Service {
  #child;
  #ended;
  #debian;
  url;

  /** Resolves when it listens. */
  static async start(debian) {
    const unit = readFileSync(debian.place('usr/lib/systemd/system/nopar.service'), 'utf8');
    const said = (key) => unit.match(new RegExp(`^${key}=(.*)$`, 'm'))[1];
    const [, script] = said('ExecStart').match(/^\/bin\/sh -c '(.*)' nopar$/);
    // What systemd makes, as the unit says.
    debian.run(`install -d -o ${said('User')} -g ${said('User')} /run/${said('RuntimeDirectory')}`);
    const environment = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin', ...said('Environment').split(' ')];
    const args = [`--userspec=${said('User')}:${said('User')}`, debian.root, '/usr/bin/env', '-i', ...environment, '/bin/sh', '-c', script, 'nopar'];
    const service = new Service();
    service.#debian = debian;
    service.#child = spawn('chroot', args, { stdio: ['ignore', 'ignore', 'pipe'] });
    // Whoever took over writes there as well.
    service.#ended = once(service.#child.stderr, 'close');
    service.url = await listening(service.#child);
    return service;
  }

  /** Ends whoever serves by now, and waits until all of them have left. */
  async end() {
    const { said } = this.#debian.try('kill -TERM "$(cat /run/nopar/nopar.pid)"');
    const limit = AbortSignal.timeout(LEAVING_LIMIT_MS);
    await Promise.race([this.#ended, once(limit, 'abort').then(() => { throw new Error(`it does not end: ${said}`); })]);
  }
}
