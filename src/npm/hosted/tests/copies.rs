//! Clients' copies, as npm and pnpm send them back.
//! Knows nothing of requests.

use super::super::super::bounded::{MOST_MEMBERS, TooMany};
use super::*;

use Request::{Package, Revision};

/// What a client has read: a view of the document, with addresses of its own.
fn copy_of(document: &HostedDocument) -> Value {
    let bytes = document.to_public_bytes();
    let view = Document::parse(&bytes).expect("a packument");
    let filled = view.template(document.name(), Form::Full).fill("http://localhost:5984");
    serde_json::from_slice(&filled).expect("JSON")
}

fn edits(
    document: &HostedDocument,
    copy: &Value,
    request: Request,
) -> Result<Vec<Edit>, ChangeError> {
    let copy = ClientCopy::parse(copy.to_string().as_bytes())?;
    document.edits_of(&copy, request, Some("ann"))
}

fn remove(copy: &mut Value, from: &str, key: &str) {
    copy[from].as_object_mut().expect(from).shift_remove(key);
}

#[test]
fn a_copy_as_it_was_read_changes_nothing() {
    for mut document in [seed(), with(&["1.0.0", "2.0.0"])] {
        document.apply(&[star("ann", true)], NOW).expect("starred");
        for request in [Package, Revision] {
            assert_eq!(edits(&document, &copy_of(&document), request), Ok(vec![]));
        }
        let before = document.clone();
        assert_eq!(document.apply(&[], LATER), Ok(vec![]));
        assert_eq!(document, before);
    }
}

#[test]
fn messages_are_deprecations_of_any_spelling() {
    let mut document = with(&["1.0.0", "2.0.0", "3.0.0"]);
    document.apply(&messages(&[("2.0.0", "old"), ("3.0.0", "old")]), NOW).expect("deprecated");
    let mut copy = copy_of(&document);
    copy["versions"]["1.0.0"]["deprecated"] = json!("new");
    copy["versions"]["2.0.0"]["deprecated"] = json!("");
    remove(&mut copy["versions"], "3.0.0", "deprecated");
    copy["versions"]["1.0.0"]["dependencies"] = json!({"evil": "*"});
    let expected = [message("1.0.0", "new"), message("2.0.0", ""), message("3.0.0", "")];
    for request in [Package, Revision] {
        assert_eq!(edits(&document, &copy, request).expect("edits"), expected);
    }
    document.apply(&expected, LATER).expect("applied");
    assert_eq!(document.rev().as_deref(), Some("5-2c3d"), "one change");
    assert_eq!(document.deprecation("1.0.0").as_deref(), Some("new"));
    assert_eq!(document.deprecation("2.0.0"), None);
    assert_eq!(value(&document)["versions"]["1.0.0"]["dependencies"], Value::Null);

    // A few words are enough, and what they do not speak of stays.
    let copy = json!({"versions": {"2.0.0": {"deprecated": "again"}}});
    assert_eq!(edits(&document, &copy, Package).expect("edits"), [message("2.0.0", "again")]);
    for odd in [json!(true), json!(0), json!({"a": "b"}), json!(["a"])] {
        let copy = json!({"versions": {"1.0.0": {"deprecated": odd}}});
        for request in [Package, Revision] {
            let not_a_text = Err(ChangeError::NotAText("1.0.0".to_owned()));
            assert_eq!(edits(&document, &copy, request), not_a_text, "{odd}");
        }
    }
    for none in [json!(false), json!(null)] {
        let copy = json!({"versions": {"1.0.0": {"deprecated": none}}});
        assert_eq!(edits(&document, &copy, Package).expect("edits"), [message("1.0.0", "")]);
    }
}

/// `package.json` may say anything, and publishes bring it along.
#[test]
fn a_message_that_was_no_text_comes_back_as_it_is_or_goes() {
    let of = |odd: &Value| {
        let text = json!({
            "name": "n", "_rev": "1-a", "dist-tags": {"latest": "1.0.0"},
            "versions": {"1.0.0": {"deprecated": odd}},
        });
        HostedDocument::parse(text.to_string().as_bytes()).expect("a document")
    };
    for odd in [json!(true), json!(1.5), json!({"a": ["b"]})] {
        let document = of(&odd);
        let mut copy = copy_of(&document);
        assert_eq!(edits(&document, &copy, Package), Ok(vec![]), "{odd}");
        for gone in [json!(""), json!(null), json!(false)] {
            copy["versions"]["1.0.0"]["deprecated"] = gone;
            let expected = [message("1.0.0", "")];
            assert_eq!(edits(&document, &copy, Package).expect("edits"), expected, "{odd}");
        }
        copy["versions"]["1.0.0"]["deprecated"] = json!(2);
        let not_a_text = ChangeError::NotAText("1.0.0".to_owned());
        assert_eq!(edits(&document, &copy, Package), Err(not_a_text), "{odd}");
    }
    for none in [json!(null), json!(false), json!("")] {
        let mut copy = copy_of(&of(&none));
        assert_eq!(edits(&of(&none), &copy, Package), Ok(vec![]), "{none}");
        remove(&mut copy["versions"], "1.0.0", "deprecated");
        assert_eq!(edits(&of(&none), &copy, Package), Ok(vec![]), "{none}");
    }
}

/// npm computes `latest` by itself, and takes a prerelease; the rule of the document counts.
#[test]
fn a_version_that_is_missing_is_unpublished() {
    let mut document = with(&["1.0.0", "2.0.0-rc.1", "1.5.0"]);
    let mut copy = copy_of(&document);
    remove(&mut copy, "versions", "1.5.0");
    copy["dist-tags"]["latest"] = json!("2.0.0-rc.1");
    assert_eq!(edits(&document, &copy, Package), Ok(vec![]), "may not have been there");
    let unpublish = [Edit::Unpublish("1.5.0".to_owned())];
    assert_eq!(edits(&document, &copy, Revision).expect("edits"), unpublish);
    let files = document.apply(&unpublish, LATER).expect("applied");
    assert_eq!(files, [TarballName::parse("n-1.5.0.tgz").expect("a name")]);
    assert_eq!(document.dist_tags()["latest"], "1.0.0");

    let mut copy = copy_of(&document);
    copy["versions"] = json!({});
    copy["dist-tags"] = json!({});
    assert_eq!(edits(&document, &copy, Revision), Ok(vec![Edit::UnpublishAll]));
    assert_eq!(document.apply(&[Edit::UnpublishAll], LATER).expect("applied").len(), 2);
    assert!(document.is_unpublished());
}

#[test]
fn tags_differ_by_request() {
    let mut document = with(&["1.0.0", "2.0.0"]);
    document.set_tag(&DistTag::parse("old").expect("a tag"), "1.0.0", NOW).expect("set");
    let mut copy = copy_of(&document);
    copy["dist-tags"] = json!({"latest": "1.0.0", "next": "2.0.0"});
    assert_eq!(edits(&document, &copy, Package), Ok(vec![]));
    let tag = |tag, version: &str| Edit::Tag {
        tag: DistTag::parse(tag).expect(tag),
        version: version.to_owned(),
    };
    let expected = [tag("latest", "1.0.0"), tag("next", "2.0.0"), Edit::Untag("old".to_owned())];
    assert_eq!(edits(&document, &copy, Revision).expect("edits"), expected);
    document.apply(&expected, LATER).expect("applied");
    assert_eq!(tags(&document), [pair("latest", "1.0.0"), pair("next", "2.0.0")]);

    for (tags, expected) in [
        (json!({"next": "2.0.0"}), ChangeError::LatestRemoved),
        (json!({"latest": "3.0.0"}), ChangeError::NoVersion("3.0.0".to_owned())),
        (json!({"latest": 1}), ChangeError::NotADocument),
        (json!([]), ChangeError::NotADocument),
        (
            json!({"latest": "1.0.0", "next": "2.0.0", "1.x": "1.0.0"}),
            DistTag::parse("1.x").expect_err("a range").into(),
        ),
    ] {
        copy["dist-tags"] = tags;
        copy["_rev"] = json!(document.rev());
        assert_eq!(edits(&document, &copy, Revision), Err(expected));
    }
}

#[test]
fn a_star_is_the_callers_only() {
    let mut document = with(&["1.0.0"]);
    document.apply(&[star("bob", true)], NOW).expect("starred");
    let rev = document.rev();
    let star = |starred| Edit::Star { user: "ann".to_owned(), starred };
    for users in [json!({"ann": true}), json!({"ann": true, "carl": true})] {
        let copy = json!({"_id": "n", "_rev": rev, "users": users});
        assert_eq!(edits(&document, &copy, Package), Ok(vec![star(true)]));
        let copy = ClientCopy::parse(copy.to_string().as_bytes()).expect("a copy");
        assert_eq!(document.edits_of(&copy, Package, None), Err(ChangeError::NobodysStar));
    }
    // Whoever is nobody in particular may send back what there is, for the sake of something else.
    for (users, expected) in [
        (json!({"bob": true, "carl": 1}), Ok(vec![])),
        (json!({}), Err(ChangeError::NobodysStar)),
        (json!(null), Ok(vec![])),
    ] {
        let copy = json!({"_id": "n", "_rev": rev, "users": users});
        let copy = ClientCopy::parse(copy.to_string().as_bytes()).expect("a copy");
        assert_eq!(document.edits_of(&copy, Package, None), expected, "{users}");
    }
    document.apply(&[star(true)], NOW).expect("applied");
    assert_eq!(value(&document)["users"], json!({"bob": true, "ann": true}));
    let copy = json!({"_id": "n", "users": {}});
    assert_eq!(edits(&document, &copy, Package), Ok(vec![star(false)]));
}

#[test]
fn owners_come_by_revision() {
    let document = with(&["1.0.0"]);
    let both = json!([{"name": "ann", "email": "ann@example.org"}, {"name": "bob"}]);
    let copy = json!({"_id": "n", "_rev": document.rev(), "maintainers": both});
    let bob = Person { name: "bob".to_owned(), email: String::new() };
    let expected = [Edit::Owners(vec![person("ann"), bob])];
    assert_eq!(edits(&document, &copy, Revision).expect("edits"), expected);
    assert_eq!(edits(&document, &copy, Package), Ok(vec![]));
    for (owners, expected) in [
        (json!([{}]), ChangeError::NamelessOwner),
        (json!(["ann"]), ChangeError::NamelessOwner),
        (json!({}), ChangeError::NamelessOwner),
        (json!([]), ChangeError::LastOwner(name("n"))),
    ] {
        let copy = json!({"_id": "n", "_rev": document.rev(), "maintainers": owners});
        let outcome = edits(&document, &copy, Revision)
            .and_then(|edits| document.clone().apply(&edits, LATER));
        assert_eq!(outcome, Err(expected));
    }
}

/// yarn 1 sends owners without having seen those that there are.
#[test]
fn owners_are_set_by_who_has_seen_them() {
    let document = with(&["1.0.0"]);
    let conflict = ChangeError::Conflict { name: name("n"), said: "undefined".to_owned() };
    for rev in [json!(null), json!(""), json!("undefined")] {
        let copy = json!({"_id": "n", "_rev": rev, "maintainers": [{"name": "bob"}]});
        assert_eq!(edits(&document, &copy, Revision), Err(conflict.clone()), "{rev}");
    }
    // Who sends the same changes nothing.
    let copy = json!({"_id": "n", "maintainers": [person("ann")]});
    assert_eq!(edits(&document, &copy, Revision), Ok(vec![]));
}

/// Who does not know which document they have seen would take back what came since.
#[test]
fn versions_and_tags_are_changed_by_who_has_seen_them() {
    let document = with(&["1.0.0", "2.0.0"]);
    let (fresh, old) = (copy_of(&document), copy_of(&with(&["1.0.0"])));
    let mut moved = fresh.clone();
    moved["dist-tags"]["latest"] = json!("1.0.0");
    let mut untagged = fresh.clone();
    untagged["dist-tags"] = json!({});
    let mut none = fresh.clone();
    none["versions"] = json!({});
    let conflict = ChangeError::Conflict { name: name("n"), said: "undefined".to_owned() };
    for copy in [&old, &moved, &none] {
        for rev in [json!(null), json!(""), json!("undefined")] {
            let mut copy = copy.clone();
            copy["_rev"] = rev;
            assert_eq!(edits(&document, &copy, Revision), Err(conflict.clone()), "{copy}");
            assert_eq!(edits(&document, &copy, Package), Ok(vec![]));
            // The path may say it.
            let seen = ClientCopy::parse(copy.to_string().as_bytes()).expect("a copy");
            let seen = seen.seen_at(&document.rev().expect("a revision"));
            let edits = document.edits_of(&seen, Revision, Some("ann")).expect("edits");
            assert!(!edits.is_empty(), "{copy}");
        }
    }
    // What is the same, and messages, take nothing back.
    let mut copy = fresh;
    copy["_rev"] = json!(null);
    copy["versions"]["1.0.0"]["deprecated"] = json!("old");
    assert_eq!(edits(&document, &copy, Revision).expect("edits"), [message("1.0.0", "old")]);
    assert_eq!(edits(&document, &untagged, Revision), Err(ChangeError::LatestRemoved));
}

/// Nor does a document of old that had no revision go back to what one client has seen of it.
#[test]
fn a_document_without_a_revision_gets_one() {
    for rev in ["", r#""_rev":null,"#, r#""_rev":"","#, r#""_rev":"undefined","#] {
        let text = |more: &str| {
            format!(
                r#"{{"name":"n",{rev}"versions":{{"1.0.0":{{}}{more}}},"dist-tags":{{"latest":"1.0.0"}}}}"#
            )
        };
        let of = |more: &str| HostedDocument::parse(text(more).as_bytes()).expect("a document");
        let mut document = of(r#","1.1.0":{}"#);
        let given = document.rev().expect("a revision");
        assert_eq!(of(r#","1.1.0":{}"#).rev().as_ref(), Some(&given), "as stable as its bytes");
        assert_ne!(of("").rev().as_ref(), Some(&given));
        let mut copy = copy_of(&document);
        assert_eq!(copy["_rev"], json!(given));
        assert_eq!(document.check_rev(Some(&given)), Ok(()));
        document.check_rev(Some("0-0")).expect_err("another");
        remove(&mut copy, "versions", "1.1.0");
        let unpublish = [Edit::Unpublish("1.1.0".to_owned())];
        assert_eq!(edits(&document, &copy, Revision).expect("edits"), unpublish);
        document.apply(&unpublish, NOW).expect("applied");
        assert_eq!(document.rev().as_deref(), Some("1-0a1b"));
        edits(&document, &copy, Revision).expect_err("it was changed since");
    }
}

#[test]
fn what_could_be_taken_for_done_is_an_error() {
    let document = with(&["1.0.0"]);
    let versions = |version: &str, manifest: Value| json!({"versions": {version: manifest}});
    for (copy, expected) in [
        (versions("2.0.0", json!({})), ChangeError::VersionAdded("2.0.0".to_owned())),
        (
            versions("1.0.0", json!({"dist": {"integrity": "sha512-BBBB"}})),
            ChangeError::TarballChanged("1.0.0".to_owned()),
        ),
        (
            versions("1.0.0", json!({"dist": {"shasum": "beef"}})),
            ChangeError::TarballChanged("1.0.0".to_owned()),
        ),
        (versions("1.0.0", json!(1)), ChangeError::NotADocument),
        (json!({"versions": []}), ChangeError::NotADocument),
        (json!([]), ChangeError::NotADocument),
        (
            json!({"_id": "other"}),
            ChangeError::WrongName { asked: name("n"), said: "other".to_owned() },
        ),
        (
            json!({"name": "n", "_rev": "0-0"}),
            ChangeError::Conflict { name: name("n"), said: "0-0".to_owned() },
        ),
    ] {
        for request in [Package, Revision] {
            assert_eq!(edits(&document, &copy, request), Err(expected.clone()), "{copy}");
        }
    }
}

/// Nothing but whose it is, and at which revision.
#[test]
fn a_copy_that_says_nothing_is_an_error() {
    let document = with(&["1.0.0"]);
    for copy in [json!({}), json!({"_id": "n"}), json!({"name": "n", "_rev": document.rev()})] {
        for request in [Package, Revision] {
            assert_eq!(edits(&document, &copy, request), Err(ChangeError::NothingSaid), "{copy}");
        }
    }
}

/// What npm sends back has been read before, and says so; the few words of pnpm say nothing of a tarball.
#[test]
fn a_publish_without_its_tarball_is_told_from_a_copy() {
    let parse = |copy: &Value| ClientCopy::parse(copy.to_string().as_bytes()).expect("a copy");
    let manifest = json!({"name": "n", "version": "1.0.0", "_id": "n@1.0.0", "dist": {}});
    let publish = json!({
        "_id": "n", "name": "n", "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": manifest},
    });
    let mut bare = publish.clone();
    bare.as_object_mut().expect("an object").shift_remove("dist-tags");
    let mut without_dist = publish.clone();
    remove(&mut without_dist["versions"], "1.0.0", "dist");
    for publish in [&publish, &bare, &without_dist] {
        assert!(parse(publish).is_publish(), "{publish}");
    }

    let whole = copy_of(&with(&["1.0.0"]));
    let mut unseen = whole.clone();
    unseen.as_object_mut().expect("an object").shift_remove("_rev");
    let words = json!({"name": "n", "versions": {"1.0.0": {"deprecated": ""}}});
    let star = json!({"_id": "n", "users": {"ann": true}});
    for copy in [whole, unseen, words, star] {
        assert!(!parse(&copy).is_publish(), "{copy}");
    }
}

#[test]
fn edits_are_made_together_or_not_at_all() {
    let document = with(&["1.0.0", "2.0.0"]);
    let edits = [message("1.0.0", "old"), Edit::Untag("none".to_owned())];
    refused(&document, |it| it.apply(&edits, LATER), ChangeError::NoTag("none".to_owned()));
}

/// Short members in masses would take a hundred times the memory of the body.
#[test]
fn no_object_may_have_masses_of_members() {
    let masses = |count: usize| -> Value {
        let members = (0..count).map(|number| (format!("m{number}"), json!(0)));
        Value::Object(members.collect())
    };
    let document = with(&["1.0.0"]);
    let too_many: Result<Vec<Edit>, ChangeError> = Err(TooMany.into());
    let masses = masses(MOST_MEMBERS + 1);
    // Of who likes it, only the caller is looked for.
    assert_eq!(edits(&document, &json!({"users": masses}), Revision), Ok(vec![]));
    assert_eq!(edits(&document, &masses, Revision), too_many);
    for copy in [
        json!({"versions": masses}),
        json!({"versions": {"1.0.0": masses}}),
        json!({"versions": {"1.0.0": {"dist": masses}}}),
        json!({"dist-tags": masses}),
    ] {
        assert_eq!(edits(&document, &copy, Revision), too_many);
    }
    let owners = edits(&document, &json!({"maintainers": masses}), Revision);
    assert!(matches!(owners, Err(ChangeError::Full { what: "bytes of owners", .. })), "{owners:?}");
}
