//! Ranges against what npm says of them.
//! Knows nothing of how they are read.

use super::*;
use proptest::prelude::*;

fn includes(range: &str, version: &str) -> bool {
    let range = Range::parse(range).unwrap_or_else(|| panic!("{range} is a range"));
    range.includes(&version.parse().unwrap())
}

#[test]
fn ranges_of_every_kind_include_what_npm_includes() {
    for (range, inside, outside) in [
        ("1.2.3", &["1.2.3"][..], &["1.2.4", "1.2.3-rc.1"][..]),
        ("=v1.2.3", &["1.2.3"], &["1.2.2"]),
        ("1.2.3+build", &["1.2.3"], &["1.2.2"]),
        ("", &["0.0.0", "9.9.9"], &["1.0.0-rc.1"]),
        ("*", &["0.0.0", "9.9.9"], &["1.0.0-rc.1"]),
        ("^", &["0.0.0", "9.9.9"], &[]),
        ("1", &["1.0.0", "1.9.9"], &["2.0.0", "0.9.9", "2.0.0-0"]),
        ("1.x", &["1.0.0", "1.9.9"], &["2.0.0"]),
        ("1.2.*", &["1.2.0", "1.2.9"], &["1.3.0"]),
        ("1.x.3", &["1.0.0", "1.9.9"], &["2.0.0"]),
        ("^1.2.3", &["1.2.3", "1.9.0"], &["1.2.2", "2.0.0", "2.0.0-rc.1", "1.3.0-rc.1"]),
        ("^0.2.3", &["0.2.3", "0.2.9"], &["0.3.0", "0.2.2"]),
        ("^0.0.3", &["0.0.3"], &["0.0.4", "0.0.2"]),
        ("^0.0", &["0.0.0", "0.0.9"], &["0.1.0"]),
        ("^0.x", &["0.0.0", "0.9.9"], &["1.0.0"]),
        ("^0", &["0.0.0", "0.9.9"], &["1.0.0"]),
        ("^1.2", &["1.2.0", "1.9.0"], &["1.1.9", "2.0.0"]),
        ("^1.2.3-rc.1", &["1.2.3-rc.2", "1.2.3"], &["1.2.3-alpha", "1.2.4-rc.2"]),
        ("~1.2.3", &["1.2.3", "1.2.9"], &["1.3.0"]),
        ("~> 1.2", &["1.2.0", "1.2.9"], &["1.3.0"]),
        ("~1", &["1.0.0", "1.9.9"], &["2.0.0"]),
        (">=1.2.3", &["1.2.3", "9.0.0"], &["1.2.2"]),
        (">= 1.2.3 < 2", &["1.2.3", "1.9.9"], &["2.0.0", "1.0.0"]),
        (">1", &["2.0.0"], &["1.9.9"]),
        (">1.2", &["1.3.0"], &["1.2.9"]),
        ("<=1", &["1.9.9", "0.0.0"], &["2.0.0"]),
        ("<1.2", &["1.1.9"], &["1.2.0"]),
        ("<*", &[], &["0.0.0", "1.0.0"]),
        (">=*", &["0.0.0"], &[]),
        ("1.2 - 2.3", &["1.2.0", "2.3.9"], &["2.4.0", "1.1.9"]),
        ("1.2.3 - 2.3.4", &["1.2.3", "2.3.4"], &["2.3.5"]),
        ("* - 2", &["0.0.0", "2.9.9"], &["3.0.0"]),
        ("1 || 3", &["1.5.0", "3.0.0"], &["2.0.0"]),
        ("1||", &["7.0.0"], &[]),
        (">2 <1", &[], &["1.0.0", "2.0.0", "3.0.0"]),
    ] {
        for version in inside {
            assert!(includes(range, version), "{version} in {range}");
        }
        for version in outside {
            assert!(!includes(range, version), "{version} not in {range}");
        }
    }
}

#[test]
fn what_a_version_has_left_behind_is_below_it() {
    let is_below = |range: &str, version: &str| {
        Range::parse(range).unwrap().is_below(&version.parse().unwrap())
    };
    for (range, version, expected) in [
        ("^1.2.3", "2.0.0", true),
        ("^1.2.3", "1.9.0", false),
        ("^2.0.0-rc.1", "1.9.0", false),
        ("^1.2.3", "1.2.4-rc.1", false),
        ("1 || 2", "3.0.0", true),
        ("1 || 3", "2.0.0", false),
        ("1 || >=2.1", "2.0.0", false),
        ("1.0.0", "1.0.1", true),
        (">=1", "9.0.0", false),
        ("*", "9.0.0", false),
        ("<2", "2.0.0", true),
    ] {
        assert_eq!(is_below(range, version), expected, "{range} {version}");
    }
}

#[test]
fn what_is_no_range_is_none() {
    for text in [
        "latest",
        "next || 1",
        "npm:other@1",
        "workspace:*",
        "git+https://git.example/a.git",
        "file:../a",
        "a/b",
        "1.2.3.4",
        "1.2-rc",
        "^x.y",
        ">>1",
        "> < 1",
        "01",
        "9007199254740992",
        "^9007199254740991",
        &"1||".repeat(100),
        &"1".repeat(2000),
    ] {
        assert_eq!(Range::parse(text), None, "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// As another reading of npm's ranges has it, where people write them.
    #[test]
    fn ranges_mean_what_others_make_of_them(
        operator in "(\\^|~|>=|<=|<|>|=|)",
        numbers in proptest::collection::vec(0u64..4, 1..=3),
        version in (0u64..4, 0u64..4, 0u64..4),
    ) {
        let numbers: Vec<_> = numbers.iter().map(u64::to_string).collect();
        let range = format!("{operator}{}", numbers.join("."));
        let version = format!("{}.{}.{}", version.0, version.1, version.2);
        let theirs = nodejs_semver::Range::parse(&range).unwrap();
        let expected = theirs.satisfies(&version.parse().unwrap());
        prop_assert_eq!(includes(&range, &version), expected, "{} in {}", version, range);
    }

    #[test]
    fn nothing_breaks_the_reader(text in "\\PC{0,40}") {
        let version = "1.2.3".parse().unwrap();
        let _ = Range::parse(&text).map(|range| range.includes(&version));
    }
}
