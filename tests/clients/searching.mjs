// A package manager looks for packages by a word that is in what its registry hosts and in what the registry behind has.
// Knows nothing of how they are found: it looks at what the client says.

import { check, expect, expectNone } from './report.mjs';

/** `own` and `others` are names that the word is to find, and `text` is what must not be said. */
export async function checkSearch(one, word, { own, others, text }) {
  const { search, searchJson } = one.acts;
  if (!search) return;
  const project = one.newProject();
  await check(`${one.name}: search finds what is hosted and what is proxied`, async () => {
    const { output } = await project.succeed(search(word));
    expectNone(missing(output, [...own, ...others]), `these are not found:\n${output}\nnamely`);
    expect(!output.includes(text), `it finds ${text}, which is of a name that is hosted or claimed here:\n${output}`);
  });
  await check(`${one.name}: search --json finds each of them once`, async () => {
    const { output } = await project.succeed(searchJson(word));
    const found = namesIn(output).sort();
    expect(found.join() === [...own, ...others].sort().join(), `it finds ${found.join(', ')}:\n${output}`);
  });
}

/** Searches for a name that is nobody else's business, alone and beside another word. */
export async function checkSearchOfName(one, name, word) {
  const { search } = one.acts;
  if (!search) return;
  const project = one.newProject();
  for (const text of [name, `${name} ${word}`]) {
    await check(`${one.name}: search for ${JSON.stringify(text)} finds it`, async () => {
      const { output } = await project.succeed(search(text));
      expect(output.includes(name), output);
    });
  }
}

/** Searches for a name that is claimed, and that only the registry behind has: `text` is in what that would tell of it. */
export async function checkSearchOfAbsent(one, name, text) {
  const { search } = one.acts;
  if (!search) return;
  await check(`${one.name}: search for ${name}, which nobody has published here, finds nothing`, async () => {
    const { output } = await one.newProject().succeed(search(name));
    expect(!output.includes(text), output);
  });
}

/** Searches while the registry behind is gone, by a word that nobody has asked for: what was found may be remembered. */
export async function checkSearchAlone(one, word, { own, others }) {
  const { search, failing } = one.acts;
  if (!search) return;
  const project = one.newProject();
  await check(`${one.name}: search finds what is hosted while the upstream is gone`, async () => {
    const { output } = await project.succeed(search(word), failing);
    expectNone(missing(output, own), `these are not found:\n${output}\nnamely`);
    expectNone(others.filter((name) => output.includes(name)), `who knows of these?\n${output}\nnamely`);
  });
}

function missing(output, names) {
  return names.filter((name) => !output.includes(name));
}

// pnpm says what npm says, but the whole of an answer's objects; warnings may go before.
function namesIn(output) {
  const at = output.search(/^[[{]/m);
  expect(at >= 0, `this is no JSON:\n${output}`);
  const parsed = JSON.parse(output.slice(at));
  const found = Array.isArray(parsed) ? parsed : parsed.objects;
  return found.map((each) => (each.package ?? each).name);
}
