// A form is found as it is written, and sends what was filled in.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { filled, formsIn } from './form.mjs';

const PAGE = 'http://registry.example/npm/login?session=1';

test('a form is found with where it leads, and what can be filled in', () => {
  const html = `<!-- <form action="/no"></form> --><FORM class="a" method=POST action='/login?a=1&amp;b=2'>
    <input type="hidden" name="session" value="&lt;s&#39;&#x41;&gt;">
    <label>Name <input name=name autofocus></label><input type=PASSWORD name="password" required/>
    <input value="nameless"><button>Log in</button></FORM>`;
  const [form, ...others] = formsIn(html, PAGE);
  assert.equal(others.length, 0);
  assert.equal(form.action, 'http://registry.example/login?a=1&b=2');
  assert.equal(form.method, 'post');
  const fields = form.fields.map(({ name, type, value }) => [name, type, value]);
  assert.deepEqual(fields, [['session', 'hidden', "<s'A>"], ['name', 'text', ''], ['password', 'password', '']]);
});

test('one that says nothing of where it leads, leads to its page', () => {
  const [{ action, method }] = formsIn('<form><input name="q"></form>', PAGE);
  assert.deepEqual([action, method], [PAGE, 'get']);
  assert.equal(formsIn('<form action="next"></form>', PAGE)[0].action, 'http://registry.example/npm/next');
  assert.deepEqual(formsIn('<p>none</p>', PAGE), []);
});

test('what is sent is what was typed, what was there, and the button that was pressed', () => {
  const html = `<form><input type=hidden name=h value=1><input name=who value=old><input type=password name=p>
    <input type=checkbox name=off value=x><input type=checkbox name=on value=y checked>
    <button name=do value=yes>Yes</button><button name=do value=no>No</button></form>`;
  const typed = { who: 'ann & bob', p: 'a=b' };
  const sent = filled(formsIn(html, PAGE)[0], ({ name }) => typed[name]);
  assert.equal(sent.toString(), 'h=1&who=ann+%26+bob&p=a%3Db&on=y&do=yes');
});
