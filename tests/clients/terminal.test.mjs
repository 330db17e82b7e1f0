// Programs see a terminal, and a person who answers each question once.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';

import { answering, attend, onTerminal } from './terminal.mjs';

/** Runs a shell script with arguments on a terminal; `{ code, screen }`. */
function run(answers, script, ...args) {
  const [program, ...rest] = onTerminal(['sh', '-c', script, 'sh', ...args]);
  const child = spawn(program, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
  let screen = '';
  child.stdout.setEncoding('utf8').on('data', (text) => { screen += text; });
  return new Promise((resolve, reject) => {
    attend(child, answers, (error) => {
      child.kill();
      reject(error);
    });
    child.on('close', (code) => resolve({ code, screen }));
  });
}

test('a program has a terminal, its arguments as they are, and its own end', async () => {
  const script = '[ -t 0 ] && [ -t 1 ] && printf "<%s>" "$@"; exit 7';
  const { code, screen } = await run([], script, "it's", 'two words', '$HOME', '');
  assert.equal(screen, "<it's><two words><$HOME><>");
  assert.equal(code, 7);
});

test('each question gets its answer', async () => {
  const script = 'printf "Name: "; read name; printf "Password: "; read password; echo "[$name|$password]"';
  const { code, screen } = await run([[/Name:/, 'somebody'], [/Password:/, 'a secret']], script);
  assert.match(screen, /\[somebody\|a secret\]/);
  assert.equal(code, 0);
});

test('what is not asked is not answered', () => {
  const answer = answering([[/Name:/, 'somebody'], [/Password:/, 'a secret']]);
  assert.equal(answer('Password: '), '');
  assert.equal(answer('Password: Name: '), 'somebody\r');
  // The screen is told again from its beginning.
  assert.equal(answer('Password: Name: somebody'), '');
  assert.equal(answer('Password: Name: somebody\nPassword: '), 'a secret\r');
  assert.equal(answer('Password: Name: somebody\nPassword: \nPassword: '), '');
});

test('colours and drawing do not hide a question', () => {
  const answer = answering([[/Your name:/, 'somebody']]);
  assert.equal(answer('\u001B[1mYour\u001B[22m \u001B[36mname\u001B[39m: '), 'somebody\r');
});

test('what a person does takes its time, and is told the question', async () => {
  const script = 'echo "Go to place-7 "; printf "Done: "; read done; printf "Really: "; read really; echo "[$done|$really]"';
  const visited = [];
  const visit = async ([, place]) => { visited.push(place); };
  const { screen } = await run([[/Go to (\S+)\s/, visit], [/Done:/, async () => 'yes'], [/Really:/, 'yes!']], script);
  assert.match(screen, /\[yes\|yes!\]/);
  assert.deepEqual(visited, ['place-7']);
});

test('who cannot do what is asked of them does not wait', async () => {
  const lost = async () => { throw new Error('there is no such place'); };
  await assert.rejects(run([[/Go/, lost]], 'echo "Go "; read never'), /no such place/);
});
