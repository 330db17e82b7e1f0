// The people of a registry that has users: who they are, in which teams, and what the rules let these do.
// Knows nothing of clients but their names, by which their people are told apart.

import { runNopar } from './nopar.mjs';
import { PASSWORD } from './publishing.mjs';

/** The scope that rules are for: its packages are read by some, and published by fewer. */
export const SCOPE = '@acme';

/** The roles of people, and whether they read the scope's packages, and publish them. */
const ROLES = {
  user: { reads: true, publishes: true },
  reader: { reads: true },
  stranger: {},
  // This one has a second factor, and that one another password, when all is over.
  guarded: { reads: true, publishes: true },
  mover: { reads: true },
};

/** What a client's person in this role is called. */
export function personOf(client, role) {
  if (!(role in ROLES)) throw new Error(`nobody is a ${role}`);
  return `${client.name}-${role}`;
}

/** Adds the people of these clients to the registry in `home`, by its own command. */
export function addPeople(home, clients) {
  for (const client of clients) {
    for (const role of Object.keys(ROLES)) {
      const name = personOf(client, role);
      runNopar(home, ['user', 'add', name, '--email', `${name}@acme.example`], PASSWORD);
    }
  }
}

/** The configuration by which they may what their roles say, and the jobs of an issuer are trusted with what is theirs. */
export function configuration(clients, issuer, audience) {
  const those = (can) => clients.flatMap((client) => {
    return Object.keys(ROLES).filter((role) => ROLES[role][can]).map((role) => personOf(client, role));
  });
  const job = `issuer = "${issuer.url}"\naudience = "${audience}"\nclaims = { repository = "acme/ui" }`;
  return `[teams]
readers = ${JSON.stringify(those('reads'))}
makers = ${JSON.stringify(those('publishes'))}

[[rule]]
packages = ["${SCOPE}/*"]
read = ["team:readers"]
publish = ["team:makers"]

[[trust]]
${job}
packages = ["${SCOPE}/job-*"]

[[trust]]
${job}
packages = ["${SCOPE}/*"]
permission = "read"
`;
}
