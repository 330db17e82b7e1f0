//! What lists tell of a package: its latest version in a few hundred bytes, whatever its packument says.
//! Knows nothing of lists; what is longer than here is cut, so that 200,000 of them are no burden.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::super::one_line;
use super::Document;
use super::entry::{Entry, Manifest};
use super::object::{self, Object};

/// The longest description that is kept, in bytes: the public registry cuts them there.
const DESCRIPTION: usize = 255;
/// Longer versions are none that npm takes (node-semver's `MAX_LENGTH`).
const VERSION: usize = 256;
/// The longest range that is kept whole, in bytes.
const RANGE: usize = 64;
/// Longer names are none of packages.
const NAME: usize = 512;
/// How much is kept of what a version depends on, in bytes: some 150 packages.
const NEEDS: usize = 4096;

/// A package in short. Of a version that is not there, nothing is told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brief {
    /// The version that the dist-tag `latest` points to.
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    pub latest: Option<String>,
    /// That version's, else the document's: one line.
    #[serde(rename = "d", default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// How many versions there are.
    #[serde(rename = "v", default)]
    pub versions: u32,
    /// What the latest version depends on.
    #[serde(rename = "n", default, skip_serializing_if = "Needs::is_empty")]
    pub needs: Needs,
}

/// In which way a version needs a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NeedKind {
    /// `dependencies`.
    Dependency,
    /// `peerDependencies`.
    Peer,
    /// `optionalDependencies`, which are not among the dependencies then.
    Optional,
    /// `devDependencies`: to work on it, which who uses it has none of.
    Development,
}

/// A package that is needed, and which of its versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need<'a> {
    /// In which way.
    pub kind: NeedKind,
    /// The package, as the manifest names it.
    pub name: &'a str,
    /// A range, a tag, or whatever else npm takes there; cut after 64 bytes.
    pub range: &'a str,
}

/// All that a version needs, in one text, as it is looked through for thousands of packages: lines of a kind,
/// a name and a range.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Needs(Box<str>);

impl NeedKind {
    /// All, in the order they are kept in.
    pub const ALL: [NeedKind; 4] =
        [NeedKind::Dependency, NeedKind::Peer, NeedKind::Optional, NeedKind::Development];

    /// The manifest's word for packages that are needed so.
    pub fn as_str(self) -> &'static str {
        match self {
            NeedKind::Dependency => "dependencies",
            NeedKind::Peer => "peerDependencies",
            NeedKind::Optional => "optionalDependencies",
            NeedKind::Development => "devDependencies",
        }
    }

    fn letter(self) -> &'static str {
        match self {
            NeedKind::Dependency => "d",
            NeedKind::Peer => "p",
            NeedKind::Optional => "o",
            NeedKind::Development => "v",
        }
    }
}

impl Needs {
    /// One by one, in the order of the manifest, kind by kind.
    pub fn iter(&self) -> impl Iterator<Item = Need<'_>> {
        self.0.lines().filter_map(Need::read)
    }

    /// Whether nothing is needed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many bytes they take.
    pub fn size(&self) -> usize {
        self.0.len()
    }

    /// The text to look for in [`Needs::text`] where a package is needed.
    pub fn mark(name: &str) -> String {
        format!("\t{name}\t")
    }

    /// Each way in which this package is needed: it may be for development and beside it at once.
    pub fn of<'a, 'n>(&'a self, name: &'n str) -> impl Iterator<Item = Need<'a>> + use<'a, 'n> {
        self.iter().filter(move |need| need.name == name)
    }

    /// All of it, for who looks for one package in those of many: each name stands between two marks.
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl Needs {
    /// Those that a manifest names.
    pub fn of_manifest(manifest: &RawValue) -> Needs {
        match Entry::parse(manifest) {
            Entry::Manifest(manifest) => needs(&manifest),
            Entry::Other(_) => Needs::default(),
        }
    }
}

impl<'a> Need<'a> {
    fn read(line: &'a str) -> Option<Need<'a>> {
        let (letter, rest) = line.split_once('\t')?;
        let (name, range) = rest.split_once('\t')?;
        let kind = NeedKind::ALL.into_iter().find(|kind| kind.letter() == letter)?;
        Some(Need { kind, name, range })
    }
}

impl fmt::Display for NeedKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Document<'_> {
    /// The package in short.
    pub fn brief(&self) -> Brief {
        let tags = object::member(&self.members, "dist-tags").unwrap_or_default();
        let latest = object::text_of(&tags, "latest").filter(|latest| latest.len() <= VERSION);
        let of_latest = latest.and_then(|latest| self.versions.get_key_value(&*latest));
        let manifest = of_latest.and_then(|(_, entry)| match entry {
            Entry::Manifest(manifest) => Some(manifest),
            Entry::Other(_) => None,
        });
        let said = manifest.and_then(|it| object::text_of(&it.members, "description"));
        let said = said.or_else(|| object::text_of(&self.members, "description"));
        Brief {
            latest: of_latest.map(|(version, _)| one_line(&version.text, VERSION)),
            description: one_line(&said.unwrap_or_default(), DESCRIPTION),
            versions: u32::try_from(self.versions.len()).unwrap_or(u32::MAX),
            needs: manifest.map(needs).unwrap_or_default(),
        }
    }
}

fn needs(manifest: &Manifest<'_>) -> Needs {
    let of_kind = |kind: NeedKind| object::member(&manifest.members, kind.as_str());
    let optional = of_kind(NeedKind::Optional).unwrap_or_default();
    let mut text = String::new();
    for kind in NeedKind::ALL {
        let all = of_kind(kind).unwrap_or_default();
        // npm writes optional ones among the others as well.
        let is_listed_again =
            |name: &str| kind == NeedKind::Dependency && optional.contains_key(name);
        for name in all.keys().map(|key| &*key.text).filter(|name| !is_listed_again(name)) {
            if !add(&mut text, kind, name, &range(&all, name)) {
                break;
            }
        }
    }
    Needs(text.into())
}

/// Adds a line; `false` when there is no room for it.
fn add(text: &mut String, kind: NeedKind, name: &str, range: &str) -> bool {
    if name.is_empty() || name.len() > NAME || name.contains(char::is_control) {
        return true;
    }
    let line = format!("{}\t{name}\t{range}\n", kind.letter());
    let has_room = text.len() + line.len() <= NEEDS;
    if has_room {
        text.push_str(&line);
    }
    has_room
}

fn range(all: &Object<'_>, name: &str) -> String {
    one_line(&object::text_of(all, name).unwrap_or(Cow::Borrowed("")), RANGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn brief(text: &str) -> Brief {
        Document::parse(text.as_bytes()).unwrap().brief()
    }

    fn lines(needs: &Needs) -> Vec<String> {
        needs.iter().map(|need| format!("{} {} {}", need.kind, need.name, need.range)).collect()
    }

    #[test]
    fn the_latest_version_speaks_for_its_package() {
        let brief = brief(
            r#"{"dist-tags":{"latest":"1.0.0","next":"2.0.0"},"description":"of old","versions":{
            "1.0.0":{"description":"  does\n it\t all ","dependencies":{"a":"^1.0.0","c":"2","d\u0061":"npm:x@1"},
                "devDependencies":{"test":"1","@s/p":"2"},"peerDependencies":{"@s/p":">=1 <3"},
                "optionalDependencies":{"c":"2"}},
            "2.0.0":{"dependencies":{"z":"1"}}}}"#,
        );
        assert_eq!(brief.latest.as_deref(), Some("1.0.0"));
        assert_eq!((brief.description.as_str(), brief.versions), ("does it all", 2));
        assert_eq!(
            lines(&brief.needs),
            [
                "dependencies a ^1.0.0",
                "dependencies da npm:x@1",
                "peerDependencies @s/p >=1 <3",
                "optionalDependencies c 2",
                "devDependencies test 1",
                "devDependencies @s/p 2"
            ]
        );
        let ways: Vec<NeedKind> = brief.needs.of("@s/p").map(|need| need.kind).collect();
        assert_eq!(ways, [NeedKind::Peer, NeedKind::Development]);
        assert!(brief.needs.text().contains(&Needs::mark("@s/p")));
        assert!(!brief.needs.text().contains(&Needs::mark("s/p")));
        let alone = r#"{"dependencies":{"a":"^1.0.0"}}"#;
        let alone = Needs::of_manifest(serde_json::from_str(alone).unwrap());
        assert_eq!(lines(&alone), ["dependencies a ^1.0.0"]);
        let kept = serde_json::to_string(&brief).unwrap();
        assert_eq!(serde_json::from_str::<Brief>(&kept).unwrap(), brief);
    }

    #[test]
    fn of_what_is_not_there_nothing_is_told() {
        for text in [
            "{}",
            r#"{"dist-tags":{"latest":"1.0.0"}}"#,
            r#"{"dist-tags":{"latest":7},"versions":[]}"#,
            r#"{"dist-tags":"latest","versions":{}}"#,
        ] {
            assert_eq!(brief(text), Brief::default(), "{text}");
        }
        let odd =
            brief(r#"{"description":"d","dist-tags":{"latest":"1"},"versions":{"1":7,"2":{}}}"#);
        let told = (odd.latest.as_deref(), odd.description.as_str(), odd.versions);
        assert_eq!(told, (Some("1"), "d", 2));
        assert_eq!(serde_json::from_str::<Brief>("{}").unwrap(), Brief::default());
    }

    #[test]
    fn no_packument_makes_it_long() {
        let many: String = (0..100_000).map(|n| format!(r#""package-{n}":"^1.0.0","#)).collect();
        let long = "ü".repeat(100_000);
        let text = format!(
            r#"{{"dist-tags":{{"latest":"1"}},"versions":{{"1":{{"description":"{long}","dependencies":
            {{{many}"":"1","a\tb":"1","{long}":"1","x":"{long}","n":7}}}}}}}}"#
        );
        let brief = brief(&text);
        assert!(brief.description.len() <= DESCRIPTION && brief.description.len() > 200);
        assert!(brief.needs.size() <= NEEDS && brief.needs.size() > NEEDS - 64);
        let text = format!(
            r#"{{"dist-tags":{{"latest":"1"}},"versions":{{"1":{{"dependencies":
            {{"":"1","a\tb":"1","{long}":"1","x":"{long}","n":7}}}}}}}}"#
        );
        let brief = super::tests::brief(&text);
        let told: Vec<_> = brief.needs.iter().map(|need| (need.name, need.range.len())).collect();
        assert_eq!(told, [("x", RANGE), ("n", 0)]);
        let long = format!(r#"{{"dist-tags":{{"latest":"{long}"}},"versions":{{"{long}":{{}}}}}}"#);
        assert_eq!(super::tests::brief(&long).latest, None);
    }
}
