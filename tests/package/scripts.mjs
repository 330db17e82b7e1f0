// The scripts of the Debian package in a dry form: below a directory of the test's own (DPKG_ROOT), with commands that only
// note how they are called, and end as a test wants it.
// Knows nothing of what those commands do.

import { spawnSync } from 'node:child_process';
import { existsSync, linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { check, expect } from '../clients/report.mjs';
import { top } from './build.mjs';

/** The commands that would change this machine. */
const COMMANDS = ['adduser', 'deluser', 'userdel', 'getent', 'chown', 'stat', 'deb-systemd-helper', 'deb-systemd-invoke', 'systemctl', 'dpkg-maintscript-helper', 'invoke-rc.d', 'nopar'];

/** As on a machine where nothing of NOPAR is. */
const FRESH = { getent: 'exit 2', stat: 'echo 4711', 'deb-systemd-helper': 'case "$*" in *debian-installed*) exit 1 ;; esac' };

/** A machine that does not exist: its root, and what was called on it. */
class Machine {
  root = mkdtempSync(path.join(os.tmpdir(), 'nopar-scripts-'));

  constructor(behaviour = {}) {
    for (const directory of ['bin', 'root/var/lib', 'root/var/cache', 'root/var/log', 'root/run/systemd/system']) {
      mkdirSync(path.join(this.root, directory), { recursive: true });
    }
    for (const command of COMMANDS) this.does(command, { ...FRESH, ...behaviour }[command] ?? ':');
  }

  /** What a command does when it is called. */
  does(command, script, folder = 'bin') {
    mkdirSync(path.join(this.root, folder), { recursive: true });
    writeFileSync(path.join(this.root, folder, command), `#!/bin/sh\necho "${command} $*" >> '${this.root}/calls'\n${script}\n`, { mode: 0o755 });
  }

  place = (name) => path.join(this.root, 'root', name);

  make(name, text) {
    mkdirSync(path.dirname(this.place(name)), { recursive: true });
    if (text === undefined) mkdirSync(this.place(name));
    else writeFileSync(this.place(name), text);
  }

  /** Runs a script; returns what was called and what it said. */
  run(script, ...args) {
    rmSync(path.join(this.root, 'calls'), { force: true });
    const env = { PATH: `${this.root}/bin:/usr/bin:/bin`, DPKG_ROOT: path.join(this.root, 'root'), DPKG_MAINTSCRIPT_PACKAGE: 'nopar' };
    const { status, stdout, stderr } = spawnSync('/bin/sh', [path.join(top, 'packaging', 'deb', script), ...args], { env, encoding: 'utf8' });
    const calls = existsSync(path.join(this.root, 'calls')) ? readFileSync(path.join(this.root, 'calls'), 'utf8') : '';
    expect(status === 0, `${script} ${args.join(' ')} ended with ${status}: ${stderr}${calls}`);
    return { calls: calls.trim().split('\n'), said: `${stdout}${stderr}` };
  }
}

/** Runs one check on a machine of its own. */
const on = (name, behaviour, body) => check(`scripts: ${name}`, () => {
  const machine = new Machine(behaviour);
  try {
    return body(machine);
  } finally {
    rmSync(machine.root, { recursive: true, force: true });
  }
});

const called = ({ calls }, words) => expect(calls.some((call) => call.startsWith(words)), `${words} was not called:\n${calls.join('\n')}`);
const notCalled = ({ calls }, words) => expect(!calls.some((call) => call.startsWith(words)), `${words} was called:\n${calls.join('\n')}`);
const saying = ({ said }, words) => expect(said.includes(words), `it does not say ${words}:\n${said}`);

export async function scripts() {
  await installing();
  await upgrading();
  await removing();
}

async function installing() {
  await on('a first installation makes user and directories, and the service starts', {}, (machine) => {
    const ran = machine.run('postinst', 'configure', '');
    called(ran, 'adduser --quiet --system --group');
    for (const name of ['lib', 'cache', 'log']) {
      const directory = machine.place(`var/${name}/nopar`);
      called(ran, `chown nopar: ${directory}`);
      expect((statSync(directory).mode & 0o777) === 0o750, `${directory} is for more than its user`);
    }
    called(ran, 'deb-systemd-helper enable nopar.service');
    called(ran, 'deb-systemd-invoke start nopar.service');
    notCalled(ran, 'deb-systemd-helper enable nopar.socket');
    notCalled(ran, 'nopar');
    const again = machine.run('postinst', 'configure', '');
    notCalled(again, 'chown');
  });
  await on('a user who is there stays, and what is root\'s in a directory of root\'s is given away', { getent: ':', stat: 'echo 0' }, (machine) => {
    machine.make('var/lib/nopar/lodash/lodash.json', '{}');
    machine.make('var/lib/nopar/lodash/elsewhere', '');
    linkSync(machine.place('var/lib/nopar/lodash/elsewhere'), machine.place('etc-shadow'));
    symlinkSync(machine.place('etc-shadow'), machine.place('var/lib/nopar/link'));
    const ran = machine.run('postinst', 'configure', '');
    notCalled(ran, 'adduser');
    if (process.getuid() !== 0) return console.log('# skipped: only root has what is root\'s');
    const given = ran.calls.filter((call) => call.startsWith('chown')).flatMap((call) => call.split(' ').slice(3)).sort();
    expect(given.join() === './link,./lodash,./lodash.json,./nopar/', given.join());
  });
  await on('a service that the administrator disabled stays so', { 'deb-systemd-helper': 'case "$*" in *was-enabled*) exit 1 ;; esac' }, (machine) => {
    const ran = machine.run('postinst', 'configure', '');
    notCalled(ran, 'deb-systemd-helper enable');
    called(ran, 'deb-systemd-helper update-state nopar.service');
  });
  await on('where no systemd runs, nothing is started or stopped', {}, (machine) => {
    rmSync(machine.place('run/systemd'), { recursive: true });
    for (const [script, ...args] of [['postinst', 'configure', ''], ['postinst', 'configure', '1.0.0-1'], ['prerm', 'remove'], ['postrm', 'remove']]) {
      const ran = machine.run(script, ...args);
      for (const command of ['deb-systemd-invoke', 'systemctl', 'nopar']) notCalled(ran, command);
    }
  });
}

async function upgrading() {
  const upgrade = ['postinst', 'configure', '1.0.0-1'];
  await on('an upgrade of a service that runs is taken over from', {}, (machine) => {
    machine.does('nopar', 'echo "upgraded in $NOPAR_RUN_PATH"');
    const ran = machine.run(...upgrade);
    called(ran, 'nopar upgrade');
    saying(ran, `upgraded in ${machine.place('run/nopar')}`);
    notCalled(ran, 'deb-systemd-invoke');
    notCalled(machine.run('prerm', 'upgrade', '1.0.0-2'), 'deb-systemd-invoke');
  });
  await on('one that cannot be taken over from is restarted', { nopar: '[ "$1" != upgrade ]' }, (machine) => {
    called(machine.run(...upgrade), 'deb-systemd-invoke restart nopar.service');
  });
  await on('with settings that are wrong now, the old program goes on, and it is told', { nopar: 'exit 1' }, (machine) => {
    const ran = machine.run(...upgrade);
    notCalled(ran, 'deb-systemd-invoke');
    saying(ran, 'THE OLD PROGRAM GOES ON');
  });
  await on('a service that does not run is not started by an upgrade', { systemctl: '[ "$1" != is-active ]' }, (machine) => {
    const ran = machine.run(...upgrade);
    notCalled(ran, 'nopar');
    notCalled(ran, 'deb-systemd-invoke');
  });
  await on('nor where the administrator forbids it', {}, (machine) => {
    machine.does('policy-rc.d', 'exit 101', 'root/usr/sbin');
    const ran = machine.run(...upgrade);
    called(ran, 'policy-rc.d nopar.service restart');
    notCalled(ran, 'nopar upgrade');
    machine.does('policy-rc.d', 'exit 104', 'root/usr/sbin');
    called(machine.run(...upgrade), 'nopar upgrade');
  });
  await on('the NOPAR of old is stopped, and then the service starts in its place', {}, (machine) => {
    machine.make('etc/init.d/nopar', '');
    spawnSync('chmod', ['755', machine.place('etc/init.d/nopar')]);
    const before = machine.run('preinst', 'upgrade', '0.9.3');
    called(before, 'invoke-rc.d nopar stop');
    called(before, 'dpkg-maintscript-helper rm_conffile /etc/init.d/nopar');
    called(machine.run('postinst', 'configure', '0.9.3'), 'deb-systemd-invoke start nopar.service');
    notCalled(machine.run('preinst', 'upgrade', '1.0.0-1'), 'invoke-rc.d');
  });
}

async function removing() {
  await on('a removal stops the service, and takes nothing away', {}, (machine) => {
    machine.run('postinst', 'configure', '');
    called(machine.run('prerm', 'remove'), 'deb-systemd-invoke stop nopar.socket nopar.service');
    const ran = machine.run('postrm', 'remove');
    notCalled(ran, 'deluser');
    for (const name of ['lib', 'cache', 'log']) expect(existsSync(machine.place(`var/${name}/nopar`)), `${name} is gone`);
  });
  await on('a purge leaves nothing where nothing was published and there are no users', { getent: ':' }, (machine) => {
    machine.run('postinst', 'configure', '');
    for (const name of ['var/lib/nopar/.nopar/users.json', 'var/lib/nopar/.nopar/keys/keys.json', 'var/cache/nopar/ab/entry', 'var/log/nopar/nopar.log', 'run/nopar/nopar.pid']) machine.make(name, '{}');
    machine.make('var/lib/nopar/registry.json', '{"version":"1.0.0","settings":{"port":80}}');
    machine.make('var/lib/nopar/.nopar/stage');
    const ran = machine.run('postrm', 'purge');
    called(ran, 'deluser --quiet --system nopar');
    called(ran, 'deb-systemd-helper purge nopar.service nopar.socket');
    for (const name of ['var/lib', 'var/cache', 'var/log', 'run']) expect(!existsSync(machine.place(`${name}/nopar`)), `${name} is left`);
  });
  const aside = 'var/lib/nopar.before-restore-2026-11-22T10-00-00Z';
  await on('a purge names what a restore has put aside, and keeps it with its user', { getent: ':' }, (machine) => {
    machine.make('var/lib/nopar/.nopar/users.json', '{}');
    machine.make(`${aside}/.nopar/users.json`, '{}');
    const ran = machine.run('postrm', 'purge');
    notCalled(ran, 'deluser');
    saying(ran, `rm -r /${aside}`);
    expect(!existsSync(machine.place('var/lib/nopar')) && existsSync(machine.place(aside)), 'the wrong one is gone');
    machine.make('var/lib/nopar/ui/ui.json', '{}');
    saying(machine.run('postrm', 'purge'), `rm -r /${aside}`);
  });
  const kept = {
    'a package': (machine) => machine.make('var/lib/nopar/@acme/ui/ui.json', '{}'),
    'a user': (machine) => machine.make('var/lib/nopar/.nopar/users.json', '{"users":{"ann":{"password":"$argon2id$"}}}'),
    'a staged version': (machine) => machine.make('var/lib/nopar/.nopar/stage/4f1c/record.json', '{}'),
    'a registry.json of the oldest NOPARs': (machine) => machine.make('var/lib/nopar/registry.json', '{"ui":{"versions":{}}}'),
    'what cannot be looked at': (machine) => {
      machine.make('var/lib/nopar/.nopar/users.json', '{}');
      machine.does('find', 'echo "find: Input/output error" >&2; exit 1');
    },
    'a link to where packages are': (machine) => symlinkSync('/srv/nopar', machine.place('var/lib/nopar')),
  };
  for (const [what, make] of Object.entries(kept)) {
    await on(`a purge keeps ${what}, with its user, and says so`, { getent: ':' }, (machine) => {
      make(machine);
      machine.make('var/cache/nopar/entry', '');
      const ran = machine.run('postrm', 'purge');
      notCalled(ran, 'deluser');
      saying(ran, '/var/lib/nopar is kept');
      expect(spawnSync('ls', ['-d', machine.place('var/lib/nopar')]).status === 0, 'it is gone');
      expect(!existsSync(machine.place('var/cache/nopar')), 'copies are left');
    });
  }
}
