// A terminal for programs that ask only a person, and a person at it.
// Knows nothing of what runs there.

import { stripVTControlCharacters } from 'node:util';

/** What is typed sooner may be thrown away: programs ask, and then empty the keyboard to read a password. */
const BEFORE_TYPING_MS = 250;

/** What a terminal's Enter key sends; the terminal makes a new line of it where the program has not asked for keys. */
const ENTER = '\r';

/** The command that runs `command`, program and arguments, on a terminal of its own and ends as it does. */
export function onTerminal(command) {
  // Its size is unknown where there is no real one, and some programs then draw nothing.
  const line = ['stty rows 50 columns 200', `exec ${command.map(quoted).join(' ')}`].join('; ');
  // Part of util-linux: on every Linux.
  return ['script', '--quiet', '--return', '--command', line, '/dev/null'];
}

/**
 * Lets a person sit at the terminal of a child process, whose answers are pairs of a question, as
 * a pattern, and a text. Each is given once, in order, when its question is on the screen.
 */
export function attend(child, answers) {
  const answer = answering(answers);
  let screen = '';
  // One that has ended reads no answers.
  child.stdin.on('error', () => {});
  child.stdout.setEncoding('utf8').on('data', (text) => {
    screen += text;
    const typed = answer(screen);
    if (typed) setTimeout(() => child.stdin.write(typed), BEFORE_TYPING_MS);
  });
}

/** What such a person does: a function that is told all that is on the screen so far, and says what is typed then. */
export function answering(answers) {
  const open = [...answers];
  let seen = 0;
  return (screen) => {
    const text = stripVTControlCharacters(screen);
    if (open.length === 0 || !open[0][0].test(text.slice(seen))) return '';
    seen = text.length;
    return `${open.shift()[1]}${ENTER}`;
  };
}

function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
