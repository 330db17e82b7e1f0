//! What a version depends on, by kind, as lists of packages show it.
//! Knows nothing of whether there are such packages, nor of what a lock file would make of it.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::PackageName;
use super::json;

/// Most dependencies that are kept of a version; of more it is only known that there are some.
const MOST: usize = 500;

/// Longest name and longest range in bytes. What is longer is left out, or cut.
const LONGEST_NAME: usize = 214;
const LONGEST_RANGE: usize = 256;

/// Longest member of a manifest that is read for it, in bytes.
const LONGEST_MEMBER: usize = 64 << 10;

/// What a dependency is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DependencyKind {
    /// To run.
    Runtime,
    /// Beside it, installed by whoever installs it.
    Peer,
    /// To run better.
    Optional,
    /// To work on it.
    Dev,
}

/// One dependency of a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// What it is for.
    pub kind: DependencyKind,
    /// The package that is installed: that behind an alias.
    pub name: PackageName,
    /// The range of versions, or what stands in its place: a tag, an address. At most 256 bytes.
    pub range: String,
}

impl DependencyKind {
    /// All of them, with the members of manifests that list them, in the order in which they are shown.
    pub const ALL: [(DependencyKind, &'static str); 4] = [
        (DependencyKind::Runtime, "dependencies"),
        (DependencyKind::Peer, "peerDependencies"),
        (DependencyKind::Optional, "optionalDependencies"),
        (DependencyKind::Dev, "devDependencies"),
    ];

    /// Their heading.
    pub fn heading(self) -> &'static str {
        match self {
            DependencyKind::Runtime => "Dependencies",
            DependencyKind::Peer => "Peer dependencies",
            DependencyKind::Optional => "Optional dependencies",
            DependencyKind::Dev => "Development dependencies",
        }
    }
}

/// What a version depends on.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Dependencies {
    /// As many as are kept.
    pub(super) listed: Vec<Dependency>,
    /// Whether the manifest has more.
    pub(super) has_more: bool,
}

/// What a manifest asks for; `member` finds a member of it. npm repeats optional dependencies among the others: they are
/// optional.
pub(super) fn dependencies_of<'a>(member: impl Fn(&str) -> Option<&'a RawValue>) -> Dependencies {
    let Dependencies { listed: mut needs, mut has_more } = Dependencies::default();
    for (kind, key) in DependencyKind::ALL {
        let Some(raw) = member(key) else { continue };
        if raw.get().len() > LONGEST_MEMBER {
            // What is no object lists nothing, however long it is.
            has_more |= raw.get().starts_with('{');
            continue;
        }
        let Ok(listed) = serde_json::from_str::<indexmap::IndexMap<String, &RawValue>>(raw.get())
        else {
            continue;
        };
        if kind == DependencyKind::Optional {
            needs.retain(|need| {
                need.kind != DependencyKind::Runtime || !listed.contains_key(need.name.as_str())
            });
        }
        let mut found = listed.iter().filter_map(|(name, range)| one(kind, name, range));
        let room = MOST - needs.len();
        needs.extend(found.by_ref().take(room));
        has_more |= found.next().is_some();
    }
    Dependencies { listed: needs, has_more }
}

fn one(kind: DependencyKind, name: &str, range: &RawValue) -> Option<Dependency> {
    let range = json::text(range).unwrap_or(Cow::Borrowed(""));
    let (name, range) = unaliased(name, &range);
    let name = PackageName::parse(name).ok().filter(|it| it.as_str().len() <= LONGEST_NAME)?;
    Some(Dependency { kind, name, range: cut(range, LONGEST_RANGE) })
}

/// `npm:other@^1` is another package than the one it is called by.
fn unaliased<'a>(name: &'a str, range: &'a str) -> (&'a str, &'a str) {
    let Some(target) = range.strip_prefix("npm:") else { return (name, range) };
    match target.rfind('@').filter(|at| *at > 0) {
        Some(at) => (&target[..at], &target[at + 1..]),
        None => (target, "*"),
    }
}

/// A text, at most so many bytes of it.
pub(super) fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let mut end = most - '…'.len_utf8();
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use indexmap::IndexMap;

    fn found(manifest: &str) -> Dependencies {
        let members: IndexMap<String, &RawValue> = serde_json::from_str(manifest).unwrap();
        dependencies_of(|key| members.get(key).copied())
    }

    fn listed(manifest: &str) -> Vec<(DependencyKind, String, String)> {
        let found = found(manifest).listed;
        found.into_iter().map(|it| (it.kind, it.name.to_string(), it.range)).collect()
    }

    #[test]
    fn dependencies_come_by_kind_and_by_what_is_installed() {
        let found = listed(
            r#"{"dependencies":{"a":"^1","b":"2","al":"npm:@s/real@~3","o":"1"},
                "optionalDependencies":{"o":"1"},"peerDependencies":{"p":"*"},"devDependencies":{"d":7}}"#,
        );
        let of = |kind, name: &str, range: &str| (kind, name.to_owned(), range.to_owned());
        assert_eq!(
            found,
            [
                of(DependencyKind::Runtime, "a", "^1"),
                of(DependencyKind::Runtime, "b", "2"),
                of(DependencyKind::Runtime, "@s/real", "~3"),
                of(DependencyKind::Peer, "p", "*"),
                of(DependencyKind::Optional, "o", "1"),
                of(DependencyKind::Dev, "d", ""),
            ]
        );
    }

    #[test]
    fn what_is_too_much_or_no_package_is_left_out() {
        let many = |count: usize, kind: &str| {
            let many: Vec<String> =
                (0..count).map(|number| format!(r#""p{number}":"1""#)).collect();
            format!(r#""{kind}":{{{}}}"#, many.join(","))
        };
        for (manifest, listed, has_more) in [
            (format!("{{{}}}", many(600, "dependencies")), MOST, true),
            (format!("{{{}}}", many(500, "dependencies")), MOST, false),
            (
                format!("{{{},{}}}", many(500, "dependencies"), many(1, "devDependencies")),
                MOST,
                true,
            ),
            (format!(r#"{{"dependencies":{{"a":"{}"}}}}"#, "x".repeat(70_000)), 0, true),
            (format!(r#"{{"dependencies":"{}"}}"#, "x".repeat(70_000)), 0, false),
        ] {
            let found = found(&manifest);
            assert_eq!((found.listed.len(), found.has_more), (listed, has_more));
        }
        let odd = format!(
            r#"{{"dependencies":{{"../a":"1","{}":"1","b":"{}"}},"peerDependencies":[]}}"#,
            "n".repeat(300),
            "ü".repeat(200)
        );
        let odd = listed(&odd);
        assert_eq!(odd.len(), 1);
        assert!(odd[0].2.ends_with('…') && odd[0].2.len() <= LONGEST_RANGE);
    }
}
