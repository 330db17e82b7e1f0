//! Lock files of one project, as the real clients wrote them, and what may be wrong with such files.

mod wrong;

use super::*;
use std::collections::BTreeSet;

/// Each as its client wrote it, but that the registry is one of no name.
const FILES: [(&str, &str, &str); 8] = [
    (
        "package-lock.json",
        "npm, version 1",
        include_str!("../../tests/fixtures/lockfiles/npm-1.json"),
    ),
    (
        "package-lock.json",
        "npm, version 2",
        include_str!("../../tests/fixtures/lockfiles/npm-2.json"),
    ),
    (
        "npm-shrinkwrap.json",
        "npm, version 3",
        include_str!("../../tests/fixtures/lockfiles/npm-3.json"),
    ),
    (
        "pnpm-lock.yaml",
        "pnpm, version 6.0",
        include_str!("../../tests/fixtures/lockfiles/pnpm-6.yaml"),
    ),
    (
        "pnpm-lock.yaml",
        "pnpm, version 9.0",
        include_str!("../../tests/fixtures/lockfiles/pnpm-9.yaml"),
    ),
    ("yarn.lock", "yarn, version 1", include_str!("../../tests/fixtures/lockfiles/yarn-1.lock")),
    ("yarn.lock", "yarn, version 10", include_str!("../../tests/fixtures/lockfiles/yarn-4.lock")),
    ("bun.lock", "bun, version 2", include_str!("../../tests/fixtures/lockfiles/bun.lock")),
];

fn read(file: &str, text: &str) -> Lockfile {
    Lockfile::read(file, text.as_bytes()).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn names(found: &Lockfile) -> BTreeSet<String> {
    found.wanted.iter().map(|wanted| format!("{}@{}", wanted.name, wanted.version)).collect()
}

fn wanted<'a>(found: &'a Lockfile, name: &str) -> &'a Wanted {
    let wanted = found.wanted.iter().find(|wanted| wanted.name.as_str() == name);
    wanted.unwrap_or_else(|| panic!("{} has no {name}", found.format))
}

#[test]
fn all_formats_name_the_same_packages_for_every_platform() {
    let npm = names(&read(FILES[2].0, FILES[2].2));
    assert!(npm.len() > 40, "{npm:?}");
    for (file, format, text) in FILES {
        let found = read(file, text);
        assert_eq!(found.format, format);
        let (names, is_berry) = (names(&found), format == "yarn, version 10");
        // Yarn 2 and later adds what native packages are built with.
        let lacks: Vec<_> = npm.difference(&names).collect();
        assert!(lacks.is_empty(), "{format} lacks {lacks:?}");
        let more: Vec<_> = names.difference(&npm).collect();
        assert!(is_berry || more.is_empty(), "{format} has {more:?} too");
        for platform in ["darwin-arm64", "win32-ia32", "linux-arm-musl"] {
            let name = format!("@parcel/watcher-{platform}@2.5.1");
            assert!(names.contains(&name), "{format}: {name}");
        }
    }
}

#[test]
fn an_alias_is_asked_for_by_its_real_name() {
    for (file, format, text) in FILES {
        let found = read(file, text);
        assert_eq!(wanted(&found, "once").version, "1.4.0", "{format}");
        assert!(!found.wanted.iter().any(|it| it.name.as_str() == "once-again"), "{format}");
    }
}

#[test]
fn a_folder_of_the_project_is_told_apart() {
    for (file, format, text) in FILES {
        let found = read(file, text);
        assert!(!found.wanted.iter().any(|it| it.name.as_str() == "lamp"), "{format}");
        let lamp: Vec<_> = found.others.iter().filter(|it| it.what.contains("lamp")).collect();
        assert_eq!(lamp.len(), 1, "{format}: {lamp:?}");
        assert_eq!((lamp[0].kind, found.others.len()), (Kind::Local, 1), "{format}");
    }
}

#[test]
fn digests_and_files_are_known_where_they_are_said() {
    for (file, format, text) in FILES {
        let found = read(file, text);
        let (once, is_berry) = (wanted(&found, "once"), format == "yarn, version 10");
        let digests = once.integrity.as_ref().map(ToString::to_string).unwrap_or_default();
        assert_eq!(digests.starts_with("sha512-lNaJgI+2Q5URQBkccEKHTQ"), !is_berry, "{format}");
        let has_addresses = format.starts_with("npm") || format == "yarn, version 1";
        let file = once.file.as_ref().map(TarballName::as_str);
        assert_eq!(file, has_addresses.then_some("once-1.4.0.tgz"), "{format}");
    }
}

#[test]
fn peers_are_no_part_of_a_version_and_what_is_patched_is_fetched_once() {
    let pnpm = read(FILES[3].0, FILES[3].2);
    assert_eq!(wanted(&pnpm, "react-dom").version, "18.3.1");
    let yarn = read(FILES[6].0, FILES[6].2);
    let resolve = yarn.wanted.iter().filter(|wanted| wanted.name.as_str() == "resolve");
    assert_eq!(resolve.count(), 1);
}

#[test]
fn what_came_in_the_tarball_of_another_is_not_asked_for() {
    for text in [
        r#"{"lockfileVersion": 3, "packages": {"": {}, "node_modules/a": {"version": "1.0.0"},
            "node_modules/a/node_modules/b": {"version": "1.0.0", "inBundle": true}}}"#,
        r#"{"lockfileVersion": 1, "dependencies": {"a": {"version": "1.0.0", "dependencies":
            {"b": {"version": "1.0.0", "bundled": true, "resolved": false}}}}}"#,
    ] {
        let found = read("package-lock.json", text);
        assert_eq!(names(&found).into_iter().collect::<Vec<_>>(), ["a@1.0.0"]);
    }
}

#[test]
fn what_no_registry_has_is_listed_with_where_it_comes_from() {
    let npm = r#"{"lockfileVersion": 3, "packages": {"packages/w": {},
        "node_modules/w": {"link": true, "resolved": "packages/w"},
        "node_modules/g": {"version": "1.0.0", "resolved": "git+ssh://git@git.example/g.git#0123"},
        "node_modules/t": {"version": "1.0.0", "resolved": "https://files.example/t.tgz"},
        "node_modules/o": {"version": "1.0.0/../../x", "resolved": "https://registry.example/o/-/o-1.0.0.tgz"}}}"#;
    let old = r#"{"dependencies": {"w": {"version": "file:packages/w"},
        "g": {"version": "github:somebody/g#0123", "from": "g"},
        "t": {"version": "https://files.example/t.tgz"}, "o": {"version": "what"}}}"#;
    let pnpm = "lockfileVersion: '9.0'\npackages:\n  w@file:packages/w:\n    resolution: {directory: packages/w, type: directory}\n  g@git+https://git.example/g.git#0123:\n    resolution: {commit: '0123', repo: https://git.example/g.git, type: git}\n  t@https://files.example/t.tgz:\n    resolution: {tarball: https://files.example/t.tgz}\n  o@what:\n    resolution: {type: variations}\n";
    let six = "lockfileVersion: '6.0'\npackages:\n  file:packages/w:\n    resolution: {directory: packages/w, type: directory}\n  git.example/g/0123:\n    resolution: {commit: '0123', repo: https://git.example/g.git, type: git}\n  '@files.example/t.tgz':\n    resolution: {tarball: https://files.example/t.tgz}\n  /up5/1.0.0:\n    resolution: {integrity: sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=}\n";
    let yarn = "# yarn lockfile v1\n\"w@file:packages/w\":\n  version \"1.0.0\"\n\"g@git+https://git.example/g.git\":\n  version \"1.0.0\"\n  resolved \"git+https://git.example/g.git#0123\"\n\"t@https://files.example/t.tgz\":\n  version \"1.0.0\"\n  resolved \"https://files.example/t.tgz#0123\"\n\"o@what:x\":\n  version \"what\"\n";
    let berry = "__metadata:\n  version: 8\n\"w@workspace:packages/w\":\n  resolution: \"w@workspace:packages/w\"\n\"g@git+https://git.example/g.git\":\n  resolution: \"g@https://git.example/g.git#commit=0123\"\n\"t@https://files.example/t.tgz\":\n  resolution: \"t@https://files.example/t.tgz\"\n\"o@what:x\":\n  resolution: \"o@what:x\"\n\"p@workspace:.\":\n  resolution: \"p@workspace:.\"\n";
    let bun = r#"{"lockfileVersion": 1, "workspaces": {"": {}}, "packages": {"w": ["w@workspace:packages/w"],
        "g": ["g@git+https://git.example/g.git#0123", {}, "0123"], "t": ["t@https://files.example/t.tgz", {}],
        "o": ["o@what:x"], "p": ["p@root:", {}]}}"#;
    for (file, text) in [
        ("package-lock.json", npm),
        ("npm-shrinkwrap.json", old),
        ("pnpm-lock.yaml", pnpm),
        ("pnpm-lock.yaml", six),
        ("yarn.lock", yarn),
        ("yarn.lock", berry),
        ("bun.lock", bun),
    ] {
        let found = read(file, text);
        assert_eq!(found.wanted, [], "{file}");
        let kinds: Vec<_> = found.others.iter().map(|other| other.kind).collect();
        assert_eq!(kinds, [Kind::Local, Kind::Git, Kind::Url, Kind::Unknown], "{text}");
    }
}

/// What has no version, or is fetched from where it is made, is nothing that NOPAR fails to understand.
#[test]
fn what_need_not_have_a_version_is_understood() {
    let kind = |package: &str| {
        let lock =
            format!(r#"{{"lockfileVersion": 3, "packages": {{"node_modules/o": {package}}}}}"#);
        read("package-lock.json", &lock).others[0].kind
    };
    assert_eq!(kind(r#"{"optional": true}"#), Kind::Unresolved);
    assert_eq!(kind(r#"{"resolved": "git+ssh://git@git.example/o.git#0123"}"#), Kind::Git);
    assert_eq!(kind(r#"{"resolved": "file:o.tgz", "optional": true}"#), Kind::Local);
    assert_eq!(kind(r#"{"dev": true}"#), Kind::Unknown);
    assert_eq!(kind(r#"{"resolved": "https://registry.example/o/-/o-1.0.0.tgz"}"#), Kind::Unknown);
    let pnpm = "lockfileVersion: '9.0'\npackages:\n  node@runtime:24.0.0:\n    resolution: {type: variations}\n";
    assert_eq!(read("pnpm-lock.yaml", pnpm).others[0].kind, Kind::Runtime);
}

#[test]
fn a_lock_file_is_known_by_its_text_whatever_its_name() {
    for (_, format, text) in FILES {
        assert_eq!(read("some/file", text).format, format);
        assert_eq!(read("some/file", &format!("\u{feff}{text}")).format, format);
    }
}

#[test]
fn what_pnpm_itself_needs_is_needed_too() {
    let text = "lockfileVersion: '9.0'\npackages:\n  pnpm@11.0.0:\n    resolution: {integrity: sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=}\n---\nlockfileVersion: '9.0'\npackages:\n  a@1.0.0:\n    resolution: {tarball: https://registry.example/a/-/a@1.0.0.tgz}\n";
    let found = read("pnpm-lock.yaml", text);
    let names: Vec<_> = names(&found).into_iter().collect();
    assert_eq!(names, ["a@1.0.0", "pnpm@11.0.0"]);
    assert_eq!(wanted(&found, "a").file.as_ref().map(TarballName::as_str), Some("a@1.0.0.tgz"));
}

#[test]
fn yarn_says_where_a_tarball_is_that_is_not_at_its_usual_place() {
    let text = "__metadata:\n  version: 8\n\"a@npm:^1\":\n  version: 1.0.0\n  resolution: \"a@npm:1.0.0::__archiveUrl=https%3A%2F%2Fregistry.example%2Fa%2F-%2Fa%401.0.0.tgz\"\n";
    let found = read("yarn.lock", text);
    assert_eq!(wanted(&found, "a").file.as_ref().map(TarballName::as_str), Some("a@1.0.0.tgz"));
}
