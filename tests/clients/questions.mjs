// A package manager asks about a package of two versions: which of them are in a range, and what a project lacks that
// has the older one.
// Knows nothing of how it asks: it looks at what the client says.

import { installAll } from './consumer.mjs';
import { check, expect } from './report.mjs';

/** Everything that this client can ask about a package, which has the versions 1.0.0 and 1.1.0. */
export async function checkQuestions(one, name) {
  const { viewRange, outdated } = one.acts;
  if (viewRange) await checkRange(one, name, viewRange);
  if (outdated) await checkOutdated(one, name, outdated);
}

async function checkRange(one, name, viewRange) {
  await check(`${one.client.name}: view of ${name} by a range`, async () => {
    const { output } = await one.project.succeed(viewRange(name));
    expect(output.includes('1.1.0'), output);
  });
}

async function checkOutdated(one, name, outdated) {
  const consumer = one.newProject(one.registry.url);
  await check(`${one.client.name}: outdated tells of the newer version of ${name}`, async () => {
    await installAll(consumer, one.client, { [name]: '1.0.0' });
    const { code, output } = await consumer.run(outdated);
    const row = output.split('\n').find((line) => line.includes(name)) ?? '';
    // What is outdated is an exit code as well.
    expect(code === 1 && /1\.0\.0.*1\.1\.0/.test(row), `it ended with ${code}:\n${output}`);
  });
  await consumer.remove();
}
