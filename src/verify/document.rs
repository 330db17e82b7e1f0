//! What a hosted package's document says of itself: tags, names of versions, the registry's signatures.
//! Knows nothing of tarballs, nor of where keys are.
//!
//! A document has no digest: the NOPAR of old wrote it, and operators may. What is looked at is what can be wrong.

use super::finding::{Finding, Where};
use crate::npm::Version;
use crate::npm::hosted::HostedDocument;
use crate::signing::Keys;
use crate::store::disk::Seen;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// What to do about a document that is served as it is.
const RESTORE: &str = "put this file back from a backup";
/// What to do about a tag.
const TAG: &str = "set the tag anew (npm dist-tag add), remove it (npm dist-tag rm), or put this file back from a backup";

/// The keys to judge signatures by.
#[derive(Clone, Copy)]
pub(super) enum Judges<'a> {
    /// These; none are there if none was ever made.
    Known(Option<&'a Keys>),
    /// Their file cannot be read, which is told of it: of signatures, nothing can be said.
    Unknown,
}

/// What a manifest is of, by itself.
#[derive(Deserialize)]
struct Manifest<'a> {
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    version: Option<Cow<'a, str>>,
}

/// What is wrong with a document, and by which keys its versions are signed that are not among those known, one for each
/// version.
pub(super) fn check(
    seen: &Seen,
    document: &HostedDocument,
    judges: Judges<'_>,
) -> (Vec<Finding>, Vec<String>) {
    let (mut findings, mut unknown) = (tags(seen, document), Vec::new());
    let damage = |version: &str, what: String| {
        let finding = Finding::damage(Where::Registry, &seen.place(), what);
        finding.of(&seen.name).of_version(version).remedy(RESTORE)
    };
    for version in document.versions() {
        let is_it = |raw: &RawValue| is_of(raw, document.name().as_str(), version);
        if !document.manifest(version).is_some_and(is_it) {
            let what =
                format!("what it has as {version} is another version, or of another package");
            findings.push(damage(version, what));
        }
        let (Judges::Known(keys), Some((signature, text))) = (judges, document.signature(version))
        else {
            continue;
        };
        match keys.and_then(|keys| keys.verify(&text, &signature)) {
            None => unknown.push(signature.keyid),
            Some(true) => {}
            Some(false) => {
                let what = format!("the signature of {version} is not right: clients refuse it");
                findings.push(damage(version, what));
            }
        }
    }
    (findings, unknown)
}

fn tags(seen: &Seen, document: &HostedDocument) -> Vec<Finding> {
    let tags = document.dist_tags();
    let dangling = tags.iter().filter(|(_, version)| document.manifest(version).is_none());
    let finding = |(tag, version): (&String, &String)| {
        let what = format!("its tag {tag} is for {version}, which is not there");
        Finding::damage(Where::Registry, &seen.place(), what).of(&seen.name).remedy(TAG)
    };
    dangling.map(finding).collect()
}

/// Whether a manifest is that of this version, as far as it says so.
fn is_of(raw: &RawValue, package: &str, version: &str) -> bool {
    let Ok(manifest) = serde_json::from_str::<Manifest<'_>>(raw.get()) else { return false };
    let same = |said: &str| {
        let parsed = |text: &str| Version::parse(text).ok();
        said == version || parsed(said).is_some_and(|said| parsed(version) == Some(said))
    };
    manifest.name.is_none_or(|name| name == package)
        && manifest.version.is_none_or(|said| same(said.trim_start_matches(['v', '='])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_say_whose_they_are() {
        for (manifest, is) in [
            (r#"{"name":"ui","version":"1.0.0"}"#, true),
            (r#"{"name":"ui","version":"v1.0.0"}"#, true),
            (r#"{"name":"ui","version":"1.0.0+build"}"#, false),
            ("{}", true),
            (r#"{"name":"ui","version":"9.0.0"}"#, false),
            (r#"{"name":"you","version":"1.0.0"}"#, false),
            (r#"{"name":7}"#, false),
            ("[]", false),
        ] {
            let raw = RawValue::from_string(manifest.to_owned()).unwrap();
            assert_eq!(is_of(&raw, "ui", "1.0.0"), is, "{manifest}");
        }
    }
}
