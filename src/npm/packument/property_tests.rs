//! Rewriting against a straightforward implementation over `serde_json::Value`.
//! Knows nothing of single rules; documents are made of what the rules look at, in any shape.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value};

use super::super::url_path::encode_segment;
use super::*;

const BASE: &str = "https://npm.example:8443/prefix";
const OTHER: &str = "http://b";
const ATTESTATIONS: &str = "/-/npm/v1/attestations/";
const INSTALL_SCRIPTS: [&str; 3] = ["preinstall", "install", "postinstall"];
const KEPT: &str = "name version deprecated bin dist engines os cpu libc directories dependencies \
    optionalDependencies devDependencies bundleDependencies bundledDependencies peerDependencies \
    peerDependenciesMeta acceptDependencies funding _hasShrinkwrap hasInstallScript";

const NAMES: [&str; 4] = ["n", "@s/n", "é b", "@ü/it's"];
const VERSIONS: [&str; 6] = ["1.0.0", "1.0.1-rc.1+b", "2.0.0", "0.0.1/../x", "", "modified"];
const TOP: [&str; 8] =
    ["name", "_id", "modified", "readme", "_attachments", "users", "maintainers", "é"];
const MEMBERS: [&str; 12] = [
    "name",
    "version",
    "deprecated",
    "bin",
    "libc",
    "dependencies",
    "funding",
    "_hasShrinkwrap",
    "hasInstallScript",
    "readme",
    "_id",
    "gitHead",
];
const STRINGS: [&str; 9] = [
    "",
    "1.0.0",
    "2.0.0",
    "x",
    "é\u{1f600}",
    "quo\"te\\",
    "a\u{1}\n",
    "https://registry.example/n/-/n-1.0.0.tgz?sig=a/b",
    "https://registry.example/deep/-/npm/v1/attestations/@s%2fn@1.0.0?q=\"#f",
];
const NUMBERS: [&str; 8] = [
    "0",
    "-0",
    "1.0",
    "1e2",
    "1E+2",
    "0.1000000000000000055",
    "123456789012345678901234567890",
    "-1.5e-300",
];

/// JSON as it is spelled.
#[derive(Debug, Clone)]
enum Json {
    Scalar(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    fn write(&self, space: &str, out: &mut String) {
        match self {
            Self::Scalar(text) => out.push_str(text),
            Self::Array(items) => {
                out.push('[');
                for (i, item) in items.iter().enumerate() {
                    out.push_str(if i > 0 { "," } else { "" });
                    out.push_str(space);
                    item.write(space, out);
                }
                out.push(']');
            }
            Self::Object(members) => {
                out.push('{');
                for (i, (key, value)) in members.iter().enumerate() {
                    out.push_str(if i > 0 { "," } else { "" });
                    out.push_str(&format!("{space}{key}{space}:{space}"));
                    value.write(space, out);
                }
                out.push_str(space);
                out.push('}');
            }
        }
    }

    fn text(&self, space: &str) -> String {
        let mut out = String::new();
        self.write(space, &mut out);
        out
    }

    fn without_doubles(self) -> Self {
        let Self::Object(members) = self else {
            return self;
        };
        let mut seen = Vec::new();
        let first = |(key, _): &(String, Json)| {
            let key = decoded(key);
            let new = !seen.contains(&key);
            seen.push(key);
            new
        };
        let members = members.into_iter().filter(first);
        Self::Object(members.map(|(key, value)| (key, value.without_doubles())).collect())
    }

    fn member(&mut self, key: &str) -> Option<&mut Json> {
        self.members().find_map(|(known, value)| (known == key).then_some(value))
    }

    fn members(&mut self) -> impl Iterator<Item = (String, &mut Json)> {
        let members = match self {
            Self::Object(members) => members.as_mut_slice(),
            _ => &mut [],
        };
        members.iter_mut().map(|(key, value)| (decoded(key), value))
    }

    fn string(&self) -> Option<String> {
        match self {
            Self::Scalar(text) if text.starts_with('"') => Some(decoded(text)),
            _ => None,
        }
    }
}

fn decoded(literal: &str) -> String {
    serde_json::from_str(literal).expect("a string literal")
}

fn spelled(text: String, escaped: bool) -> String {
    let plain = serde_json::to_string(&text).expect("a string");
    match text.chars().next() {
        Some(first) if escaped && (first as u32) < 0x1_0000 && !"\"\\\u{1}\n".contains(first) => {
            format!("\"\\u{:04x}{}", first as u32, &plain[1 + first.len_utf8()..])
        }
        _ if escaped => plain.replace('/', "\\/"),
        _ => plain,
    }
}

fn literal(texts: &'static [&'static str]) -> impl Strategy<Value = String> {
    (select(texts), prop::bool::weighted(0.2))
        .prop_map(|(text, escaped)| spelled(text.to_owned(), escaped))
}

fn string() -> impl Strategy<Value = Json> {
    literal(&STRINGS).prop_map(Json::Scalar)
}

fn scalar() -> impl Strategy<Value = Json> {
    let word = select(&["null", "true", "false"][..]);
    let text = prop_oneof![word, select(&NUMBERS[..])];
    prop_oneof![2 => string(), 1 => text.prop_map(|text| Json::Scalar(text.to_owned()))]
}

fn object(
    keys: &'static [&'static str],
    value: impl Strategy<Value = Json>,
    most: usize,
) -> impl Strategy<Value = Json> {
    vec((literal(keys), value), 0..=most).prop_map(Json::Object)
}

/// Anything, but mostly an object of known keys.
fn mostly(object: impl Strategy<Value = Json>) -> impl Strategy<Value = Json> {
    prop_oneof![9 => object, 1 => odd()]
}

fn odd() -> impl Strategy<Value = Json> {
    let nested = (scalar(), 0..20usize).prop_map(|(leaf, depth)| {
        (0..depth).fold(leaf, |inner, level| match level % 2 {
            0 => Json::Array(vec![inner]),
            _ => Json::Object(vec![("\"dist\"".to_owned(), inner)]),
        })
    });
    let flat = object(&["tarball", "url", "1.0.0"], scalar(), 3);
    prop_oneof![2 => scalar(), 1 => nested, 1 => flat]
}

fn one(
    key: &'static str,
    value: impl Strategy<Value = Json>,
) -> impl Strategy<Value = (String, Json)> {
    (prop::bool::weighted(0.1), value)
        .prop_map(move |(escaped, value)| (spelled(key.to_owned(), escaped), value))
}

fn dist() -> impl Strategy<Value = Json> {
    let attestations = mostly(object(&["url", "provenance"], scalar(), 3));
    let member = prop_oneof![
        4 => one("tarball", prop_oneof![5 => string(), 1 => odd()]),
        2 => one("attestations", attestations),
        2 => (literal(&["integrity", "shasum", "npm-signature", "signatures", "x"]), odd()),
    ];
    vec(member, 0..5).prop_map(Json::Object)
}

fn version() -> impl Strategy<Value = Json> {
    let scripts = mostly(object(&["preinstall", "install", "postinstall", "test"], scalar(), 2));
    let member = prop_oneof![
        3 => one("dist", mostly(dist())),
        1 => one("scripts", scripts),
        4 => (literal(&MEMBERS), odd()),
    ];
    vec(member, 0..6).prop_map(Json::Object)
}

fn document() -> impl Strategy<Value = Json> {
    let times: &[&str] =
        &["1.0.0", "1.0.1-rc.1+b", "2.0.0", "0.0.1/../x", "", "modified", "created"];
    let time = object(times, prop_oneof![9 => string(), 1 => odd()], 12);
    let tags = object(&["latest", "next", "1.0.0"], scalar(), 3);
    let member = prop_oneof![
        3 => one("versions", mostly(object(&VERSIONS, mostly(version()), 3))),
        2 => one("time", mostly(time)),
        1 => one("dist-tags", mostly(tags)),
        3 => (literal(&TOP), odd()),
    ];
    vec(member, 0..7).prop_map(Json::Object)
}

fn name() -> impl Strategy<Value = PackageName> {
    select(&NAMES[..]).prop_map(|text| PackageName::parse(text).expect(text))
}

/// The rules once more, in the plainest words.
struct Reference<'a>(&'a PackageName, Form);

impl Reference<'_> {
    fn tarball(&self, version: &str) -> String {
        let base = encode_segment(self.0.basename());
        format!("{BASE}/{}/-/{base}-{}.tgz", self.0.path(), encode_segment(version))
    }

    /// Where attestations are, if `url` is one that a registry serves them at.
    fn attestations(&self, url: &str, version: &str) -> Option<String> {
        let path = url.split(['?', '#']).next()?;
        path.find(ATTESTATIONS)?;
        Some(format!("{BASE}{ATTESTATIONS}{}@{}", self.0.path(), encode_segment(version)))
    }

    fn version(&self, version: &str, manifest: &mut Value) {
        let Some(members) = manifest.as_object_mut() else {
            return;
        };
        if self.1 == Form::Abbreviated {
            let script =
                |key: &&str| members.get("scripts")?.get(key)?.as_str().filter(|s| !s.is_empty());
            let scripted = INSTALL_SCRIPTS.iter().any(|key| script(key).is_some());
            members.retain(|key, _| KEPT.split_whitespace().any(|kept| kept == key));
            if scripted && !members.contains_key("hasInstallScript") {
                members.insert("hasInstallScript".to_owned(), Value::Bool(true));
            }
        }
        let Some(dist) = members.get_mut("dist").and_then(Value::as_object_mut) else {
            return;
        };
        if self.1 == Form::Abbreviated {
            dist.retain(|key, _| key != "npm-signature");
        }
        if let Some(tarball) = dist.get_mut("tarball").filter(|tarball| tarball.is_string()) {
            *tarball = Value::from(self.tarball(version));
        }
        let attestations = dist.get_mut("attestations").and_then(Value::as_object_mut);
        if let Some(Value::String(url)) = attestations.and_then(|members| members.get_mut("url")) {
            *url = self.attestations(url, version).unwrap_or_else(|| url.clone());
        }
    }

    fn document(&self, mut document: Map<String, Value>) -> Value {
        if let Some(Value::Object(versions)) = document.get_mut("versions") {
            for (version, manifest) in versions {
                self.version(version, manifest);
            }
        }
        if self.1 == Form::Full {
            document.retain(|key, _| key != "_attachments");
            return Value::Object(document);
        }
        let time = document.get("time").and_then(Value::as_object).cloned();
        let modified =
            |members: &Map<_, _>| members.get("modified").filter(|m| Value::is_string(m)).cloned();
        let complete = |time: &Map<String, Value>| {
            let versions = document.get("versions").and_then(Value::as_object);
            versions
                .into_iter()
                .flatten()
                .all(|(version, _)| time.get(version).is_some_and(Value::is_string))
        };
        let members = [
            ("name", Some(Value::from(self.0.as_str()))),
            ("modified", time.as_ref().and_then(modified).or_else(|| modified(&document))),
            ("dist-tags", document.get("dist-tags").cloned()),
            ("versions", document.get("versions").cloned()),
            ("time", time.filter(complete).map(Value::Object)),
        ];
        members.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
    }

    /// The full form as a change of the spelled document.
    fn spell(&self, document: &mut Json) {
        if let Json::Object(members) = document {
            members.retain(|(key, _)| decoded(key) != "_attachments");
        }
        let Some(versions) = document.member("versions") else {
            return;
        };
        for (version, manifest) in versions.members() {
            let Some(dist) = manifest.member("dist") else {
                continue;
            };
            if let Some(tarball) = dist.member("tarball").filter(|json| json.string().is_some()) {
                *tarball = Json::Scalar(format!("\"{}\"", self.tarball(&version)));
            }
            let Some(url) = dist.member("attestations").and_then(|json| json.member("url")) else {
                continue;
            };
            if let Some(moved) = url.string().and_then(|url| self.attestations(&url, &version)) {
                *url = Json::Scalar(serde_json::to_string(&moved).expect("a string"));
            }
        }
    }
}

fn value(json: &[u8]) -> Value {
    serde_json::from_slice(json).expect("JSON")
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn both_forms_are_those_of_the_reference(json in document(), name in name(), spaced in any::<bool>()) {
        let text = json.text(if spaced { "\n " } else { "" });
        let document = Document::parse(text.as_bytes()).expect("an object");
        for form in [Form::Full, Form::Abbreviated] {
            let template = document.template(&name, form);
            let filled = template.fill(BASE);
            let Value::Object(members) = value(text.as_bytes()) else { unreachable!() };
            let expected = Reference(&name, form).document(members);
            // As text, because equality of values does not see the order of keys.
            prop_assert_eq!(value(&filled).to_string(), expected.to_string(), "{:?}", form);

            // Another base changes the holes and nothing else.
            let segments: Vec<_> = template.segments(BASE).collect();
            for (i, (a, b)) in segments.iter().zip(template.segments(OTHER)).enumerate() {
                prop_assert_eq!(*a == b, i % 2 == 0);
            }
            prop_assert_eq!(template.len_with(BASE), filled.len());

            // It is the same in pieces.
            let (mut pieces, mut digest) = (Vec::new(), TemplateDigest::default());
            document.read_template(&name, form, &mut |text| {
                pieces.push(text.to_vec());
                digest.text(text);
            });
            prop_assert_eq!(pieces.join(BASE.as_bytes()), &filled[..]);
            prop_assert_eq!(digest.finish(), template.digest());

            // A registry behind a registry: what was filled gives the same template again.
            let again = Document::parse(&filled).expect("an object").template(&name, form);
            prop_assert_eq!(again.digest(), template.digest());
            prop_assert_eq!(&again, &template);
        }
    }

    #[test]
    fn what_no_rule_names_survives_byte_for_byte(json in document(), name in name()) {
        let mut json = json.without_doubles();
        let text = json.text("");
        let template = Document::parse(text.as_bytes()).expect("an object").template(&name, Form::Full);
        Reference(&name, Form::Full).spell(&mut json);
        prop_assert_eq!(String::from_utf8(template.fill(BASE)).expect("UTF-8"), json.text(""));
    }

    #[test]
    fn manifests_and_index_are_those_of_the_reference(json in document(), name in name(), asked in select(&["1.0.0", "2.0.0", "latest"][..])) {
        let text = json.text("");
        let document = Document::parse(text.as_bytes()).expect("an object");
        let whole = value(text.as_bytes());
        let tagged = || whole.get("dist-tags")?.get(asked)?.as_str();
        let versions = whole.get("versions").and_then(Value::as_object).cloned().unwrap_or_default();
        let version = if versions.contains_key(asked) { Some(asked) } else { tagged() };
        let expected = version.and_then(|version| {
            let mut manifest = versions.get(version).filter(|m| m.is_object())?.clone();
            Reference(&name, Form::Full).version(version, &mut manifest);
            Some(manifest)
        });
        let selector = Selector::parse(asked).expect(asked);
        let manifest = document.manifest(&name, &selector).map(|template| value(&template.fill(BASE)));
        prop_assert_eq!(manifest, expected);

        let index = document.index();
        prop_assert_eq!(index.versions().len(), versions.len());
        for ((version, at), (key, manifest)) in index.versions().zip(&versions) {
            prop_assert_eq!(version, key);
            let said = |key: &str| manifest.get("dist")?.get(key)?.as_str();
            prop_assert_eq!(at.tarball.as_deref(), said("tarball"));
            prop_assert_eq!(at.shasum.as_deref(), said("shasum"));
            let time = whole.get("time").and_then(|time| time.get(key)?.as_str());
            prop_assert_eq!(at.time.as_deref(), time);
        }
    }
}
