//! What is kept of packages, how they rank, and what is told of them.
//! Knows nothing of more than one package.

use super::*;

fn person(name: &str, email: &str) -> Person {
    Person { name: name.to_owned(), email: email.to_owned() }
}

fn summary() -> Summary {
    Summary {
        version: "1.2.3".to_owned(),
        description: "Buttons and \"more\"\n for Vue".to_owned(),
        keywords: vec!["Widget".to_owned(), "state machine".to_owned()],
        homepage: Some("https://ui.example/".to_owned()),
        repository: Some("git+https://git.example/acme/ui.git".to_owned()),
        bugs: Some("javascript:alert(1)".to_owned()),
        author: Some(person("Ann Ä. Author", "ann@mail.example")),
        publisher: Some(person("bob", "")),
        maintainers: vec![person("bob", "bob@mail.example"), person("carol", "")],
        date: Some("2025-01-02T03:04:05Z".to_owned()),
    }
}

fn entry(name: &str) -> Entry {
    Entry::of(&name.parse().unwrap(), &summary())
}

fn rank(name: &str, text: &str) -> Option<u32> {
    entry(name).rank(&Query::parse(text).unwrap())
}

#[test]
fn a_name_ranks_before_its_parts_and_those_before_other_texts() {
    for (text, expected) in [
        ("@acme/ui-kit", Some(0)),
        ("@ACME/UI-Kit", Some(0)),
        ("ui-kit", Some(1)),
        ("@acme", Some(2)),
        ("ui", Some(3)),
        ("kit", Some(4)),
        ("acme", Some(4)),
        ("ki", Some(4)),
        ("i-k", Some(5)),
        ("cme", Some(5)),
        ("widget", Some(6)),
        ("WIDG", Some(6)),
        ("machine", Some(6)),
        ("buttons", Some(7)),
        ("vue", Some(7)),
        ("carol", Some(8)),
        // Each word counts.
        ("ui kit", Some(7)),
        ("kit vue", Some(11)),
        ("vue carol", Some(15)),
        // Each has to be there.
        ("ui react", None),
        ("react", None),
        // Where one text ends, the next does not go on.
        ("kitwidget", None),
        ("mail.example", None),
        ("ann", None),
        ("*", Some(0)),
    ] {
        assert_eq!(rank("@acme/ui-kit", text), expected, "{text}");
    }
    // A later place in the name may be a better one.
    assert_eq!(rank("begin-in", "in"), Some(4));
    // As with copies, of which less is known.
    assert_eq!(rank("typescript", "type"), Some(2));
    assert_eq!(rank("@humanfs/types", "type"), Some(3));
    assert_eq!(rank("@typescript/vfs", "type"), Some(4));
    assert_eq!(rank("straße", "STRASSE"), None);
    assert_eq!(rank("Ünïcode", "üNÏ"), Some(2));
    assert_eq!(rank("JSONStream", "jsonstream"), Some(0));
}

#[test]
fn qualifiers_ask_for_whole_things() {
    for (text, is_found) in [
        ("scope:acme", true),
        ("scope:@ACME", true),
        ("scope:acm", false),
        ("keywords:widget", true),
        ("keywords:x,Widget", true),
        ("keywords:widg", false),
        ("keywords:", false),
        ("maintainer:bob", true),
        ("maintainer:bo", false),
        ("maintainer:ann", false),
        ("author:ann", true),
        ("author:Author", true),
        ("author:ann@mail.example", true),
        ("author:bob", true),
        ("author:carol", false),
        ("is:unstable not:insecure boost-exact:false", true),
        ("ui scope:acme keywords:widget maintainer:carol", true),
        ("ui scope:other", false),
        ("react scope:acme", false),
    ] {
        assert_eq!(rank("@acme/ui-kit", text).is_some(), is_found, "{text}");
    }
}

fn object(name: &str, summary: &Summary) -> Value {
    let object = Entry::of(&name.parse().unwrap(), summary).object("http://npm.test/x", 3);
    serde_json::from_str(&object).unwrap_or_else(|error| panic!("{error}: {object}"))
}

#[test]
fn what_is_told_is_what_clients_read() {
    let expected = json!({
        "package": {
            "name": "@acme/ui",
            "scope": "acme",
            "version": "1.2.3",
            "description": "Buttons and \"more\" for Vue",
            "keywords": ["Widget", "state machine"],
            "date": "2025-01-02T03:04:05.000Z",
            "links": {
                "npm": "http://npm.test/x/@acme%2fui",
                "homepage": "https://ui.example/",
                "repository": "https://git.example/acme/ui",
            },
            "author": {"name": "Ann Ä. Author", "email": "ann@mail.example"},
            "publisher": {"username": "bob"},
            "maintainers": [
                {"username": "bob", "email": "bob@mail.example"},
                {"username": "carol"},
            ],
        },
        "flags": {"unstable": 0},
        "score": {"final": 1, "detail": {"quality": 1, "popularity": 1, "maintenance": 1}},
        "searchScore": 999_997,
    });
    assert_eq!(object("@acme/ui", &summary()), expected);
    let bare = Summary { version: "0.1.0".to_owned(), ..Summary::default() };
    let told = object("bare", &bare);
    assert_eq!(told["package"]["scope"], "unscoped");
    assert_eq!(told["package"]["date"], "1970-01-01T00:00:00.000Z");
    assert_eq!(told["package"]["maintainers"], json!([]));
    assert_eq!(told["package"]["keywords"], json!([]));
    assert_eq!(told["package"]["links"], json!({"npm": "http://npm.test/x/bare"}));
    assert_eq!(told["package"].get("author"), None);
    assert_eq!(told["package"].get("publisher"), None);
    assert_eq!(told["flags"]["unstable"], 1);
}

#[test]
fn lists_tell_the_same_in_short() {
    for (version, description) in [("1.2.3", "Buttons"), ("0.1.0-a", "\"}} <b>"), ("", "")] {
        let (version, description) = (version.to_owned(), description.to_owned());
        let summary = Summary { version, description, ..summary() };
        let shown = Entry::of(&"@acme/ui".parse().unwrap(), &summary).shown();
        assert_eq!(shown, Shown { version: summary.version, description: summary.description });
    }
}

/// Whatever a document says, an entry has no more than this, and is JSON.
#[test]
fn long_texts_are_cut() {
    for sign in ["a", "\u{1}", "\"", "\\", "İ", "😀", " x", "}", "\n"] {
        let long = sign.repeat(10_000);
        let people = vec![person(&long, &long); 1000];
        let url = Some(format!("https://x.example/{}", sign.repeat(237 / sign.len())));
        let summary = Summary {
            version: long.clone(),
            description: long.clone(),
            keywords: vec![long.clone(); 1000],
            homepage: url.clone(),
            repository: url.clone(),
            bugs: url,
            author: people.first().cloned(),
            publisher: people.first().cloned(),
            maintainers: people,
            date: Some(long),
        };
        let name = "n".repeat(214);
        let entry = Entry::of(&name.parse().unwrap(), &summary);
        assert!(entry.size() < 12 << 10, "{sign:?}: {}", entry.size());
        let told = object(&name, &summary);
        assert!(told["package"]["description"].as_str().unwrap().len() <= DESCRIPTION);
        assert!(told["package"]["maintainers"].as_array().unwrap().len() <= MAINTAINERS);
        assert!(told["package"]["keywords"].as_array().unwrap().len() <= KEYWORDS);
    }
    // A usual one: 50,000 of these are 50 MB at most.
    assert!(entry("@acme/ui-kit").size() < 900, "{}", entry("@acme/ui-kit").size());
}
