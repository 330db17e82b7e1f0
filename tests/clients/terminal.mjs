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
 * a pattern, and a text. Each is given once, in order, when its question is on the screen. In place of a text, there may
 * be what the person does then: an async function that is told the match, and returns a text, or nothing where nothing is
 * typed. `fail` is told when that goes wrong.
 */
export function attend(child, answers, fail) {
  const answer = answering(answers);
  let screen = '';
  const look = async () => {
    const typed = await answer(screen);
    // Nothing is typed for what was asked, and the next question may be there already.
    if (typed === undefined) await look();
    else if (typed) setTimeout(() => child.stdin.write(typed), BEFORE_TYPING_MS);
  };
  // One that has ended reads no answers.
  child.stdin.on('error', () => {});
  child.stdout.setEncoding('utf8').on('data', (text) => {
    screen += text;
    look().catch(fail);
  });
}

/**
 * What such a person does: a function that is told all that is on the screen so far, and says what is typed then, or
 * promises it: '' where nothing is asked, undefined where nothing is typed for what was.
 */
export function answering(answers) {
  const open = [...answers];
  let seen = 0;
  return (screen) => {
    const text = stripVTControlCharacters(screen);
    const found = open[0]?.[0].exec(text.slice(seen));
    if (!found) return '';
    seen += found.index + found[0].length;
    const [, answer] = open.shift();
    return typeof answer === 'string' ? entered(answer) : answer(found).then(entered);
  };
}

function entered(text) {
  return text === undefined ? undefined : `${text}${ENTER}`;
}

function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
