//! Any order of changes, by edits and by clients' copies, against a model in the plainest words.
//! Knows nothing of JSON but that what no rule names has to survive in it.

mod model;

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, subsequence};
use serde_json::{Value, json};

use self::model::{Change, Model, owners};
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
    /// Edits, all at once.
    Apply(Vec<Change>),
    /// A client's copy with all of this changed in it.
    Copy {
        by: Request,
        seen: bool,
        changes: Vec<Change>,
    },
}

fn one(of: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    any::<Index>().prop_map(move |it| *it.get(of))
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => (one(&TAGS), one(&VERSIONS)).prop_map(|(tag, version)| Change::Tag(tag, version)),
        2 => one(&TAGS).prop_map(Change::Untag),
        4 => (one(&VERSIONS), one(&["", "old", "\"\\"]))
            .prop_map(|(version, message)| Change::Deprecate(version, message)),
        6 => one(&VERSIONS).prop_map(Change::Unpublish),
        1 => Just(Change::UnpublishAll),
        2 => any::<bool>().prop_map(Change::Star),
        2 => (0..3usize).prop_map(Change::Owners),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let tags = subsequence(TAGS.to_vec(), 0..=2);
    let by = prop_oneof![1 => Just(Request::Package), 3 => Just(Request::Revision)];
    let copy = (by, prop::bool::weighted(0.9), vec(change(), 0..5));
    prop_oneof![
        6 => (one(&VERSIONS), tags).prop_map(|(version, tags)| Step::Publish(version, tags)),
        4 => vec(change(), 0..3).prop_map(Step::Apply),
        6 => copy.prop_map(|(by, seen, changes)| Step::Copy { by, seen, changes }),
    ]
}

fn change_model(model: &mut Model, step: &Step, now: &str) -> Option<()> {
    match step {
        Step::Publish(version, tags) => model.publish(version, tags, now),
        Step::Apply(changes) => model.apply(changes),
        Step::Copy { by, seen, changes } => model.take(*by, *seen, changes),
    }
}

fn change_document(
    document: &mut HostedDocument,
    step: &Step,
    moment: Moment<'_>,
) -> Result<(), ChangeError> {
    let edits: Vec<Edit> = match step {
        Step::Publish(version, tags) => {
            let tags = tags.iter().map(|tag| DistTag::parse(tag).expect(tag));
            return document.publish(new(version, tags.collect()), moment);
        }
        Step::Apply(changes) => changes.iter().map(edit).collect(),
        Step::Copy { by, seen, changes } => {
            let copy = copy_of(document, *seen, changes);
            document.edits_of(&copy, *by, Some(USER))?
        }
    };
    let before: Vec<String> = document.versions().map(str::to_owned).collect();
    let files = document.apply(&edits, moment)?;
    let mut files: Vec<String> = files.iter().map(ToString::to_string).collect();
    files.sort_unstable();
    let gone = before.iter().filter(|version| document.manifest(version).is_none());
    let mut expected: Vec<String> = gone.map(|version| format!("n-{version}.tgz")).collect();
    expected.sort_unstable();
    assert_eq!(files, expected);
    Ok(())
}

fn edit(change: &Change) -> Edit {
    let version = |version: &str| version.to_owned();
    match *change {
        Change::Tag(tag, to) => {
            Edit::Tag { tag: DistTag::parse(tag).expect(tag), version: version(to) }
        }
        Change::Untag(tag) => Edit::Untag(tag.to_owned()),
        Change::Deprecate(of, message) => {
            Edit::Deprecate { version: version(of), message: message.to_owned() }
        }
        Change::Unpublish(of) => Edit::Unpublish(version(of)),
        Change::UnpublishAll => Edit::UnpublishAll,
        Change::Star(starred) => Edit::Star { user: USER.to_owned(), starred },
        Change::Owners(count) => {
            let person = |name| Person { name, email: String::new() };
            Edit::Owners(owners(count).into_iter().map(person).collect())
        }
    }
}

/// What a client sends who has read the document and changed this in it.
fn copy_of(document: &HostedDocument, seen: bool, changes: &[Change]) -> ClientCopy {
    let mut copy: Value = serde_json::from_slice(&document.to_public_bytes()).expect("JSON");
    let remove = |place: &mut Value, key: &str| {
        place.as_object_mut().expect("an object").shift_remove(key);
    };
    for change in changes {
        match *change {
            Change::Tag(tag, version) => copy["dist-tags"][tag] = json!(version),
            Change::Untag(tag) => remove(&mut copy["dist-tags"], tag),
            Change::Deprecate(version, message) => {
                if let Some(manifest) = copy["versions"].get_mut(version) {
                    manifest["deprecated"] = json!(message);
                }
            }
            Change::Unpublish(version) => remove(&mut copy["versions"], version),
            Change::UnpublishAll => copy["versions"] = json!({}),
            Change::Star(true) => copy["users"] = json!({USER: true}),
            Change::Star(false) => copy["users"] = json!({}),
            Change::Owners(count) => {
                let person = |name: String| json!({"name": name, "email": ""});
                copy["maintainers"] = owners(count).into_iter().map(person).collect();
            }
        }
    }
    if !seen {
        remove(&mut copy, "_rev");
    }
    ClientCopy::parse(copy.to_string().as_bytes()).expect("an object")
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
        signature: None,
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
    let owners: Vec<String> = document.maintainers().into_iter().map(|it| it.name).collect();
    assert_eq!(owners, model.owners);
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
            let made = change_document(&mut document, step, Moment { now: &now, rev: "0a1b" });
            let may = change_model(&mut model, step, &now).is_some();
            prop_assert_eq!(made.is_ok(), may, "{:?}: {:?}", step, made);
            if made.is_err() {
                prop_assert_eq!(&document, &before, "{:?} left a trace", step);
            }
            check(&document, &model);
        }
    }
}
