//! What an entry is filed under.
//! Knows nothing of versions or URLs: a key is a package name, or a package name and a file name or a version; or that of
//! an upstream's keys.

use crate::npm::name::PackageName;
use pingora_cache::CacheKey;
use pingora_cache::key::{CacheHashKey, HashBinary};

/// What kind of thing an entry holds, which decides how its bytes are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A packument, a view of one, attestations, or an upstream's keys: parts with a checksum each, read separately.
    Packument,
    /// A tarball: one body with a checksum per chunk.
    Tarball,
}

/// The key of an entry: its kind, and the text that names it.
#[derive(Clone, Debug)]
pub struct Key {
    text: String,
    kind: Kind,
    hash: HashBinary,
}

impl PartialEq for Key {
    fn eq(&self, other: &Key) -> bool {
        // The hash first, which tells nearly all; the kind is the text's beginning.
        self.hash == other.hash && self.text == other.text
    }
}

impl Eq for Key {}

/// What a key names, in its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject<'a> {
    /// The root URL of the upstream.
    pub upstream: &'a str,
    /// What it is of it.
    pub thing: Thing<'a>,
}

/// A thing of an upstream that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thing<'a> {
    /// The packument of this package.
    Packument(&'a str),
    /// A view of that, kept by itself.
    View(&'a str),
    /// A tarball: of a package, by its file name.
    Tarball(&'a str, &'a str),
    /// The attestations of a version: of a package, by the version.
    Attestations(&'a str, &'a str),
    /// The upstream's public keys.
    Keys,
}

/// Stands between the parts of a key: in no name, file name or URL.
const SEPARATOR: char = '\t';

impl Key {
    /// The key of a package's packument at `upstream` (its root URL): the same name at another
    /// registry is another thing. Whatever form or encoding is asked, there is one.
    pub fn packument(upstream: &str, name: &PackageName) -> Key {
        Key::new(format!("p/{name}{SEPARATOR}{upstream}"), Kind::Packument)
    }

    /// The key of a tarball. Unambiguous: neither a package name's last part nor a file name holds a
    /// slash.
    pub fn tarball(upstream: &str, name: &PackageName, file: &str) -> Key {
        Key::new(format!("t/{name}/{file}{SEPARATOR}{upstream}"), Kind::Tarball)
    }

    /// The key of the attestations of a version. Unambiguous: a version that comes in a path has no `@`.
    pub fn attestations(upstream: &str, name: &PackageName, version: &str) -> Key {
        Key::new(format!("a/{name}@{version}{SEPARATOR}{upstream}"), Kind::Packument)
    }

    /// The key of an upstream's public keys.
    pub fn keys(upstream: &str) -> Key {
        Key::new(format!("k/keys{SEPARATOR}{upstream}"), Kind::Packument)
    }

    /// The key of a view of this packument that is kept by itself; `form` says which.
    pub fn view(&self, form: &str) -> Key {
        let named = self.text.get(2..).unwrap_or_default();
        Key::new(format!("v/{named}{SEPARATOR}{form}"), Kind::Packument)
    }

    fn new(text: String, kind: Kind) -> Key {
        Key { hash: pingora_cache::key::hash_key(&text), text, kind }
    }

    /// Reads a key back from a file's head. `None` for text no key has.
    pub(crate) fn parse(text: &str) -> Option<Key> {
        let kind = match text.get(..2)? {
            "p/" | "v/" | "a/" | "k/" => Kind::Packument,
            "t/" => Kind::Tarball,
            _ => return None,
        };
        Some(Key::new(text.to_owned(), kind))
    }

    /// What it names.
    pub fn subject(&self) -> Option<Subject<'_>> {
        let (kind, rest) = self.text.split_at_checked(2)?;
        let mut parts = rest.split(SEPARATOR);
        let (named, upstream) = (parts.next()?, parts.next()?);
        let thing = match kind {
            "p/" => Thing::Packument(named),
            "v/" => Thing::View(named),
            "k/" => Thing::Keys,
            "t/" => named.rsplit_once('/').map(|(name, file)| Thing::Tarball(name, file))?,
            "a/" => named.rsplit_once('@').map(|(name, of)| Thing::Attestations(name, of))?,
            _ => return None,
        };
        Some(Subject { upstream, thing })
    }

    /// What the entry holds.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Package, or package and file or version, for people.
    pub fn shown(&self) -> &str {
        let named = self.text.split(SEPARATOR).next().unwrap_or_default();
        named.get(2..).unwrap_or_default()
    }

    /// The text in a file's head.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The 128-bit hash (BLAKE2b) by which files and the index are named; the key's text is compared
    /// too, so that a collision costs a miss and never a wrong byte.
    pub fn hash(&self) -> HashBinary {
        self.hash
    }

    /// The same key in pingora-cache's form.
    pub fn to_pingora(&self) -> CacheKey {
        CacheKey::new(self.text.as_bytes(), "")
    }

    /// The key that a pingora-cache key was made from.
    pub(crate) fn of_pingora(key: &CacheKey) -> Option<Key> {
        debug_assert!(key.variance_bin().is_none(), "NOPAR keys have no variance");
        Key::parse(key.primary_key_str()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_survives_both_of_its_other_forms() {
        let name: PackageName = "@acme/ui".parse().unwrap();
        let upstream = "https://registry.example/";
        let tarball = Key::tarball(upstream, &name, "ui-1.0.0.tgz");
        assert_eq!(tarball.shown(), "@acme/ui/ui-1.0.0.tgz");
        let packument = Key::packument(upstream, &name);
        let view = packument.view("full");
        assert_eq!(view.shown(), "@acme/ui");
        assert_ne!(view, packument.view("abbreviated"));
        let attestations = Key::attestations(upstream, &name, "1.0.0");
        assert_eq!(attestations.shown(), "@acme/ui@1.0.0");
        let keys = Key::keys(upstream);
        assert_eq!(keys.shown(), "keys");
        for (key, thing) in [
            (&packument, Thing::Packument("@acme/ui")),
            (&view, Thing::View("@acme/ui")),
            (&tarball, Thing::Tarball("@acme/ui", "ui-1.0.0.tgz")),
            (&attestations, Thing::Attestations("@acme/ui", "1.0.0")),
            (&keys, Thing::Keys),
        ] {
            assert_eq!(key.subject(), Some(Subject { upstream, thing }));
        }
        for key in [packument, view, tarball, attestations, keys] {
            assert_eq!(Key::parse(key.as_str()), Some(key.clone()));
            let pingora = key.to_pingora();
            assert_eq!(pingora.primary_bin(), key.hash());
            assert_eq!(Key::of_pingora(&pingora), Some(key));
        }
        assert_eq!(Key::parse("x/lodash"), None);
        let other = Key::packument("https://other.example/", &name);
        assert_ne!(other.hash(), Key::packument(upstream, &name).hash());
    }
}
