//! Trust in the file: what it means, and what is wrong with it.
//! Knows nothing of tokens.

use super::*;
use crate::npm::PackageName;

const WHOLE: &str = r#"
    [[trust]]
    issuer = "https://token.actions.githubusercontent.com"
    claims = { repository = "acme/ui", ref = "refs/tags/*" }
    packages = ["@acme/ui", "@acme/ui-*"]
"#;

const BASE: &[(&str, &str)] = &[("NOPAR_BASE_URL", "https://npm.acme.example:8443/npm")];

fn trust(text: &str) -> Vec<Trust> {
    let (_file, sources) = with_file(text, BASE);
    Config::load(&sources).unwrap().access.trust
}

fn problems(text: &str, pairs: &[(&str, &str)]) -> String {
    let (file, sources) = with_file(text, pairs);
    let mistakes = Config::load(&sources).unwrap_err().to_string();
    mistakes.replace(&file.path().display().to_string(), "FILE")
}

#[test]
fn a_trust_says_whom_and_with_what() {
    let more = r#"
        [[trust]]
        issuer = "https://gitlab.acme.example"
        audience = "acme"
        claims = { sub = "x" }
        packages = ["*"]
        permission = "read"
    "#;
    let all = trust(&format!("{WHOLE}{more}"));
    let [github, gitlab] = &all[..] else { panic!("{all:?}") };
    assert_eq!(github.audience, "npm:npm.acme.example", "as clients ask for: without a port");
    assert!(!github.read_only && gitlab.read_only);
    assert_eq!(gitlab.audience, "acme");
    assert_eq!(gitlab.issuer, "https://gitlab.acme.example", "as it is written");
    for (name, expected) in [("@acme/ui", true), ("@acme/ui-x", true), ("@acme/x", false)] {
        let name: PackageName = name.parse().unwrap();
        assert_eq!(github.is_for(&name), expected, "{name}");
    }
    for (claim, said, expected) in [
        ("repository", "acme/ui", true),
        ("repository", "acme/ui2", false),
        ("ref", "refs/tags/v1", true),
        ("ref", "refs/heads/v1", false),
    ] {
        assert_eq!(github.claims[claim].matches(said), expected, "{claim} {said}");
    }
    assert!(trust("").is_empty());
}

#[test]
fn plain_http_is_for_issuers_on_this_machine_only() {
    let with = |issuer: &str| WHOLE.replace("https://token.actions.githubusercontent.com", issuer);
    for issuer in ["http://127.0.0.1:8080", "http://127.1.2.3/jobs", "http://[::1]:1"] {
        assert_eq!(trust(&with(issuer))[0].issuer, issuer);
    }
    for issuer in [
        "http://10.0.0.1",
        "http://localhost",
        "http://127.0.0.1.evil.example",
        "http://[::ffff:10.0.0.1]",
        "ftp://127.0.0.1",
    ] {
        assert!(problems(&with(issuer), BASE).contains("a URL is allowed"), "{issuer}");
    }
}

#[test]
fn trust_where_everybody_may_do_everything_is_told_to_be_of_no_use() {
    for (auth, expected) in [("open", 1), ("users", 0)] {
        let (_file, sources) = with_file(WHOLE, &[BASE, &[("NOPAR_AUTH", auth)]].concat());
        let warnings = Config::load(&sources).unwrap().warnings;
        let told = warnings.iter().filter(|warning| warning.contains("[[trust]]"));
        assert_eq!(told.count(), expected, "{auth}: {warnings:?}");
    }
}

/// Where a request says it goes is not believed, so without either nobody knows for whom tokens are.
#[test]
fn for_whom_tokens_are_must_be_known() {
    let told = problems(WHOLE, &[]);
    assert!(told.contains("it is missing, and so is NOPAR_BASE_URL"), "{told}");
}

#[test]
fn all_that_is_wrong_with_a_trust_is_told() {
    let told = problems(
        r#"
        [[trust]]
        issuer = "http://token.example"
        audience = ""
        claims = { sub = "*" }
        packages = ["@acme"]
        permission = "write"
        who = "ann"
        [[trust]]
        [[trust]]
        issuer = "https://user@x.example"
        claims = {}
        packages = []
        [[trust]]
        issuer = "https://gitlab.com"
        claims = { ref = "main" }
        packages = ["x"]
        [[trust]]
        issuer = 7
        claims = { a = 7, b = "a*b" }
        packages = "x"
        "#,
        BASE,
    );
    for expected in [
        "trust.issuer in FILE ([[trust]] number 1): a URL is allowed",
        "trust.audience in FILE ([[trust]] number 1): a text is allowed",
        "trust.claims in FILE ([[trust]] number 1): sub: a table of texts is allowed",
        "trust.packages in FILE ([[trust]] number 1): \"@acme\" matches no package",
        "trust.permission in FILE ([[trust]] number 1): \"publish\" or \"read\" is allowed",
        "trust.who in FILE ([[trust]] number 1): there is no such key",
        "trust.issuer in FILE ([[trust]] number 2): it is missing",
        "trust.claims in FILE ([[trust]] number 2): it is missing",
        "trust.packages in FILE ([[trust]] number 2): it is missing",
        "trust.issuer in FILE ([[trust]] number 3): a URL is allowed",
        "trust.claims in FILE ([[trust]] number 3): a table of texts is allowed",
        "trust.packages in FILE ([[trust]] number 3): a list of texts is allowed",
        "trust.claims in FILE ([[trust]] number 4): https://gitlab.com makes tokens for everybody",
        "trust.issuer in FILE ([[trust]] number 5): a URL is allowed",
        "trust.claims in FILE ([[trust]] number 5): ",
        "trust.packages in FILE ([[trust]] number 5): a list of texts is allowed",
    ] {
        assert!(told.contains(expected), "{expected}\n{told}");
    }
    assert!(problems("[trust]\nissuer = \"x\"", BASE).contains("[[trust]] is needed"));
    assert!(problems("trust = [1]", BASE).contains("a table, [[trust]], is allowed"));
}

#[test]
fn the_examples_of_rules_and_trust_in_the_default_file_are_right() {
    let default = Config::default_file();
    let from = |first: &'static str| {
        let lines = default.lines().skip_while(move |line| *line != first);
        lines.take_while(|line| line.starts_with('#'))
    };
    let lines = from("# [teams]").chain(from("# [[trust]]"));
    let example: String =
        lines.map(|line| format!("{}\n", line.trim_start_matches('#').trim())).collect();
    let (_file, sources) = with_file(&example, BASE);
    let access = Config::load(&sources).unwrap().access;
    assert_eq!(access.rules.len(), 2, "{example}");
    let usual = Rule::usual();
    assert_eq!(access.rules[1], usual, "the last one says what is usual");
    let [trust] = &access.trust[..] else { panic!("{example}") };
    assert_eq!(trust.audience, "npm:npm.acme.example");
    assert!(!trust.read_only && trust.claims.len() == 2 && trust.packages.len() == 2);
}
