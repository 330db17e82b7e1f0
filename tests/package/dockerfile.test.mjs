// How dockerfile.mjs reads made-up Dockerfiles.

import assert from 'node:assert/strict';
import test from 'node:test';

import { parse, stagesOf, variablesOf } from './dockerfile.mjs';

test('instructions are read over several lines, and comments are none', () => {
  const text = '# one\nFROM a AS b\n\nRUN x \\\n    # between\n    && y\n';
  assert.deepEqual(parse(text), [{ name: 'FROM', text: 'a AS b' }, { name: 'RUN', text: 'x && y' }]);
});

test('what is no instruction is told of', () => assert.throws(() => parse('FROM a\nfrom b\n'), /no instruction: from b/));

test('each FROM begins a stage, and nothing comes before the first', () => {
  const stages = stagesOf(parse('FROM a\nRUN x\nFROM b\nUSER 1\n'));
  assert.deepEqual(stages.map((stage) => stage.map((line) => line.text)), [['a', 'x'], ['b', '1']]);
  assert.throws(() => stagesOf(parse('RUN x\n')), /before any FROM/);
});

test('variables are those of all ENV', () => {
  assert.deepEqual(variablesOf(['A=1 B=x=y', 'C=']), { A: '1', B: 'x=y', C: '' });
});
