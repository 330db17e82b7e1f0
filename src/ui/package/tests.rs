//! Commands that people copy, and tags, as pages have them.
//! Knows nothing of pages.

use super::*;
use crate::npm::Document;

fn about(text: &str) -> About {
    Document::parse(text.as_bytes()).unwrap().about(None).unwrap()
}

#[test]
fn commands_mean_the_package_and_nothing_else_to_a_shell() {
    let about = about(r#"{"versions":{"1.0.0":{}}}"#);
    let commands = |name: &str, is_latest| -> Vec<String> {
        let all = installs(&name.parse().unwrap(), &about, is_latest);
        all.into_iter().map(|install| install.command).collect()
    };
    assert_eq!(commands("@s/n", true)[..2], ["npm install @s/n", "pnpm add @s/n"]);
    assert_eq!(commands("a", false)[4], "deno add npm:a@1.0.0");
    assert_eq!(commands("it's$(x)", true)[0], r"npm install 'it'\''s$(x)'");
    assert_eq!(commands("-x", true)[0], "npm install '-x'");
}

#[test]
fn a_latest_that_is_not_the_highest_is_marked() {
    let two = r#"{"dist-tags":{"latest":"1.0.0","old":"1.0.0"},"versions":{"1.0.0":{},"2.0.0":{},"3.0.0-rc.1":{}}}"#;
    let marks: Vec<_> =
        tags(&about(two), Some("1.0.0")).into_iter().map(|row| (row.tag, row.higher)).collect();
    let expected = [("latest".to_owned(), Some("2.0.0".to_owned())), ("old".to_owned(), None)];
    assert_eq!(marks, expected);
    let one = r#"{"dist-tags":{"latest":"1.0.0"},"versions":{"1.0.0":{},"2.0.0-rc.1":{}}}"#;
    assert!(tags(&about(one), Some("1.0.0")).iter().all(|row| row.higher.is_none()));
}
