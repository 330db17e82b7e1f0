//! How large documents may become: what is full is refused without a trace, and stays as good as it was.
//! Knows nothing of requests.

use super::super::super::bounded::{MOST_MEMBERS, TooMany};
use super::*;

/// The members of an object: as many, of this value.
fn masses(count: usize, key: &str, value: &str) -> String {
    let members: Vec<String> = (0..count).map(|n| format!(r#""{key}{n}":{value}"#)).collect();
    members.join(",")
}

fn parsed(text: &str) -> HostedDocument {
    HostedDocument::parse(text.as_bytes()).expect("a document")
}

/// Checks that a change is refused without a trace, because there may be no more of `what`.
fn full<T: std::fmt::Debug>(
    document: &HostedDocument,
    what: &str,
    change: impl Fn(&mut HostedDocument) -> Result<T, ChangeError>,
) {
    let error = change(&mut document.clone()).expect_err("a refusal");
    let said = error.to_string();
    assert!(matches!(error, ChangeError::Full { what: it, .. } if it == what), "{said}");
    assert!(said.starts_with("the document of n may hold "), "{said}");
    refused(document, change, error);
}

/// Checks that a client who sends its copy back changes nothing by that, and is understood.
fn comes_back(document: &HostedDocument) {
    let copy = ClientCopy::parse(&document.to_public_bytes()).expect("a copy");
    assert_eq!(document.edits_of(&copy, Request::Revision, Some("ann")), Ok(vec![]));
    assert_eq!(&HostedDocument::parse(&document.to_bytes()).expect("its bytes"), document);
}

#[test]
fn no_more_versions_are_published_than_can_be_sent_back() {
    let most = MOST_MEMBERS - NO_VERSIONS.len();
    let (there, time) = (masses(most - 1, "0.0.", "{}"), masses(most - 1, "0.0.", "\"t\""));
    let text = format!(
        r#"{{"name":"n","versions":{{{there}}},"time":{{"created":"t","modified":"t",{time}}}}}"#
    );
    let mut document = parsed(&text);
    document.publish(new("1.0.0", &["latest"]), NOW).expect("the last one");
    comes_back(&document);
    full(&document, "versions", |it| it.publish(new("1.0.1", &["latest"]), LATER));
    document.apply(&messages(&[("1.0.0", "old")]), LATER).expect("deprecated");
    document.unpublish_all(LATER).expect("unpublished");
    comes_back(&document);
    // They are remembered, so that makes no room.
    full(&document, "versions", |it| it.publish(new("1.0.1", &["latest"]), LATER));
}

#[test]
fn no_more_tags_are_set_than_can_be_sent_back() {
    let tags = masses(MOST_MEMBERS - 2, "t", "\"1.0.0\"");
    let text = format!(r#"{{"name":"n","versions":{{"1.0.0":{{}}}},"dist-tags":{{{tags}}}}}"#);
    let mut document = parsed(&text);
    let tag = |tag: &str| DistTag::parse(tag).expect(tag);
    document.set_tag(&tag("last"), "1.0.0", NOW).expect("set");
    document.set_tag(&tag("latest"), "1.0.0", NOW).expect("set");
    comes_back(&document);
    document.set_tag(&tag("t7"), "1.0.0", NOW).expect("one that is there");
    full(&document, "dist-tags", |it| it.set_tag(&tag("more"), "1.0.0", LATER));
    full(&document, "dist-tags", |it| it.publish(new("1.1.0", &["more"]), LATER));
    document.publish(new("1.1.0", &["latest"]), LATER).expect("published");
}

#[test]
fn no_more_stars_are_given_than_can_be_sent_back() {
    let users = masses(MOST_MEMBERS - 1, "u", "true");
    let mut document = parsed(&format!(r#"{{"name":"n","users":{{{users}}}}}"#));
    document.apply(&[star("last", true)], NOW).expect("starred");
    comes_back(&document);
    full(&document, "stars", |it| it.apply(&[star("more", true)], LATER));
    document.apply(&[star("u7", false)], LATER).expect("taken back");
    document.apply(&[star("more", true)], LATER).expect("starred");
}

#[test]
fn a_list_of_owners_has_a_longest_length() {
    let owners = |count: usize| -> Vec<Person> {
        (0..count).map(|n| person(&format!("{n:0>100}"))).collect()
    };
    let mut document = with(&["1.0.0"]);
    // Each has more than 200 bytes.
    full(&document, "bytes of owners", |it| it.set_maintainers(&owners(5000), LATER));
    document.set_maintainers(&owners(4000), LATER).expect("set");
    comes_back(&document);
}

/// What becomes of a document when a client who has read it sends it back, with `change` done to it.
fn sent_back(
    document: &HostedDocument,
    change: impl FnOnce(&mut Value),
) -> Result<HostedDocument, ChangeError> {
    let mut copy: Value = serde_json::from_slice(&document.to_public_bytes()).expect("JSON");
    change(&mut copy);
    let copy = ClientCopy::parse(copy.to_string().as_bytes())?;
    let edits = document.edits_of(&copy, Request::Revision, Some("ann"))?;
    let mut changed = document.clone();
    changed.apply(&edits, LATER).map(|_| changed)
}

/// A package of old with two versions, and this besides.
fn of_old(more: &str) -> HostedDocument {
    parsed(&format!(
        r#"{{"name":"n","_rev":7,"versions":{{"1.0.0":{{}},"1.1.0":{{}}}},"dist-tags":{{"latest":"1.0.0"}},{more}}}"#
    ))
}

fn remove(copy: &mut Value, from: &str, key: &str) {
    copy[from].as_object_mut().expect(from).shift_remove(key);
}

/// The owners of a document of old may be too many: they stay, can become fewer, and no more.
#[test]
fn a_list_of_owners_that_is_too_long_can_become_shorter() {
    // Without the members that are always written.
    let owners: Vec<String> = (0..60_000).map(|n| format!(r#"{{"name":"{n:0>8}"}}"#)).collect();
    let document = of_old(&format!(r#""maintainers":[{}]"#, owners.join(",")));
    let held = document.maintainers().len();
    assert!(document.to_bytes().len() > 1_080_000);
    comes_back(&document);
    let less = sent_back(&document, |copy| remove(copy, "versions", "1.1.0")).expect("unpublished");
    assert_eq!(less.versions().collect::<Vec<_>>(), ["1.0.0"]);
    assert_eq!(less.maintainers().len(), held);
    let list = |copy: &Value| copy["maintainers"].as_array().expect("a list").clone();
    let without_last = |copy: &mut Value| {
        let mut owners = list(copy);
        owners.pop();
        copy["maintainers"] = json!(owners);
    };
    let less = sent_back(&document, without_last).expect("an owner less");
    assert_eq!(less.maintainers().len(), held - 1);
    // And once more, as the list is written now.
    let less = sent_back(&less, without_last).expect("an owner less");
    assert_eq!(less.maintainers().len(), held - 2);
    let with_one_more = |copy: &mut Value| {
        let mut owners = list(copy);
        owners.push(json!(person("ann")));
        copy["maintainers"] = json!(owners);
    };
    let more = sent_back(&document, with_one_more).expect_err("an owner more");
    assert!(matches!(more, ChangeError::Full { what: "bytes of owners", .. }), "{more}");
    full(&document, "bytes of owners", |it| {
        let mut owners = it.maintainers();
        owners.push(person("ann"));
        it.set_maintainers(&owners, LATER)
    });
}

/// Nor is anything else too much to be made less.
#[test]
fn what_is_too_much_can_become_less() {
    let users = masses(MOST_MEMBERS + 5, "u", "true");
    let document = of_old(&format!(r#""users":{{"ann":true,{users}}}"#));
    comes_back(&document);
    let less = sent_back(&document, |copy| remove(copy, "versions", "1.1.0")).expect("unpublished");
    assert_eq!(less.versions().collect::<Vec<_>>(), ["1.0.0"]);
    let less = sent_back(&document, |copy| remove(copy, "users", "ann")).expect("taken back");
    assert!(document.is_starred_by("ann") && !less.is_starred_by("ann"));
    let again = sent_back(&less, |copy| copy["users"]["ann"] = json!(true)).expect_err("a star");
    assert!(matches!(again, ChangeError::Full { what: "stars", .. }), "{again}");

    let versions = masses(MOST_MEMBERS + 5, "0.0.", "{}");
    let document = parsed(&format!(r#"{{"name":"n","_rev":7,"versions":{{{versions}}}}}"#));
    comes_back(&document);
    let count = document.versions().len();
    let less = sent_back(&document, |copy| remove(copy, "versions", "0.0.7")).expect("unpublished");
    assert_eq!(less.versions().len(), count - 1);
    let copy = |copy: &mut Value| copy["versions"]["9.9.9"] = json!({});
    assert_eq!(sent_back(&document, copy), Err(TooMany.into()));

    let tags = masses(MOST_MEMBERS + 5, "t", "\"1.0.0\"");
    let document = parsed(&format!(
        r#"{{"name":"n","_rev":7,"versions":{{"1.0.0":{{}}}},"dist-tags":{{{tags}}}}}"#
    ));
    comes_back(&document);
    let count = document.dist_tags().len();
    let less = sent_back(&document, |copy| remove(copy, "dist-tags", "t7")).expect("untagged");
    assert_eq!(less.dist_tags().len(), count - 1);
}

#[test]
fn a_manifest_has_room_for_what_the_registry_adds() {
    let with_masses = |count: usize| {
        let mut new = new("1.0.0", &["latest"]);
        let members = (0..count).map(|n| (format!("m{n}"), RawValue::NULL.to_owned()));
        new.manifest.extend(members);
        new
    };
    let room = MOST_MEMBERS - 7 - new("1.0.0", &[]).manifest.len();
    let mut document = HostedDocument::new(name("n"));
    refused(&document, |it| it.publish(with_masses(room + 1), NOW), TooMany.into());
    document.publish(with_masses(room), NOW).expect("published");
    document.apply(&messages(&[("1.0.0", "old")]), LATER).expect("deprecated");
    comes_back(&document);

    let with_dist = |count: usize| {
        let mut new = new("2.0.0", &[]);
        let dist = format!("{{{}}}", masses(count, "m", "0"));
        new.manifest.insert("dist".to_owned(), RawValue::from_string(dist).expect("JSON"));
        new
    };
    let room = MOST_MEMBERS - 5;
    refused(&document, |it| it.publish(with_dist(room + 1), LATER), TooMany.into());
    document.publish(with_dist(room), LATER).expect("published");
    comes_back(&document);
}

#[test]
fn a_document_does_not_become_longer_than_it_may() {
    let before = with(&["1.0.0"]);
    let mut after = before.clone();
    after.publish(new("2.0.0", &["latest"]), LATER).expect("published");
    let len = after.to_bytes().len();
    assert_eq!(after.to_bytes_within(len, &before), Ok(after.to_bytes()));
    let error = after.to_bytes_within(len - 1, &before).expect_err("too long");
    let longest = len - 1;
    assert_eq!(error, ChangeError::TooLong { name: name("n"), len, longest });
    let said = format!(
        "the document of n would have {len} bytes with this, and may have {longest}; unpublish versions that nobody needs any more"
    );
    assert_eq!(error.to_string(), said);
    // However long it is: what makes it no longer may be done.
    let mut less = after.clone();
    less.apply(&[unpublish("1.0.0")], LATER).expect("unpublished");
    assert!(less.to_bytes().len() < len);
    assert_eq!(less.to_bytes_within(1, &after), Ok(less.to_bytes()));
    assert_eq!(after.to_bytes_within(1, &after), Ok(after.to_bytes()));
}

/// What a change writes of itself makes no document longer, however little the change takes away.
#[test]
fn a_long_document_of_old_loses_little_things() {
    for dates in ["", r#","_rev":7"#, r#","_rev":"1-a","time":{"modified":"t"}"#] {
        let text = format!(
            r#"{{"name":"n","versions":{{"1.0.0":{{}}}},"dist-tags":{{"a":"1.0.0"}},"users":{{"b":true}}{dates}}}"#
        );
        let before = parsed(&text);
        for edit in [Edit::Untag("a".to_owned()), star("b", false)] {
            let mut less = before.clone();
            less.apply(&[edit], NOW).expect("a change");
            assert_eq!(less.to_bytes_within(1, &before), Ok(less.to_bytes()), "{dates}");
        }
        let mut more = before.clone();
        more.apply(&[star("c", true)], NOW).expect("a change");
        more.to_bytes_within(1, &before).expect_err("a star more");
    }
}

#[test]
fn a_long_readme_is_cut_between_characters() {
    // The limit is between two characters of three bytes, and in the middle of one.
    let long = format!("a{}", "\u{2620}".repeat(30_000));
    let kept = format!("a{}", "\u{2620}".repeat(21_845));
    assert_eq!(kept.len(), 64 << 10);
    let longer = format!("ab{}", "\u{2620}".repeat(30_000));
    let shorter = format!("ab{}", "\u{2620}".repeat(21_844));
    for (sent, kept) in [(&long, &kept), (&longer, &shorter), (&kept, &kept)] {
        let at_root = NewVersion { readme: Some(sent.clone()), ..new("1.0.0", &["latest"]) };
        let mut in_manifest = new("1.0.0", &["latest"]);
        let text = json!(sent).to_string();
        let text = RawValue::from_string(text).expect("JSON");
        in_manifest.manifest.insert("readme".to_owned(), text);
        for new in [at_root, in_manifest] {
            let mut document = HostedDocument::new(name("n"));
            document.publish(new, NOW).expect("published");
            assert!(value(&document)["readme"] == json!(kept), "{} bytes", sent.len());
        }
    }
}

#[test]
fn a_long_readme_of_old_stays_until_another_comes() {
    let long = "x".repeat(100_000);
    let text = format!(
        r#"{{"name":"n","readme":"{long}","versions":{{"1.0.0":{{}}}},"dist-tags":{{"latest":"1.0.0"}}}}"#
    );
    let mut document = parsed(&text);
    document.apply(&[star("ann", true)], NOW).expect("starred");
    document.publish(new("2.0.0-0", &["next"]), NOW).expect("published");
    assert!(value(&document)["readme"] == json!(long), "it was changed");
    document.publish(new("2.0.0", &["latest"]), LATER).expect("published");
    assert_eq!(value(&document)["readme"], "Read 2.0.0");
}
