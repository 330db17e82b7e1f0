// Words, names and sentences: text that compresses about as real packuments do.
// Knows nothing of JSON.

const WORDS = `able access action active adapter agent alias align all allow anchor angle any api append apply
archive array assert asset async atom audit auto await back balance base batch beam big binary bind bit blank block
blue board body boot bound box branch break bridge brief browser buffer build bulk bundle button byte cache call
camel canvas card case cast catch cell chain channel char chart check child chunk circle class clean clear click
client clock clone close cloud code collect color column command comment commit common compare compile compose
config connect console const context control convert cookie copy core count cover create cross crypto css current
cursor custom cycle data date debug decode deep default define delay delta dense depend deploy depth detect dev diff
digest direct disk dispatch display dom done double down draft drag draw driver drop dynamic each early echo edge
edit element else emit empty enable encode end engine entry enum env equal error escape event every exact exec exit
expand expect export express extend extra factory fail fast fetch field file fill filter final find first fixed flag
flat flex float flow fluid focus fold font force fork form format frame free fresh from front full func gate gather
gauge gen get glob global graph green grid group guard hash head heap help hex hidden hint hold hook host html http
icon idle image import include indent index infer info init inject inline inner input insert inspect install int
interval into invert item iterate java job join json jump just keep kernel key kind label lambda large last layer
layout lazy leaf left len lens level lib light like limit line link list lite live load local locale lock log logic
long loop low main make map mark mask master match math max measure media memo merge message meta method metric
middle mime min mini mix mock mode model module monitor mount mouse move multi mutex name native near nest net next
node noop normal note null number object observe offset omit once only open option order origin outer output over
pack page paint pair panel parse part partial pass patch path pattern peer pick pipe pixel place plain plan plugin
point poll pool port post prefix prepare preset print process profile promise prop proto proxy public pull pulse
pure push query queue quick quote random range rank rate raw react read ready real record reduce ref region remote
render repeat replace report request require reset resolve rest result retry return reverse right ring role root
rotate round route row rule run safe sample scale scan schema scope script scroll seal search seed select self send
serial series serve session set shadow shape share shell shift short show side sign signal simple single size skip
sleep slice slot small smart snap socket sort source space spawn spec speed split spread stack stage start state
static status step stop store stream strict string strip stub style sub sum super swap switch sync syntax system tab
table tag tail target task template term test text theme then thin thread tick time tiny title toggle token tool top
total touch trace track transform transport trap tree trim true tube tuple type unique unit until update upper url
use user valid value var vector verify version view virtual visit void wait walk watch wave weak web when while wide
widget width window with word work worker wrap write zero zip zone`.split(/\s+/);

/** A package name, sometimes under a scope; not necessarily one that is free. */
export function packageName(random) {
  const name = `${random.pick(WORDS)}-${random.pick(WORDS)}`;
  return random.next() < 0.15 ? `@${random.pick(WORDS)}/${name}` : name;
}

/** `count` words with spaces between them. */
export function phrase(random, count) {
  return Array.from({ length: count }, () => random.pick(WORDS)).join(' ');
}

/** Exactly `length` characters of prose: ASCII without quotes, backslashes or line breaks. */
export function prose(random, length) {
  const parts = [];
  // A real text repeats itself: its terms are few.
  const terms = Array.from({ length: 60 }, () => random.pick(WORDS));
  for (let made = 0; made < length;) {
    const sentence = `The ${random.pick(terms)} of the ${random.pick(terms)} is ${phrase(random, 3)}, so that `
      + `${random.pick(terms)} and ${random.pick(terms)} can ${random.pick(terms)} it. `;
    parts.push(sentence);
    made += sentence.length;
  }
  return parts.join('').slice(0, length);
}
