//! Where in the directory the files of a package are.
//! Knows nothing of whether they are there.
//!
//! Two names never share a place, also on a file system that takes `JSONStream` for `jsonstream`: a
//! capital is written as `!` and its small letter, as Go's module cache does it, and `!` as `!!`. What
//! that cannot express (letters beyond ASCII, whose case and composition file systems see differently)
//! or makes too long has a digest for a name: `!0`, which no escaped text holds, and 32 hexadecimal digits.
//!
//! The NOPAR before this one wrote names as they are. Where that differs, it is the second place to look.

use crate::npm::{PackageName, TarballName};
use crate::store::Tag;
use std::path::PathBuf;

/// The longest name of a file, in bytes, that common file systems take.
const LONGEST: usize = 255;
/// What documents end in.
pub(super) const DOCUMENT: &str = ".json";
/// What tarballs end in.
pub(super) const TARBALL: &str = ".tgz";

/// The place of a package, below the directory of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Where its files are.
    pub(super) folder: PathBuf,
    /// The file of its document.
    pub(super) document: PathBuf,
}

impl Place {
    /// The place that this NOPAR gives a package.
    pub(super) fn own(name: &PackageName) -> Place {
        Place::new(name.scope().map(component).as_deref(), &component(name.basename()))
    }

    /// The place where the NOPAR before this one had it, if that is another one.
    pub(super) fn of_the_seed(name: &PackageName) -> Option<Place> {
        let (scope, base) = (name.scope(), name.basename());
        let fits =
            base.len() + DOCUMENT.len() <= LONGEST && scope.is_none_or(|it| it.len() <= LONGEST);
        let place = fits.then(|| Place::new(scope, base))?;
        (place != Place::own(name)).then_some(place)
    }

    fn new(scope: Option<&str>, base: &str) -> Place {
        let folder: PathBuf = scope.into_iter().chain([base]).collect();
        let document = folder.join(format!("{base}{DOCUMENT}"));
        Place { folder, document }
    }
}

/// The names that a tarball may have in its folder: the one this NOPAR gives it, and the one that the
/// NOPAR before it did, if that is another one.
///
/// No tarball has the name of a document, as it ends differently, nor a hidden one.
pub(super) fn files(file: &TarballName) -> (String, Option<String>) {
    let text = file.as_str();
    let is_plain = text.ends_with(TARBALL) && !text.starts_with('.') && text.len() <= LONGEST;
    let own = match escaped(text) {
        Some(escaped) if is_plain && escaped.len() <= LONGEST => escaped,
        _ => format!("{}{TARBALL}", digested(text)),
    };
    // One with a `!` could be the own name of another tarball.
    let seed = (is_plain && own != text && !text.contains('!')).then(|| text.to_owned());
    (own, seed)
}

/// The same, in the order in which they are looked for: for who finds a file in a folder and wants to know whose it is.
pub fn files_of(file: &TarballName) -> impl Iterator<Item = String> {
    let (own, seed) = files(file);
    std::iter::once(own).chain(seed)
}

/// A part of a name as a folder is called. The `@` of a scope stays, and nothing else begins with one.
fn component(part: &str) -> String {
    let room = LONGEST - DOCUMENT.len();
    match escaped(part) {
        Some(escaped) if escaped.len() <= room => escaped,
        _ if part.starts_with('@') => format!("@{}", digested(part)),
        _ => digested(part),
    }
}

/// A text without capitals, if all of it is ASCII.
fn escaped(text: &str) -> Option<String> {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if !c.is_ascii() {
            return None;
        }
        if c == '!' || c.is_ascii_uppercase() {
            escaped.push('!');
        }
        escaped.push(c.to_ascii_lowercase());
    }
    Some(escaped)
}

fn digested(text: &str) -> String {
    format!("!0{}", Tag::of(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn name(text: &str) -> PackageName {
        text.parse().expect(text)
    }

    #[test]
    fn ordinary_names_are_where_the_seed_had_them() {
        for (text, folder, document) in [
            ("lodash", "lodash", "lodash/lodash.json"),
            ("@types/node", "@types/node", "@types/node/node.json"),
            ("constructor", "constructor", "constructor/constructor.json"),
            ("__proto__", "__proto__", "__proto__/__proto__.json"),
            ("aux.js", "aux.js", "aux.js/aux.js.json"),
            ("@a/_b", "@a/_b", "@a/_b/_b.json"),
        ] {
            let place = Place::own(&name(text));
            assert_eq!(place.folder, PathBuf::from(folder), "{text}");
            assert_eq!(place.document, PathBuf::from(document), "{text}");
            assert_eq!(Place::of_the_seed(&name(text)), None, "{text}");
        }
    }

    #[test]
    fn odd_names_have_a_second_place() {
        for (text, own, seed) in [
            ("JSONStream", "!j!s!o!n!stream", "JSONStream/JSONStream.json"),
            ("@Acme/UI", "@!acme/!u!i", "@Acme/UI/UI.json"),
            ("it's!", "it's!!", "it's!/it's!.json"),
            // printf é | sha256sum
            ("é", "!04a99557e4033c3539de2eb65472017ca", "é/é.json"),
        ] {
            assert_eq!(Place::own(&name(text)).folder, PathBuf::from(own), "{text}");
            let other = Place::of_the_seed(&name(text)).expect(text);
            assert_eq!(other.document, PathBuf::from(seed), "{text}");
        }
    }

    #[test]
    fn long_names_have_digests_for_names() {
        // Whether the NOPAR before this one could write it.
        for (text, could) in [("N".repeat(214), true), ("n".repeat(251), false)] {
            let own = Place::own(&name(&text)).folder;
            assert!(own.to_str().unwrap().starts_with("!0"), "{own:?}");
            assert_eq!(Place::of_the_seed(&name(&text)).is_some(), could, "{text}");
        }
        assert_eq!(Place::own(&name(&"n".repeat(214))).folder, PathBuf::from("n".repeat(214)));
    }

    #[test]
    fn a_tarball_is_never_called_as_a_document_or_hidden() {
        for (text, own, seed) in [
            ("x-1.0.0.tgz", "x-1.0.0.tgz", None),
            ("x-1.0.0-RC.tgz", "x-1.0.0-!r!c.tgz", Some("x-1.0.0-RC.tgz")),
            ("x-!a.tgz", "x-!!a.tgz", None),
            ("x.json", "!0", None),
            (".tgz", "!0", None),
            ("..a.tgz", "!0", None),
            ("é.tgz", "!0", Some("é.tgz")),
            ("x.tar.gz", "!0", None),
        ] {
            let (found, other) = files(&text.parse().unwrap());
            assert!(found.starts_with(own) && found.ends_with(TARBALL), "{text}: {found}");
            assert_eq!(other.as_deref(), seed, "{text}");
        }
    }

    fn part() -> impl Strategy<Value = String> {
        prop_oneof!["[a-cA-C!0_-]{1,6}", "[aA!é]{1,200}", "[a-zA-Z0-9.!~'()*é日-]{1,60}"]
    }

    proptest! {
        /// Also where case does not count.
        #[test]
        fn two_names_never_share_a_place(one in part(), other in part()) {
            let names = [PackageName::parse(&one), PackageName::parse(&other)];
            prop_assume!(one != other && names.iter().all(Result::is_ok));
            let folders = names.map(|name| Place::own(&name.unwrap()).folder);
            let folders = folders.map(|folder| folder.to_str().unwrap().to_lowercase());
            prop_assert_ne!(&folders[0], &folders[1]);
            prop_assert!(folders.iter().all(|folder| folder.len() + DOCUMENT.len() <= LONGEST));
            let tarballs = [one, other].map(|part| files(&format!("{part}.tgz").parse().unwrap()).0);
            let tarballs = tarballs.map(|file| file.to_lowercase());
            prop_assert_ne!(&tarballs[0], &tarballs[1]);
            prop_assert!(tarballs.iter().all(|file| file.len() <= LONGEST));
        }
    }
}
