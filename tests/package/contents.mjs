// What is in the package: files, whose they are, what dpkg is told of them; and whether others can read what is for them.
// Knows nothing of what its scripts do.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';

import { links } from '../checks/docs.mjs';
import { check, expect, expectNone } from '../clients/report.mjs';
import { build, has, program, run, top } from './build.mjs';

/** Paths that have to be there, with their modes. */
const EXPECTED = {
  './usr/bin/nopar': '-rwxr-xr-x',
  './usr/lib/systemd/system/nopar.service': '-rw-r--r--',
  './usr/lib/systemd/system/nopar.socket': '-rw-r--r--',
  './etc/default/nopar': '-rw-r--r--',
  './etc/logrotate.d/nopar': '-rw-r--r--',
  './usr/share/bash-completion/completions/nopar': '-rw-r--r--',
  './usr/share/zsh/vendor-completions/_nopar': '-rw-r--r--',
  './usr/share/fish/vendor_completions.d/nopar.fish': '-rw-r--r--',
  './usr/share/man/man1/nopar.1.gz': '-rw-r--r--',
  './usr/share/man/man1/nopar-user-add.1.gz': '-rw-r--r--',
  './usr/share/doc/nopar/copyright': '-rw-r--r--',
  './usr/share/doc/nopar/changelog.gz': '-rw-r--r--',
  './usr/share/doc/nopar/changelog.Debian.gz': '-rw-r--r--',
  './usr/share/doc/nopar/third-party-licences.txt.gz': '-rw-r--r--',
  './usr/share/doc/nopar/README.md': '-rw-r--r--',
  './usr/share/doc/nopar/docs/install.md': '-rw-r--r--',
  './usr/share/doc/nopar/examples/nopar.toml': '-rw-r--r--',
  './usr/share/doc/nopar/examples/nginx.conf': '-rw-r--r--',
};

/** What lintian says of a package that is meant for Debian's own archive, and of who makes it. */
const FOR_THE_ARCHIVE = 'initial-upload-closes-no-bugs,bogus-mail-host,bogus-mail-host-in-debian-changelog';

/** What `dpkg-deb --contents` prints, by path. */
export function rowsOf(printed) {
  const rows = printed.split('\n').filter(Boolean).map((line) => line.split(/\s+/));
  return new Map(rows.map(([mode, owner, , , , name]) => [name, { mode, owner }]));
}

/** Builds it and looks into it. */
export async function contents() {
  if (!has('dpkg-deb')) {
    console.log('NOT CHECKED: there is no dpkg-deb here, so no package (it is of Debian)');
    return;
  }
  const work = mkdtempSync(path.join(os.tmpdir(), 'nopar-package-'));
  try {
    const package_ = await check('the package is built', () => build(work));
    if (package_) await look(package_, work);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function look(package_, work) {
  const tree = path.join(work, 'tree');
  run('dpkg-deb', ['--raw-extract', package_, tree]);
  const read = (name) => readFileSync(path.join(tree, name), 'utf8');

  await check('it is named by version, revision and architecture', () => {
    const version = run(program(), ['--version']).split(' ')[1].trim();
    const architecture = run('dpkg', ['--print-architecture']).trim();
    expect(path.basename(package_) === `nopar_${version}-1_${architecture}.deb`, path.basename(package_));
    const depends = run('dpkg-deb', ['--field', package_, 'Depends']);
    expect(/^adduser, .*libc6 \(>= 2\.\d+\)/.test(depends), depends);
  });
  await check('all of it is there, is root\'s, and is written by nobody else', () => {
    const rows = rowsOf(run('dpkg-deb', ['--contents', package_]));
    const wrong = Object.entries(EXPECTED).filter(([name, mode]) => rows.get(name)?.mode !== mode).map(([name]) => `${name}: ${rows.get(name)?.mode}`);
    for (const [name, { mode, owner }] of rows) {
      if (owner !== 'root/root' || /^.(....w|.......w)/.test(mode)) wrong.push(`${name}: ${mode} ${owner}`);
    }
    expectNone(wrong, 'files');
  });
  await check('what is in /etc is the administrator\'s, and all else has its sum', () => {
    expect(read('DEBIAN/conffiles') === '/etc/default/nopar\n/etc/logrotate.d/nopar\n', read('DEBIAN/conffiles'));
    run('md5sum', ['--check', '--quiet', 'DEBIAN/md5sums'], { cwd: tree });
    const sums = read('DEBIAN/md5sums').trim().split('\n').map((line) => `./${line.split('  ')[1]}`);
    const missing = Object.keys(EXPECTED).filter((name) => !name.startsWith('./etc/') && !sums.includes(name));
    expectNone(missing, 'without a sum');
  });
  await check('settings name files that are there', () => {
    const named = read('etc/default/nopar').match(/\/(usr\/share\/doc\/nopar|etc\/logrotate)[^\s,)]*/g) ?? [];
    expect(named.length >= 4 && !/\bconf\//.test(read('etc/default/nopar')), `it names ${named}`);
    expectNone(named.filter((name) => !existsSync(path.join(tree, name))), 'not there');
  });
  await check('links in what is to be read lead to files that are there', () => {
    const doc = path.join(tree, 'usr/share/doc/nopar');
    const pages = readdirSync(doc, { recursive: true }).filter((name) => name.endsWith('.md'));
    const found = pages.flatMap((page) => links(readFileSync(path.join(doc, page), 'utf8')).map(({ target }) => [page, target.split('#')[0]]));
    const place = (page, to) => to.startsWith('/') ? path.join(tree, to) : path.join(doc, path.dirname(page), to);
    expectNone(found.filter(([page, to]) => to && !existsSync(place(page, to))).map(([page, to]) => `${page}: ${to}`), 'dead links');
    expect(pages.length > 15 && found.length > 50 && !pages.some((page) => page.endsWith('develop.md')), `${pages}`);
  });
  await check('the unit is that of systemd/, but for a user who is there', () => {
    const lines = (text) => text.split('\n').filter((line) => line && !line.startsWith('#'));
    const own = lines(readFileSync(path.join(top, 'systemd', 'nopar.service'), 'utf8'));
    const packed = lines(read('usr/lib/systemd/system/nopar.service'));
    const gone = own.filter((line) => !packed.includes(line));
    const added = packed.filter((line) => !own.includes(line));
    expect(gone.join() === 'DynamicUser=yes' && added.join() === 'Documentation=man:nopar(1)', `${gone} | ${added}`);
    if (has('systemd-analyze')) {
      const { stdout, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', '--recursive-errors=no', '--root', tree, 'nopar.service', 'nopar.socket'], { encoding: 'utf8' });
      // What is of other packages is not in this one.
      expectNone(`${stdout}${stderr}`.split('\n').filter((line) => line && !/Command \/bin\/\w+ is not executable/.test(line)), 'systemd-analyze');
    } else console.log('# NOT CHECKED by systemd-analyze, which is not here');
  });
  await check('shells understand the completions', () => {
    const files = { bash: 'usr/share/bash-completion/completions/nopar', zsh: 'usr/share/zsh/vendor-completions/_nopar', fish: 'usr/share/fish/vendor_completions.d/nopar.fish' };
    for (const [shell, file] of Object.entries(files)) {
      if (has(shell)) run(shell, ['-n', path.join(tree, file)]);
      else console.log(`# NOT CHECKED: ${shell}, which is not here`);
    }
    const script = `. ${path.join(tree, files.bash)}; COMP_WORDS=(nopar us); COMP_CWORD=1; _nopar nopar us nopar; echo "\${COMPREPLY[@]}"`;
    expect(run('bash', ['-c', script]).trim() === 'user', run('bash', ['-c', script]));
  });
  await check('man has no complaint about a page, and each command has one', () => {
    const folder = path.join(tree, 'usr/share/man/man1');
    const pages = readdirSync(folder);
    const help = run(program(), ['--help']);
    const commands = help.slice(help.indexOf('Commands:')).split('\n\n')[0].matchAll(/^ {2}(\w+)/gm);
    const missing = [...commands].map(([, name]) => `nopar-${name}.1.gz`).filter((name) => name !== 'nopar-help.1.gz' && !pages.includes(name));
    expectNone(missing, 'without a page');
    if (!has('man')) {
      console.log('# NOT CHECKED by man, which is not here');
      return;
    }
    const env = { ...process.env, LC_ALL: 'C.UTF-8', MANROFFSEQ: '', MANWIDTH: '80' };
    const complaints = pages.filter((page) => run('sh', ['-c', 'man --warnings -E UTF-8 -l -Tutf8 -Z "$1" 2>&1 >/dev/null', 'sh', path.join(folder, page)], { env }).trim());
    expectNone(complaints, 'pages');
  });
  await check('the licences of what is in the program are told', () => {
    const told = gunzipSync(readFileSync(path.join(tree, 'usr/share/doc/nopar/third-party-licences.txt.gz'))).toString();
    const missing = ['pingora-core', 'ring', 'rustls', 'tokio', 'Permission is hereby granted', 'Apache License'].filter((words) => !told.includes(words));
    expectNone(missing, 'not told of');
  });
  await check('lintian has nothing to say', () => {
    if (!has('lintian')) {
      console.log('# NOT CHECKED: there is no lintian here (Debian: apt-get install lintian)');
      return;
    }
    const root = process.getuid() === 0 ? ['--allow-root'] : [];
    const said = run('lintian', [...root, '--suppress-tags', FOR_THE_ARCHIVE, '--fail-on', 'error,warning', package_]);
    expect(said.trim() === '', said);
  });
  await check('one commit and one program make one package', () => {
    const again = path.join(work, 'again');
    run('mkdir', [again]);
    expect(readFileSync(package_).equals(readFileSync(build(again))), 'the second differs');
  });
}
