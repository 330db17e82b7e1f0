// The instructions of a Dockerfile, as they are written.
// Knows nothing of what they do.

/** Each instruction: its `name`, and its `text` on one line. */
export function parse(text) {
  const lines = text.split('\n').filter((line) => !line.trim().startsWith('#'));
  const whole = lines.join('\n').replace(/\\\n\s*/g, ' ').split('\n').filter((line) => line.trim());
  return whole.map((line) => {
    const [, name, rest] = line.trim().match(/^([A-Z]+)\s+(.*)$/) ?? [];
    if (!name) throw new Error(`this is no instruction: ${line}`);
    return { name, text: rest.replace(/\s+/g, ' ').trim() };
  });
}

/** The instructions of each stage, its FROM first. */
export function stagesOf(instructions) {
  const stages = [];
  for (const instruction of instructions) {
    if (instruction.name === 'FROM') stages.push([]);
    if (!stages.length) throw new Error(`${instruction.name} comes before any FROM`);
    stages.at(-1).push(instruction);
  }
  return stages;
}

/** The variables of ENV instructions. */
export function variablesOf(texts) {
  return Object.fromEntries(texts.flatMap((text) => text.split(' ')).map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
}
