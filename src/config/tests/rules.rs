//! Rules and teams in the file: what they mean, and what is wrong with them.
//! Knows nothing of callers.

use super::*;
use crate::npm::PackageName;

fn rules(text: &str) -> Vec<Rule> {
    let (_file, sources) = with_file(text, &[]);
    Config::load(&sources).unwrap().access.rules
}

fn problems(text: &str) -> String {
    let (file, sources) = with_file(text, &[]);
    let mistakes = Config::load(&sources).unwrap_err().to_string();
    mistakes.replace(&file.path().display().to_string(), "FILE")
}

fn users(names: &[&str]) -> Who {
    let users = names.iter().map(|name| (*name).to_owned()).collect();
    Who { users, ..Who::default() }
}

#[test]
fn a_rule_says_who_and_the_rest_is_as_usual() {
    let rules = rules(
        r#"
        [teams]
        ui = ["ann", "bob"]
        [[rule]]
        packages = ["@acme/*", "left-pad"]
        read = ["$authenticated"]
        publish = ["team:ui", "eve"]
        [[rule]]
        packages = ["*"]
        publish = ["$maintainers", "eve"]
        [[rule]]
        packages = ["x"]
        read = []
        create = ["ann"]
        unpublish = ["$all"]
        publish = ["$authenticated"]
        "#,
    );
    let [acme, all, x] = &rules[..] else { panic!("{rules:?}") };
    let name: PackageName = "@acme/ui".parse().unwrap();
    assert!(acme.matches(&name) && all.matches(&name) && !x.matches(&name));
    assert_eq!(acme.read, Who::authenticated());
    assert_eq!(acme.publish, users(&["ann", "bob", "eve"]));
    assert_eq!(acme.create, acme.publish, "who may publish may begin");
    assert_eq!(acme.unpublish, Who::maintainers());
    assert_eq!(all.read, Who::all());
    assert_eq!(all.create, Who { authenticated: true, ..users(&["eve"]) });
    assert_eq!((&x.read, &x.create), (&Who::default(), &users(&["ann"])));
    assert_eq!(x.unpublish, Who::all());
}

#[test]
fn all_that_is_wrong_with_a_rule_is_told() {
    let told = problems(
        r#"
        [teams]
        ui = ["ann", "$all"]
        [[rule]]
        packages = ["@acme"]
        read = "ann"
        publish = ["team:gone", "ann"]
        write = ["ann"]
        [[rule]]
        read = ["ann"]
        "#,
    );
    for expected in [
        "teams.ui in FILE: a list of users is allowed",
        "rule.packages in FILE ([[rule]] number 1): \"@acme\" matches no package",
        "rule.read in FILE ([[rule]] number 1): a list of texts is allowed",
        "\"team:gone\" is no team of [teams]",
        "rule.write in FILE ([[rule]] number 1): there is no such key",
        "rule.packages in FILE ([[rule]] number 2): it is missing",
    ] {
        assert!(told.contains(expected), "{expected}\n{told}");
    }
    let one = "[rule]\npackages = [\"*\"]";
    assert!(problems(one).contains("[[rule]] is needed"));
}
