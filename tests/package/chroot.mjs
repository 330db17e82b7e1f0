// A Debian in a directory, made by debootstrap from where this machine has its packages from, and used as root.
// Knows nothing of what is installed there.

import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { run } from './build.mjs';

const ENVIRONMENT = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'HOME=/root', 'LC_ALL=C.UTF-8', 'DEBIAN_FRONTEND=noninteractive'];

export class Chroot {
  root;

  /** A new one in that directory: a copy of one that is made once, and kept with what tests fetch. */
  static make(root) {
    const cache = process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), '.cache');
    const [mirror, release] = run('apt-get', ['indextargets', '--format', '$(REPO_URI) $(CODENAME)', 'Created-By: Packages']).split(/\s+/);
    const kept = path.join(cache, 'nopar', `debian-${release}`);
    if (!existsSync(kept)) {
      rmSync(`${kept}.new`, { recursive: true, force: true });
      mkdirSync(path.dirname(kept), { recursive: true });
      run('debootstrap', ['--variant=minbase', release, `${kept}.new`, mirror]);
      renameSync(`${kept}.new`, kept);
    }
    run('cp', ['-a', kept, root]);
    const chroot = new Chroot();
    chroot.root = root;
    run('mount', ['-t', 'proc', 'proc', chroot.place('proc')]);
    chroot.#likeThisMachine();
    return chroot;
  }

  place = (name) => path.join(this.root, name);

  /** Its packages come from where those of this machine come from. */
  #likeThisMachine() {
    for (const name of ['sources.list', 'sources.list.d']) {
      rmSync(this.place(`etc/apt/${name}`), { recursive: true, force: true });
      if (existsSync(`/etc/apt/${name}`)) cpSync(`/etc/apt/${name}`, this.place(`etc/apt/${name}`), { recursive: true });
    }
    for (const name of readdirSync('/etc/apt/apt.conf.d')) {
      const file = path.join('/etc/apt/apt.conf.d', name);
      if (/^\s*Acquire/m.test(readFileSync(file, 'utf8'))) cpSync(file, this.place(file));
    }
    // systemd-resolved has it as a link.
    cpSync('/etc/resolv.conf', this.place('etc/resolv.conf'), { dereference: true });
    this.run('apt-get update -q');
  }

  /** Runs a line of shell as root there; returns its status and all that it said. */
  try(line) {
    const args = [this.root, '/usr/bin/env', '-i', ...ENVIRONMENT, '/bin/sh', '-c', `cd; ${line}`];
    const { status, stdout, stderr } = spawnSync('chroot', args, { encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'pipe'] });
    return { status, stdout, said: `${stdout}${stderr}` };
  }

  /** The same for what is to succeed: what it printed. */
  run(line) {
    const { status, stdout, said } = this.try(line);
    if (status !== 0) throw new Error(`${line} ended with ${status}:\n${said}`);
    return stdout;
  }

  remove() {
    run('umount', [this.place('proc')]);
    rmSync(this.root, { recursive: true, force: true });
  }
}
