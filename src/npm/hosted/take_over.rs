//! Versions that were published to another registry become this one's, with their times, tags, owners and readme.
//! Knows nothing of which registry that was, nor of tarballs, whose digests it is told.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::value::RawValue;

use super::super::dist_tag::DistTag;
use super::super::json::text;
use super::super::version::Version;
use super::members::Members;
use super::publish::cut;
use super::{ChangeError, HostedDocument, Moment, Person};

/// Members of a document that are made here, or come in another way.
const OWN: [&str; 6] = ["name", "versions", "dist-tags", "time", "maintainers", "readme"];

/// What another registry's document says, as far as it is taken over.
#[derive(Debug, Clone, Default)]
pub struct TakenOver {
    /// Its members. What a registry keeps books of (`_…`) is left out, and what is below or made here.
    pub members: IndexMap<String, Box<RawValue>>,
    /// Who owns the package, if anybody is named and nobody owns it yet.
    pub owners: Vec<Person>,
    /// The versions.
    pub versions: Vec<TakenVersion>,
    /// Tags, with the versions that they point to.
    pub tags: Vec<(DistTag, String)>,
    /// Whether tags that there are stay, whatever comes: those of a package that is not only the other registry's.
    pub keeps_tags: bool,
    /// When the package was made there, and changed last.
    pub created: Option<String>,
    /// The same.
    pub modified: Option<String>,
}

/// A version that is taken over.
#[derive(Debug, Clone)]
pub struct TakenVersion {
    /// The version.
    pub version: Version,
    /// Its manifest, as the other registry has it.
    pub manifest: IndexMap<String, Box<RawValue>>,
    /// Digest of the tarball as an SRI string.
    pub integrity: String,
    /// SHA-1 of the tarball in hex digits.
    pub shasum: String,
    /// When it was published there.
    pub time: String,
}

impl HostedDocument {
    /// Takes versions over. Those that there are stay as they are, and so do tags: one is set if there was none of its name,
    /// or if it points to a version that comes just now and tags may move. If no tag says which version is `latest`, it is
    /// the highest.
    ///
    /// # Errors
    /// When one of the versions is there, or was, or there is no room for it.
    pub fn take_over(&mut self, taken: TakenOver, moment: Moment<'_>) -> Result<(), ChangeError> {
        let mut document = self.clone();
        document.take(taken, moment)?;
        *self = document;
        Ok(())
    }

    fn take(&mut self, mut taken: TakenOver, moment: Moment<'_>) -> Result<(), ChangeError> {
        let is_new = self.versions.is_empty() && !self.time.contains("created");
        if is_new {
            let first = taken.versions.iter().map(|it| it.time.as_str()).min();
            let created = taken.created.as_deref().or(first).unwrap_or(moment.now);
            self.time.put_text("created", created);
        }
        self.time.remove("unpublished");
        if !self.has_owner() && !taken.owners.is_empty() {
            self.set_owners(&taken.owners)?;
        }
        let come = taken.versions.iter().filter(|_| !taken.keeps_tags);
        let come: Vec<String> = come.map(|it| it.version.to_string()).collect();
        let mut readmes = IndexMap::new();
        for version in std::mem::take(&mut taken.versions) {
            let name = version.version.to_string();
            if let Some(readme) = self.put_taken(version)? {
                readmes.insert(name, readme);
            }
        }
        self.take_tags(&taken.tags, &come)?;
        if is_new {
            self.take_members(&taken, &readmes);
        }
        self.date(moment);
        if let Some(modified) = taken.modified.filter(|_| is_new) {
            self.time.put_text("modified", &modified);
        }
        Ok(())
    }

    /// Puts a version in; the readme that its manifest has.
    fn put_taken(&mut self, taken: TakenVersion) -> Result<Option<String>, ChangeError> {
        self.check_new(&taken.version)?;
        self.check_version_room(&taken.manifest)?;
        let version = taken.version.as_str();
        let mut manifest = Members::from(taken.manifest);
        // Documents have it once and not per version.
        let readme = manifest.text("readme");
        manifest.remove("readme");
        self.identify(&mut manifest, version);
        let dist = self.own_dist(&manifest, version, &taken.integrity, &taken.shasum);
        manifest.put_value("dist", &dist);
        Arc::make_mut(&mut self.versions).put_value(version, &manifest);
        self.time.put_text(version, &taken.time);
        Ok(readme.filter(|readme| !readme.is_empty()))
    }

    fn take_tags(
        &mut self,
        tags: &[(DistTag, String)],
        come: &[String],
    ) -> Result<(), ChangeError> {
        for (tag, version) in tags {
            let is_free = !self.dist_tags.contains(tag.as_str());
            if self.versions.contains(version) && (is_free || come.contains(version)) {
                self.tag(tag, version)?;
            }
        }
        if !self.has_latest()
            && let Some(highest) = self.highest()
        {
            self.set_latest(&highest);
        }
        Ok(())
    }

    /// Puts in what is not said here, and the readme.
    fn take_members(&mut self, taken: &TakenOver, readmes: &IndexMap<String, String>) {
        let kept = |key: &str| !key.starts_with('_') && !OWN.contains(&key);
        let others = taken.members.iter().filter(|(key, _)| kept(key));
        for (key, raw) in others {
            if !self.members.contains(key) {
                self.members.put(key, raw.clone());
            }
        }
        let latest = self.dist_tags.text("latest").unwrap_or_default();
        let said = taken.members.get("readme").and_then(|raw| text(raw)).map(|it| it.into_owned());
        let readme = said.filter(|said| !said.is_empty()).or_else(|| readmes.get(&latest).cloned());
        if let Some(readme) = readme {
            self.members.put_text("readme", &cut(readme));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn object(value: Value) -> IndexMap<String, Box<RawValue>> {
        serde_json::from_value(value).unwrap()
    }

    fn version(text: &str, time: &str) -> TakenVersion {
        let manifest = object(json!({
            "name": "ui", "version": text, "description": format!("of {text}"), "readme": "in it",
            "deprecated": "it is old", "contributors": [],
            "dist": {"integrity": "sha512-theirs", "tarball": "https://registry.example/ui.tgz",
                "signatures": [{"keyid": "theirs"}], "fileCount": 3},
        }));
        TakenVersion {
            version: text.parse().unwrap(),
            manifest,
            integrity: "sha512-ours".to_owned(),
            shasum: "0a".to_owned(),
            time: time.to_owned(),
        }
    }

    fn tags(tags: &[(&str, &str)]) -> Vec<(DistTag, String)> {
        tags.iter().map(|(tag, to)| (DistTag::parse(tag).unwrap(), (*to).to_owned())).collect()
    }

    const MOMENT: Moment<'_> = Moment { now: "2026-11-29T00:00:00.000Z", rev: "0a1b" };

    fn taken() -> TakenOver {
        TakenOver {
            members: object(json!({
                "name": "x", "_rev": "7-x", "_attachments": {}, "users": {"ann": true},
                "readme": "of the root", "maintainers": [{"name": "eve"}], "odd": 1.50,
            })),
            owners: vec![Person { name: "ann".to_owned(), email: String::new() }],
            versions: vec![
                version("1.0.0", "2026-01-01T00:00:00.000Z"),
                version("1.1.0-rc.1", "2026-01-02T00:00:00.000Z"),
            ],
            tags: tags(&[("beta", "1.1.0-rc.1"), ("gone", "9.0.0")]),
            keeps_tags: false,
            created: None,
            modified: Some("2026-01-03T00:00:00.000Z".to_owned()),
        }
    }

    fn value(document: &HostedDocument) -> Value {
        serde_json::from_slice(&document.to_bytes()).unwrap()
    }

    #[test]
    fn a_package_comes_with_all_that_was_said_of_it_and_digests_that_were_computed() {
        let mut document = HostedDocument::new("@acme/ui".parse().unwrap());
        document.take_over(taken(), MOMENT).unwrap();
        let value = value(&document);
        let expected = json!({
            "_id": "@acme/ui", "_rev": "1-0a1b", "name": "@acme/ui",
            "dist-tags": {"beta": "1.1.0-rc.1", "latest": "1.0.0"},
            "time": {"created": "2026-01-01T00:00:00.000Z", "1.0.0": "2026-01-01T00:00:00.000Z",
                "1.1.0-rc.1": "2026-01-02T00:00:00.000Z", "modified": "2026-01-03T00:00:00.000Z"},
            "maintainers": [{"name": "ann", "email": ""}],
            "description": "of 1.0.0", "contributors": [], "users": {"ann": true}, "odd": 1.50,
            "readme": "of the root",
        });
        let mut root = value.clone();
        root.as_object_mut().unwrap().shift_remove("versions");
        assert_eq!(root, expected);
        let one = json!({
            "name": "@acme/ui", "version": "1.0.0", "description": "of 1.0.0", "deprecated": "it is old",
            "contributors": [], "_id": "@acme/ui@1.0.0",
            "dist": {"integrity": "sha512-ours", "shasum": "0a", "fileCount": 3,
                "tarball": "/@acme/ui/-/ui-1.0.0.tgz"},
        });
        assert_eq!(value["versions"]["1.0.0"], one);
        assert_eq!(document.deprecation("1.0.0").as_deref(), Some("it is old"));
        let again = HostedDocument::parse(&document.to_bytes()).unwrap();
        assert_eq!(again, document);
    }

    #[test]
    fn a_readme_is_that_of_the_latest_version_where_the_root_has_none() {
        let mut document = HostedDocument::new("ui".parse().unwrap());
        let mut taken = taken();
        taken.members.shift_remove("readme");
        document.take_over(taken, MOMENT).unwrap();
        assert_eq!(value(&document)["readme"], "in it");
    }

    #[test]
    fn what_comes_later_moves_no_tag_but_to_what_comes_with_it() {
        let mut document = HostedDocument::new("ui".parse().unwrap());
        document.take_over(taken(), MOMENT).unwrap();
        let owner = Person { name: "bob".to_owned(), email: String::new() };
        document.set_maintainers(std::slice::from_ref(&owner), MOMENT).unwrap();
        let later = TakenOver {
            versions: vec![version("2.0.0", "2026-02-01T00:00:00.000Z")],
            tags: tags(&[("latest", "2.0.0"), ("beta", "1.0.0"), ("old", "1.0.0")]),
            ..taken()
        };
        document.take_over(later, MOMENT).unwrap();
        let value = value(&document);
        let tags = json!({"beta": "1.1.0-rc.1", "latest": "2.0.0", "old": "1.0.0"});
        assert_eq!(value["dist-tags"], tags);
        assert_eq!(value["time"]["modified"], MOMENT.now);
        assert_eq!(
            (&value["description"], document.maintainers()),
            (&"of 2.0.0".into(), vec![owner])
        );
    }

    #[test]
    fn where_tags_stay_only_new_ones_are_set() {
        let mut document = HostedDocument::new("ui".parse().unwrap());
        document.take_over(taken(), MOMENT).unwrap();
        let later = TakenOver {
            versions: vec![version("2.0.0", "2026-02-01T00:00:00.000Z")],
            tags: tags(&[("latest", "2.0.0"), ("next", "2.0.0")]),
            keeps_tags: true,
            ..taken()
        };
        document.take_over(later, MOMENT).unwrap();
        let tags = json!({"beta": "1.1.0-rc.1", "latest": "1.0.0", "next": "2.0.0"});
        assert_eq!(value(&document)["dist-tags"], tags);
    }

    #[test]
    fn a_version_that_is_or_was_there_is_refused() {
        let mut document = HostedDocument::new("ui".parse().unwrap());
        document.take_over(taken(), MOMENT).unwrap();
        let before = document.clone();
        let again = document.clone().take_over(taken(), MOMENT);
        assert_eq!(again, Err(ChangeError::VersionExists("1.0.0".to_owned())));
        document.unpublish_all(MOMENT).unwrap();
        let again = document.take_over(taken(), MOMENT);
        assert_eq!(again, Err(ChangeError::VersionUnpublished("1.0.0".to_owned())));
        assert_eq!(before.digests("9.9.9"), None);
    }
}
