//! `registry.json` of older NOPARs, as far as it holds packages.
//! Knows nothing of the settings in it.
//!
//! Before 0.2.0 it held all documents by name, and nothing else. Such documents are read from it, and stay
//! there: the first change of a package puts its document into its place, which counts from then on.

use super::scan::Problem;
use crate::npm::PackageName;
use crate::regular;
use crate::store::identity::{Identity, Unfit};
use bytes::Bytes;
use indexmap::IndexMap;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// The file's name. No package has it.
pub(super) const FILE: &str = "registry.json";
/// The member of a document that was taken from an upstream then: where its tarballs are.
const FORWARDED: &str = "_fwd-dists";
/// The member that says so in documents of later.
const PROXIED: &str = "_proxied";

/// An object whose members are kept as they are.
type Object = IndexMap<String, Box<RawValue>>;

/// The packages in it: none in those of 0.2.0 and later.
#[derive(Default)]
pub(super) struct Registry {
    /// Documents, and whether they are copies.
    documents: BTreeMap<PackageName, (Bytes, bool)>,
    problems: Vec<Problem>,
}

impl Registry {
    /// Reads it, if it is there. Blocks.
    pub(super) fn read(root: &Path) -> Registry {
        let mut registry = Registry::default();
        match regular::read_to_string(&root.join(FILE)) {
            Ok(text) => match serde_json::from_str(&text) {
                Ok(members) => registry.take(members),
                Err(error) => registry.problem(FILE, format!("it is not a JSON object: {error}")),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => registry.problem(FILE, format!("it could not be read: {error}")),
        }
        registry
    }

    pub(super) fn document(&self, name: &PackageName) -> Option<Bytes> {
        self.documents.get(name).map(|(document, _)| document.clone())
    }

    /// Its packages, and whether they are copies.
    pub(super) fn names(&self) -> impl Iterator<Item = (&PackageName, bool)> {
        self.documents.iter().map(|(name, (_, copy))| (name, *copy))
    }

    /// Whether a folder is that of a package in it.
    pub(super) fn has(&self, folder: &Path) -> bool {
        let name = folder.to_str().and_then(|name| PackageName::parse(name).ok());
        name.is_some_and(|name| self.documents.contains_key(&name))
    }

    pub(super) fn problems(&self) -> &[Problem] {
        &self.problems
    }

    fn take(&mut self, members: Object) {
        // A package called `version` would have an object there.
        if members.get("version").is_some_and(|version| version.get().starts_with('"')) {
            return;
        }
        for (name, document) in members {
            match of_today(document.get()) {
                Ok(Some((identity, document))) if identity.name == name => {
                    match PackageName::parse(&name) {
                        Ok(name) => drop(self.documents.insert(name, (document, identity.copy))),
                        Err(invalid) => self.problem(FILE, invalid.to_string()),
                    }
                }
                Ok(Some((identity, _))) => {
                    let other = identity.name;
                    self.problem(FILE, format!("{name:?} in it is the document of {other:?}"));
                }
                // A setting, perhaps.
                Ok(None) => {}
                Err(unfit) => self.problem(FILE, format!("{name:?} in it: {unfit}")),
            }
        }
    }

    fn problem(&mut self, path: &str, fault: String) {
        self.problems.push(Problem { path: PathBuf::from(path), fault });
    }
}

/// A document of then as one of today: it says whether it is a copy. `None` for what is no document.
fn of_today(text: &str) -> Result<Option<(Identity, Bytes)>, Unfit> {
    let Ok(mut members) = serde_json::from_str::<Object>(text) else { return Ok(None) };
    if !["name", "_id", "versions"].iter().any(|member| members.contains_key(*member)) {
        return Ok(None);
    }
    if !members.contains_key(PROXIED) {
        let copy = members.get(FORWARDED).is_some_and(|files| files.get().starts_with('{'));
        members.insert(PROXIED.to_owned(), serde_json::value::to_raw_value(&copy)?);
    }
    let document = Bytes::from(serde_json::to_vec(&members)?);
    Ok(Some((Identity::of(&document)?, document)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::disk::format::OWN;

    fn registry(text: &str) -> Registry {
        let mut registry = Registry::default();
        registry.take(serde_json::from_str(text).unwrap());
        registry
    }

    #[test]
    fn documents_of_the_first_generation_are_in_the_registry() {
        let old = registry(
            r#"{"x":{"_rev":2,"name":"x","versions":{"1.0.0":{"big":1.50}}},
                "@s/y":{"_id":"@s/y","_fwd-dists":{"y-1.0.0.tgz":"https://registry.example/y"}},
                "forwarder":{"registry":"https://registry.example"},"count":2,
                "z":{"name":"Z"},"registry.json":{"name":"registry.json"},
                "version":{"name":"version"}}"#,
        );
        let names: Vec<_> = old.names().map(|(name, copy)| (name.to_string(), copy)).collect();
        let expected = [("@s/y", true), ("version", false), ("x", false)];
        assert_eq!(names, expected.map(|(name, copy)| (name.to_owned(), copy)));
        let document = old.document(&"x".parse().unwrap()).unwrap();
        let expected =
            r#"{"_rev":2,"name":"x","versions":{"1.0.0":{"big":1.50}},"_proxied":false}"#;
        assert_eq!(String::from_utf8_lossy(&document), expected);
        assert!(old.has(Path::new("@s/y")) && !old.has(Path::new("@s/z")));
        let faults: Vec<_> = old.problems().iter().map(ToString::to_string).collect();
        assert_eq!(
            faults,
            [
                "registry.json: \"z\" in it is the document of \"Z\"",
                "registry.json: package name \"registry.json\" is reserved"
            ]
        );
    }

    #[test]
    fn later_ones_hold_settings_only() {
        for text in [
            r#"{"version":"0.2.1","forwarder":{"registry":"x"},"settings":{"name":"settings"}}"#,
            r#"{"version":"0.9.0","settings":{"port":"1"},"count":1,"local":1,"proxied":0}"#,
            "{}",
        ] {
            let registry = registry(text);
            assert_eq!(registry.names().count() + registry.problems().len(), 0, "{text}");
        }
        assert!(
            !OWN.is_empty()
                && PackageName::parse(OWN).is_err()
                && PackageName::parse(FILE).is_err()
        );
    }
}
