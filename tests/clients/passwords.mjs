// A package manager shows a password with each request, in place of a token (Basic, RFC 7617).
// Knows nothing of what it may do besides.

import { installAll } from './consumer.mjs';
import { check, expect } from './report.mjs';

/** A publish and an install; `name` is a package that is not there. */
export async function checkPasswordShown(one, name) {
  await check(`${one.name}: publish and install with a password in place of a token`, async () => {
    await one.publishes(one.withPassword('user'), name, '1.0.0');
    const project = one.withPassword('reader');
    await installAll(project, one.client, { [name]: '1.0.0' });
    expect(project.installed(name).includes(`${name} 1.0.0`), 'it is another');
  });
}
