//! Any order of changes against a model in the plainest words.
//! Knows nothing of JSON but that what no rule names has to survive in it.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, subsequence};
use serde_json::Value;

use super::super::dist_tag::DistTag;
use super::super::version::Version;
use super::*;

/// Lowest first.
const VERSIONS: [&str; 7] =
    ["0.9.0", "1.0.0-rc.2", "1.0.0-rc.10", "1.0.0", "1.9.0", "1.10.0", "2.0.0-0"];
const TAGS: [&str; 4] = ["latest", "next", "beta", "__proto__"];
const ODD: &str = r#""x-odd":{ "a" : 1.0e+2, "b":[ ] }"#;
const ODD_IN_MANIFEST: &str = r#""odd":{ "a" : 1.50 }"#;
const USER: &str = "constructor";

#[derive(Debug, Clone)]
enum Step {
    Publish(&'static str, Vec<&'static str>),
    Tag(&'static str, &'static str),
    Untag(&'static str),
    Deprecate(&'static str, &'static str),
    Unpublish(&'static str),
    UnpublishAll,
    Star(bool),
    Owners(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let one = |of: &'static [&'static str]| any::<Index>().prop_map(move |it| *it.get(of));
    let tags = subsequence(TAGS.to_vec(), 0..=2);
    prop_oneof![
        6 => (one(&VERSIONS), tags).prop_map(|(version, tags)| Step::Publish(version, tags)),
        2 => (one(&TAGS), one(&VERSIONS)).prop_map(|(tag, version)| Step::Tag(tag, version)),
        1 => one(&TAGS).prop_map(Step::Untag),
        1 => (one(&VERSIONS), one(&["", "old", "\"\\"]))
            .prop_map(|(version, message)| Step::Deprecate(version, message)),
        3 => one(&VERSIONS).prop_map(Step::Unpublish),
        1 => Just(Step::UnpublishAll),
        1 => any::<bool>().prop_map(Step::Star),
        1 => (0..3usize).prop_map(Step::Owners),
    ]
}

#[derive(Debug, Default)]
struct Model {
    /// The versions that are there, with their messages.
    there: BTreeMap<&'static str, &'static str>,
    tags: BTreeMap<&'static str, &'static str>,
    /// All that ever were, with the time of their publish.
    ever: BTreeMap<&'static str, String>,
    starred: bool,
    owners: usize,
    changes: u64,
}

impl Model {
    /// Makes a change, if it may be made.
    fn step(&mut self, step: &Step, now: &str) -> bool {
        let made = self.make(step, now);
        self.changes += u64::from(made.unwrap_or(false));
        made.is_some()
    }

    /// Whether anything changed; `None` if it may not.
    fn make(&mut self, step: &Step, now: &str) -> Option<bool> {
        match step {
            Step::Publish(version, tags) => {
                (!self.ever.contains_key(version)).then_some(())?;
                self.there.insert(*version, "");
                self.ever.insert(*version, now.to_owned());
                self.tags.extend(tags.iter().map(|tag| (*tag, *version)));
                self.tags.entry("latest").or_insert(*version);
                self.owners = self.owners.max(1);
            }
            Step::Tag(tag, version) => {
                self.there.get(version)?;
                self.tags.insert(*tag, *version);
            }
            Step::Untag(tag) => {
                (*tag != "latest").then(|| self.tags.remove(tag))??;
            }
            Step::Deprecate(version, message) => *self.there.get_mut(version)? = *message,
            Step::Unpublish(version) => {
                self.there.remove(version)?;
                self.tags.retain(|_, to| to != version);
                if let Some(highest) = self.highest() {
                    self.tags.entry("latest").or_insert(highest);
                }
            }
            Step::UnpublishAll => {
                (!self.there.is_empty()).then_some(())?;
                self.there.clear();
                self.tags.clear();
            }
            Step::Star(starred) => {
                return Some(std::mem::replace(&mut self.starred, *starred) != *starred);
            }
            Step::Owners(count) => {
                (*count > 0).then_some(())?;
                self.owners = *count;
            }
        }
        Some(true)
    }

    fn highest(&self) -> Option<&'static str> {
        let there = || VERSIONS.into_iter().filter(|version| self.there.contains_key(version));
        there().rfind(|version| !version.contains('-')).or_else(|| there().next_back())
    }
}

fn change(
    document: &mut HostedDocument,
    step: &Step,
    moment: Moment<'_>,
) -> Result<(), ChangeError> {
    let tag_of = |tag: &str| DistTag::parse(tag).expect(tag);
    match step {
        Step::Publish(version, tags) => {
            document.publish(new(version, tags.iter().map(|tag| tag_of(tag)).collect()), moment)
        }
        Step::Tag(tag, version) => document.set_tag(&tag_of(tag), version, moment),
        Step::Untag(tag) => document.remove_tag(tag, moment),
        Step::Deprecate(version, message) => {
            let one = (version.to_string(), message.to_string());
            document.deprecate(&BTreeMap::from([one]), moment)
        }
        Step::Unpublish(version) => {
            let files = document.unpublish_version(version, moment)?;
            assert_eq!(files.len(), 1);
            assert_eq!(files[0].as_str(), format!("n-{version}.tgz"));
            Ok(())
        }
        Step::UnpublishAll => {
            let count = document.versions().len();
            assert_eq!(document.unpublish_all(moment)?.len(), count);
            Ok(())
        }
        Step::Star(starred) => document.set_star(USER, *starred, moment),
        Step::Owners(count) => {
            let owner = |i| Person { name: format!("owner{i}"), email: String::new() };
            document.set_maintainers(&(0..*count).map(owner).collect::<Vec<_>>(), moment)
        }
    }
}

fn new(version: &str, tags: Vec<DistTag>) -> NewVersion {
    let manifest = format!(r#"{{"name":"@s/n",{ODD_IN_MANIFEST},"dist":{{}}}}"#);
    NewVersion {
        version: Version::parse(version).expect(version),
        manifest: serde_json::from_str(&manifest).expect("an object"),
        integrity: "sha512-AAAA".to_owned(),
        shasum: "da39".to_owned(),
        tags,
        readme: None,
        provenance: None,
        publisher: Person { name: "ann".to_owned(), email: String::new() },
    }
}

/// Checks what may be asked of the document, and what always holds.
fn check(document: &HostedDocument, model: &Model) {
    let there: BTreeMap<String, Option<String>> =
        document.versions().map(|it| (it.to_owned(), document.deprecation(it))).collect();
    let message = |message: &str| Some(message.to_owned()).filter(|it| !it.is_empty());
    let expected = model.there.iter().map(|(version, it)| ((*version).to_owned(), message(it)));
    assert_eq!(there, expected.collect::<BTreeMap<_, _>>());
    let tags: BTreeMap<String, String> = document.dist_tags().into_iter().collect();
    let expected = model.tags.iter().map(|(tag, to)| ((*tag).to_owned(), (*to).to_owned()));
    assert_eq!(tags, expected.collect::<BTreeMap<_, _>>());
    assert!(tags.values().all(|version| there.contains_key(version)));
    assert_eq!(tags.contains_key("latest"), !there.is_empty());
    assert_eq!(document.is_starred_by(USER), model.starred);
    assert_eq!(document.maintainers().len(), model.owners);
    assert_eq!(document.is_unpublished(), there.is_empty() && !model.ever.is_empty());
    let number = document.rev().expect("a revision");
    assert_eq!(number.split('-').next(), Some(model.changes.to_string().as_str()));

    let bytes = document.to_bytes();
    assert_eq!(&HostedDocument::parse(&bytes).expect("its own bytes"), document);
    let written: Value = serde_json::from_slice(&bytes).expect("JSON");
    for (version, published) in &model.ever {
        assert_eq!(written["time"][*version], **published);
        let again = document.check_new(&Version::parse(version).expect(version));
        assert!(again.is_err(), "{version} could be published again");
    }
    let text = String::from_utf8(bytes).expect("UTF-8");
    assert_eq!(text.matches(ODD).count(), 1);
    assert_eq!(text.matches(ODD_IN_MANIFEST).count(), there.len());

    // What a client reads and sends back changes nothing.
    let copy = ClientCopy::parse(&document.to_public_bytes()).expect("an object");
    for request in [Request::Package, Request::Revision] {
        assert_eq!(document.edits_of(&copy, request, Some(USER)), Ok(vec![]));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_changes_does_what_the_model_does(steps in vec(step(), 1..40)) {
        let start = format!(r#"{{"name":"@s/n",{ODD},"_rev":0}}"#);
        let mut document = HostedDocument::parse(start.as_bytes()).expect("a document");
        let mut model = Model::default();
        for (i, step) in steps.iter().enumerate() {
            let now = format!("2026-11-28T11:35:00.{i:03}Z");
            let before = document.clone();
            let made = change(&mut document, step, Moment { now: &now, rev: "0a1b" });
            prop_assert_eq!(made.is_ok(), model.step(step, &now), "{:?}: {:?}", step, made);
            if made.is_err() {
                prop_assert_eq!(&document, &before, "{:?} left a trace", step);
            }
            check(&document, &model);
        }
    }
}
