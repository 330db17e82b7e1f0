// The forms of a page, as a browser without scripts has them.
// Knows nothing of what they are for. Reads what a person wrote by hand or a template made, not whatever HTML may be.

const ENTITIES = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/**
 * The forms in a text of HTML, in order: `{ action, method, fields }`, where fields are `{ name, type, value, autocomplete }`
 * of what has a name, in order. `action` is a URL, as seen from the page at `url`.
 */
export function formsIn(html, url) {
  const page = html.replace(/<!--.*?-->/gs, '');
  return [...page.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gis)].map(([, tag, inside]) => {
    const { action = '', method = 'get' } = attributesOf(tag);
    const tags = [...inside.matchAll(/<(input|button|select|textarea)\b([^>]*)>/gi)];
    const fields = tags.map(([, kind, said]) => field(kind.toLowerCase(), attributesOf(said)));
    return { action: new URL(action || url, url).href, method: method.toLowerCase(), fields: fields.filter(({ name }) => name) };
  });
}

/**
 * What a form sends that somebody has filled in: `answer(field)` is what they type there, undefined where they leave it as
 * it is. Of several buttons, the first is pressed.
 */
export function filled({ fields }, answer) {
  const sent = new URLSearchParams();
  let isPressed = false;
  for (const field of fields) {
    const isButton = ['submit', 'button', 'reset', 'image'].includes(field.type);
    if (isButton && (isPressed || field.type !== 'submit')) continue;
    isPressed ||= isButton;
    const typed = isButton ? undefined : answer(field);
    if (['checkbox', 'radio'].includes(field.type) && !field.isChecked) continue;
    sent.append(field.name, typed ?? field.value);
  }
  return sent;
}

function field(kind, { name, type, value = '', checked, autocomplete }) {
  const usual = { input: 'text', button: 'submit' }[kind] ?? kind;
  return { name, type: (type ?? usual).toLowerCase(), value, autocomplete, isChecked: checked !== undefined };
}

function attributesOf(tag) {
  const all = tag.matchAll(/([^\s"'=<>/]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/g);
  return Object.fromEntries([...all].map(([, name, ...values]) => {
    return [name.toLowerCase(), unescaped(values.find((value) => value !== undefined) ?? '')];
  }));
}

function unescaped(text) {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name) => {
    if (name) return ENTITIES[name] ?? whole;
    return String.fromCodePoint(hex ? Number.parseInt(hex, 16) : Number(decimal));
  });
}
