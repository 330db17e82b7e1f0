// SPDX licence expressions: parsed, and asked whether a set of licences satisfies them.
// Knows nothing of packages.

/**
 * Parses an expression into `{ licence }`, `{ or: [a, b] }` or `{ and: [a, b] }`.
 * AND binds closer than OR; `A WITH B` is one licence; `/` is what crates.io took for OR once.
 * Throws on anything else.
 */
export function parse(text) {
  const tokens = text.replaceAll('/', ' OR ').match(/[()]|[^\s()]+/g) ?? [];
  const node = alternatives(tokens);
  if (tokens.length > 0) throw new Error(`"${text}": unexpected "${tokens[0]}"`);
  return node;
}

/** Whether someone who accepts only the licences in the set `allowed` may use what is under `node`. */
export function isSatisfied(node, allowed) {
  if (node.or) return node.or.some((part) => isSatisfied(part, allowed));
  if (node.and) return node.and.every((part) => isSatisfied(part, allowed));
  return allowed.has(node.licence);
}

function alternatives(tokens) {
  return series(tokens, 'or', conjunction);
}

function conjunction(tokens) {
  return series(tokens, 'and', term);
}

function series(tokens, operator, operand) {
  const parts = [operand(tokens)];
  while (tokens[0]?.toLowerCase() === operator) {
    tokens.shift();
    parts.push(operand(tokens));
  }
  return parts.length === 1 ? parts[0] : { [operator]: parts };
}

function term(tokens) {
  const token = tokens.shift();
  if (token === '(') {
    const inside = alternatives(tokens);
    if (tokens.shift() !== ')') throw new Error('a parenthesis is not closed');
    return inside;
  }
  if (token === undefined || /^(\)|or|and|with)$/i.test(token)) throw new Error(`a licence is missing before "${token ?? 'the end'}"`);
  if (tokens[0]?.toLowerCase() !== 'with') return { licence: token };
  tokens.shift();
  if (!tokens[0] || /^[()]$/.test(tokens[0])) throw new Error(`"${token} WITH" lacks its exception`);
  return { licence: `${token} WITH ${tokens.shift()}` };
}
