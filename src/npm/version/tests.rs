//! What is a version to npm, and which is higher.
//! Knows nothing of ranges.

use proptest::prelude::*;

use super::*;

#[test]
fn accepts_what_npm_publishes() {
    for text in [
        "0.0.0",
        "1.2.3",
        "10.20.30",
        "1.0.0-rc.1",
        "1.0.0-0",
        "1.0.0--",
        "1.0.0-a-b.-.0a.x",
        "1.0.0-alpha.99999999999999999999",
        "9007199254740991.9007199254740991.9007199254740991",
        "0.0.20261122123456",
        "1.0.1764329997123456",
        &format!("1.0.0-{}", "a".repeat(250)),
    ] {
        let version = Version::parse(text).expect(text);
        assert_eq!(version.as_str(), text);
        assert_eq!(version.to_string().parse(), Ok(version));
    }
}

#[test]
fn refuses_loose_spellings_and_all_else() {
    for text in [
        "",
        "1",
        "1.0",
        "1.0.0.0",
        "v1.0.0",
        "=1.0.0",
        " 1.0.0",
        "1.0.0 ",
        "01.0.0",
        "1.00.0",
        "1.0.0-",
        "1.0.0-01",
        "1.0.0-a..b",
        "1.0.0-é",
        "1.0.0rc",
        "1.0.x",
        "1.0.0-a/../b",
        "+1.0.0",
        "-1.0.0",
        "1.0.0+b",
        "1.0.9007199254740992",
        "99999999999999999999.0.0",
        "latest",
        &format!("1.0.0-{}", "a".repeat(251)),
    ] {
        assert!(Version::parse(text).is_err(), "{text:?}");
    }
}

#[test]
fn a_refusal_is_a_sentence_that_says_why() {
    for (text, expected) in [
        ("1.0", r#"version "1.0" is not a semantic version"#),
        ("1.0.0+b.1", r#"version "1.0.0+b.1" has build metadata, without which npm publishes"#),
    ] {
        assert_eq!(Version::parse(text).expect_err(text).to_string(), expected);
    }
}

#[test]
fn build_metadata_can_be_dropped() {
    for (text, expected) in [
        ("1.0.0", Some("1.0.0")),
        ("1.0.0+b.007-x", Some("1.0.0")),
        ("1.0.0-rc.1+b", Some("1.0.0-rc.1")),
        ("1.0.0+b-1", Some("1.0.0")),
        ("1.0.0+", None),
        ("1.0.0+a+b", None),
        ("1.0.0+a..b", None),
        ("1.0+b", None),
    ] {
        let version = Version::without_build(text).ok();
        assert_eq!(version.as_ref().map(Version::as_str), expected, "{text}");
    }
}

#[test]
fn orders_as_npm_does() {
    let ascending = [
        "0.0.1",
        "0.1.0",
        "1.0.0-0",
        "1.0.0-2",
        "1.0.0-10",
        "1.0.0-99999999999999999999",
        "1.0.0-100000000000000000000",
        "1.0.0--",
        "1.0.0-Alpha",
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.1.0",
        "1.0.0-alpha.beta",
        "1.0.0-beta",
        "1.0.0",
        "1.0.2",
        "1.0.10",
        "1.0.1764329997123456",
        "10.0.0-rc",
        "10.0.0",
    ];
    let versions: Vec<_> = ascending.map(|text| Version::parse(text).expect(text)).into();
    for (a, left) in versions.iter().enumerate() {
        for (b, right) in versions.iter().enumerate() {
            assert_eq!(left.cmp(right), a.cmp(&b), "{left} {right}");
        }
    }
}

/// Mostly versions, within what nodejs-semver parses as well.
fn text() -> impl Strategy<Value = String> {
    let text =
        r"(0|[1-9][0-9]{0,3})(\.(0|[1-9][0-9]?)){2}(-[0-9a-b-]{1,2}(\.[0-9a-b-]{1,2}){0,2})?";
    prop_oneof![9 => text, 1 => "[0-9.+-]{0,8}"]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn agrees_with_nodejs_semver(a in text(), b in text()) {
        let theirs = |text: &str| nodejs_semver::Version::parse(text).ok();
        for text in [&a, &b] {
            // Theirs is loose, but writes what it read in npm's spelling.
            let strict = theirs(text).filter(|it| it.to_string() == *text && it.build().is_empty());
            prop_assert_eq!(Version::parse(text).is_ok(), strict.is_some(), "{}", text);
        }
        if let (Ok(ours), Ok(other)) = (Version::parse(&a), Version::parse(&b)) {
            prop_assert_eq!(ours.cmp(&other), theirs(&a).cmp(&theirs(&b)));
            prop_assert_eq!(ours == other, ours.cmp(&other) == Ordering::Equal);
        }
    }
}
