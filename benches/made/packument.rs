//! Packuments as registries write them, the same bytes each time.
//! Knows nothing of what is measured with them.

use bytes::Bytes;
use std::fmt::Write;

/// What a version takes, about.
const VERSION: usize = 1900;

/// Digits and letters of made-up digests and signatures.
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Words that names, descriptions and the readme are made of.
const WORDS: [&str; 24] = [
    "array", "build", "cache", "core", "define", "event", "file", "graph", "helper", "internal",
    "json", "kit", "loader", "module", "node", "object", "parse", "query", "render", "stream",
    "test", "types", "utility", "view",
];

/// The packument of `name` with about `size` bytes, and at least one version. What differs from one
/// version to the next is what does so in registries: digests, signatures, dates and a few numbers, so that
/// gzip makes about a ninth of it, as of theirs.
pub(crate) fn packument(name: &str, size: usize) -> Bytes {
    let versions = (size / VERSION).max(1);
    let mut random = Random(0x9e37_79b9_7f4a_7c15 ^ size as u64);
    let mut text = String::with_capacity(size + VERSION);
    let _ = write!(
        text,
        r#"{{"_id":"{name}","_rev":"12-{}","name":"{name}","dist-tags":{{"latest":"{}"}},"versions":{{"#,
        random.hex(32),
        number(versions - 1)
    );
    for n in 0..versions {
        text.push_str(if n == 0 { "" } else { "," });
        version(&mut text, name, n, &mut random);
    }
    text.push_str(
        r#"},"time":{"created":"2015-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z""#,
    );
    for n in 0..versions {
        let (day, hour, minute) = (n % 28 + 1, n % 24, random.below(60));
        let milli = random.below(1000);
        let (year, month) = (2015 + n * 10 / versions, n % 12 + 1);
        let _ = write!(
            text,
            r#","{}":"{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:07.{milli:03}Z""#,
            number(n)
        );
    }
    let _ = write!(
        text,
        r##"}},"maintainers":[{{"name":"someone","email":"someone@mail.example"}}],"license":"MIT","readme":"# {name}\n\n{}","readmeFilename":"README.md"}}"##,
        random.words(if versions > 4 { 400 } else { 4 })
    );
    Bytes::from(text)
}

fn number(n: usize) -> String {
    format!("{}.{}.{}", n / 60, n / 6 % 10, n % 6)
}

fn version(text: &mut String, name: &str, n: usize, random: &mut Random) {
    let number = number(n);
    let _ = write!(
        text,
        r#""{number}":{{"name":"{name}","version":"{number}","description":"A utility to parse, render and stream what {name} needs","main":"./lib/index.js","types":"./lib/index.d.ts","type":"commonjs","exports":{{".":{{"types":"./lib/index.d.ts","import":"./lib/index.mjs","require":"./lib/index.js"}},"./package.json":"./package.json"}},"scripts":{{"build":"tsc -p .","test":"node --test test","lint":"eslint . --max-warnings 0","prepublishOnly":"npm run build && npm test"}},"repository":{{"type":"git","url":"git+https://git.example/{name}/{name}.git","directory":"packages/core"}},"keywords":["parse","stream","render","module"],"author":{{"name":"Some One","email":"someone@mail.example"}},"license":"MIT","bugs":{{"url":"https://git.example/{name}/{name}/issues"}},"homepage":"https://git.example/{name}/{name}#readme","engines":{{"node":">=18"}},"dependencies":{{"#
    );
    for (at, word) in WORDS.iter().step_by(5).enumerate() {
        let comma = if at == 0 { "" } else { "," };
        let (major, minor) = (n / 60, n / 12 + at);
        let _ = write!(text, r#"{comma}"{name}-{word}":"^{major}.{minor}.0""#);
    }
    let _ = write!(
        text,
        r#"}},"devDependencies":{{"typescript":"^5.{}.0","eslint":"^9.{}.0","@types/node":"^22.{}.0"}},"gitHead":"{}","_id":"{name}@{number}","_nodeVersion":"22.{}.0","_npmVersion":"11.{}.0","#,
        n / 40,
        n / 25,
        n / 9,
        random.hex(40),
        n / 30,
        n / 35
    );
    let (integrity, shasum) = (random.base64(86), random.hex(40));
    let (files, size) = (40 + random.below(20), 90_000 + random.below(30_000));
    let signature = random.base64(94);
    let _ = write!(
        text,
        r#""dist":{{"integrity":"sha512-{integrity}==","shasum":"{shasum}","tarball":"https://registry.example/{name}/-/{name}-{number}.tgz","fileCount":{files},"unpackedSize":{size},"signatures":[{{"keyid":"SHA256:DhQ8wR5APBvFHLF/+Tc+AYvPOdTpcIDqOhxsBHRwC7U","sig":"ME{signature}=="}}]}},"_npmUser":{{"name":"someone","email":"someone@mail.example"}},"directories":{{}},"maintainers":[{{"name":"someone","email":"someone@mail.example"}},{{"name":"another","email":"another@mail.example"}}],"_npmOperationalInternal":{{"host":"s3://npm-registry-packages","tmp":"tmp/{name}_{number}_{}_0.{}"}},"_hasShrinkwrap":false}}"#,
        1_600_000_000_000 + n as u64 * 86_400_000 + random.below(86_400_000),
        random.below(1 << 53)
    );
}

/// Xorshift64*: the same numbers on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, limit: u64) -> u64 {
        (self.next() >> 11) % limit
    }

    fn hex(&mut self, len: usize) -> String {
        (0..len).map(|_| char::from(b"0123456789abcdef"[self.below(16) as usize])).collect()
    }

    fn base64(&mut self, len: usize) -> String {
        (0..len).map(|_| char::from(BASE64[self.below(64) as usize])).collect()
    }

    fn words(&mut self, count: usize) -> String {
        let words = (0..count).map(|_| WORDS[self.below(WORDS.len() as u64) as usize]);
        words.collect::<Vec<_>>().join(" ")
    }
}
