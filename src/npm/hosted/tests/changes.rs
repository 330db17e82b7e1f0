//! Tags, deprecations, owners and stars.
//! Knows nothing of who may change them.

use super::*;

#[test]
fn tags_are_set_and_removed() {
    let mut document = with(&["1.0.0", "2.0.0"]);
    let [next, latest] = ["next", "latest"].map(|tag| DistTag::parse(tag).expect(tag));
    document.set_tag(&next, "1.0.0", LATER).expect("set");
    document.set_tag(&latest, "1.0.0", LATER).expect("set");
    assert_eq!(tags(&document), [pair("latest", "1.0.0"), pair("next", "1.0.0")]);
    let written = value(&document);
    assert_eq!(written["description"], "It is 1.0.0");
    assert_eq!(written["readme"], "Read 2.0.0", "that of 1.0.0 is kept nowhere");
    assert_eq!(written["time"]["modified"], LATER.now);
    document.remove_tag("next", LATER).expect("removed");
    assert_eq!(tags(&document), [pair("latest", "1.0.0")]);

    let missing = ChangeError::NoVersion("3.0.0".to_owned());
    refused(&document, |it| it.set_tag(&next, "3.0.0", LATER), missing);
    refused(&document, |it| it.remove_tag("next", LATER), ChangeError::NoTag("next".to_owned()));
    refused(&document, |it| it.remove_tag("latest", LATER), ChangeError::LatestRemoved);

    let mut old = seed();
    old.remove_tag("1.x", NOW).expect("a tag that could not be set today");
    old.set_tag(&latest, "1.0.0", NOW).expect("set");
    assert_eq!(value(&old)["readme"], "One.", "a manifest of old has its own");
}

#[test]
fn deprecations_change_nothing_else() {
    let mut document = with(&["1.0.0", "2.0.0"]);
    let before = document.clone();
    document.apply(&messages(&[("1.0.0", "no \"more\"")]), LATER).expect("deprecated");
    assert_eq!(document.deprecation("1.0.0").as_deref(), Some("no \"more\""));
    assert_eq!(document.deprecation("2.0.0"), None);
    document.publish(new("3.0.0", &[]), LATER).expect("published");
    assert_eq!(document.deprecation("3.0.0"), None);
    document.apply(&messages(&[("1.0.0", ""), ("2.0.0", "")]), LATER).expect("undeprecated");
    for version in ["1.0.0", "2.0.0"] {
        let text = |it: &HostedDocument| it.manifest(version).expect(version).get().to_owned();
        assert_eq!(text(&document), text(&before));
    }
    let both = messages(&[("1.0.0", "x"), ("9.0.0", "x")]);
    refused(&document, |it| it.apply(&both, LATER), ChangeError::NoVersion("9.0.0".to_owned()));
}

#[test]
fn owners_change_but_one_stays() {
    let mut document = with(&["1.0.0"]);
    assert_eq!(document.maintainers(), [person("ann")]);
    document.set_maintainers(&[person("ann"), person("bob")], LATER).expect("set");
    assert_eq!(document.maintainers(), [person("ann"), person("bob")]);
    let last = ChangeError::LastOwner(name("n"));
    refused(&document, |it| it.set_maintainers(&[], LATER), last);
    let nobody = [Person { name: String::new(), email: String::new() }];
    refused(&document, |it| it.set_maintainers(&nobody, LATER), ChangeError::NamelessOwner);
}

#[test]
fn stars_are_the_users_own() {
    let mut document = with(&["1.0.0"]);
    for user in ["ann", "__proto__"] {
        assert!(!document.is_starred_by(user));
        document.apply(&[star(user, true)], LATER).expect("starred");
        assert!(document.is_starred_by(user));
    }
    document.apply(&[star("ann", false)], LATER).expect("starred");
    assert_eq!(value(&document)["users"], json!({"__proto__": true}));
}
