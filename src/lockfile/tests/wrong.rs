//! Files that are no lock files, or damaged: each is told by what is wrong with it.

use super::super::*;
use super::FILES;

fn told(file: &str, text: &str) -> String {
    match Lockfile::read(file, text.as_bytes()) {
        Err(error) => error.to_string(),
        Ok(found) => panic!("{text:?} was read: {found:?}"),
    }
}

#[test]
fn what_is_no_lock_file_is_told_so() {
    for (file, text, expected) in [
        ("x", "", "it is empty"),
        ("x", "hello\n", "it is none of the lock files that NOPAR reads: package-lock.json"),
        ("deno.lock", r#"{"version": "5", "specifiers": {}}"#, "it is a lock file of deno"),
        ("package.json", r#"{"name": "a"}"#, "it has no lockfileVersion"),
        (
            "package-lock.json",
            r#"{"lockfileVersion": 4}"#,
            "its lockfileVersion is 4; NOPAR reads 1 to 3",
        ),
        ("package-lock.json", r#"{"lockfileVersion": 3}"#, "it has no \"packages\""),
        (
            "package-lock.json",
            r#"{"lockfileVersion": 2, "dependencies": {}}"#,
            "it has no \"packages\", though its lockfileVersion is 2",
        ),
        ("package-lock.json", r#"{"lockfileVersion": "x"}"#, "its lockfileVersion is \"x\""),
        ("pnpm-lock.yaml", "lockfileVersion: 5.4\n", "pnpm install --lockfile-only of pnpm 8"),
        (
            "pnpm-lock.yaml",
            "lockfileVersion: '10.0'\n",
            "its lockfileVersion is 10.0; NOPAR reads 6.0 and 9.0",
        ),
        ("shrinkwrap.yaml", "shrinkwrapVersion: 3\n", "pnpm 2 or older"),
        ("yarn.lock", "__metadata:\n  version: 3\n", "the version of its __metadata is \"3\""),
        ("bun.lock", r#"{"lockfileVersion": 3}"#, "its lockfileVersion is 3; NOPAR reads 0 to 2"),
        ("bun.lockb", "x", "bun install --save-text-lockfile"),
        ("x", "#!/usr/bin/env bun\nbun-lockfile-format-v0\n", "bun install --save-text-lockfile"),
    ] {
        let told = told(file, text);
        assert!(told.contains(expected), "{file}: {told}");
    }
    let invalid = Lockfile::read("yarn.lock", b"# yarn lockfile v1\n\xff").unwrap_err();
    assert_eq!(invalid.to_string(), "line 2: it is not UTF-8");
    let long = vec![b' '; LONGEST as usize + 1];
    let told = Lockfile::read("yarn.lock", &long).unwrap_err().to_string();
    assert_eq!(told, "it is longer than 50 MiB");
}

#[test]
fn a_mistake_is_told_with_its_line_or_its_entry() {
    for (file, text, expected) in [
        ("package-lock.json", "{\"lockfileVersion\": 3,\n\"packages\": {]}", "line 2: "),
        (
            "package-lock.json",
            r#"{"lockfileVersion": 3, "packages": {"node_modules/.x": {"version": "1.0.0"}}}"#,
            "\"node_modules/.x\": package name \".x\" has a part that begins with a dot",
        ),
        (
            "package-lock.json",
            r#"{"lockfileVersion": 1, "dependencies": {"a": {"version": "1.0.0", "integrity": "sha512-x"}}}"#,
            "\"a\": its integrity is not valid",
        ),
        ("pnpm-lock.yaml", "lockfileVersion: '9.0'\npackages: [\n", "line "),
        ("pnpm-lock.yaml", "lockfileVersion: '9.0'\npackages:\n  a@1.0.0: 5\n", "line 3: "),
        (
            "yarn.lock",
            "__metadata:\n  version: 8\n\"a@npm:1\":\n  version: 1.0.0\n",
            "no resolution",
        ),
        (
            "yarn.lock",
            "# yarn lockfile v1\n\na@1:\n  resolved \"x\"\n",
            "line 3: \"a@1\" has no version",
        ),
        ("yarn.lock", "# yarn lockfile v1\n  version \"1\"\n", "line 2: "),
        ("yarn.lock", "# yarn lockfile v1\na@1\n", "line 2: \"a@1\" is not a line"),
        ("yarn.lock", "# yarn lockfile v1\na@1:\n  version \"1\n", "line 3: "),
        (
            "yarn.lock",
            "# yarn lockfile v1\na@1:\n  version \"1.0.0\"\n  integrity md5-x\n",
            "line 2: \"a@1\" has an integrity",
        ),
        ("yarn.lock", "<<<<<<< HEAD\n", "line 1: a merge left a conflict here"),
        (
            "bun.lock",
            "{\"lockfileVersion\": 1,\n\"packages\": {\"a\": []}}",
            "\"a\" does not begin",
        ),
        ("bun.lock", "{\"lockfileVersion\": 1,\n\"packages\": {\"a\": 5}}", "line 2: "),
    ] {
        let told = told(file, text);
        assert!(told.contains(expected), "{text:?}: {told}");
    }
}

/// What was cut off while it was copied must not pass for a shorter one. Where an entry ends, a file of YAML or yarn 1 may
/// end as well: nobody can tell.
#[test]
fn a_file_of_json_that_was_cut_is_none() {
    for (file, format, text) in FILES {
        if !format.starts_with("npm") && !format.starts_with("bun") {
            continue;
        }
        for part in 1..8 {
            let cut = &text[..text.floor_char_boundary(text.len() * part / 8)];
            assert!(Lockfile::read(file, cut.as_bytes()).is_err(), "{format}: {part}/8");
        }
    }
}

#[test]
fn nothing_that_is_made_of_lock_files_ends_the_process() {
    for (file, _, text) in FILES {
        for at in (0..text.len()).step_by(1_999) {
            let at = text.floor_char_boundary(at);
            for put in ["\"", "{", "]", ":\n", "\u{0}", "@", "- "] {
                let changed = format!("{}{put}{}", &text[..at], &text[at..]);
                let _ = Lockfile::read(file, changed.as_bytes());
            }
        }
    }
    let deep =
        ["[", "{\"a\":", "{\"packages\":{\"dependencies\":"].map(|open| open.repeat(100_000));
    for text in deep {
        for (file, before) in [
            ("package-lock.json", "{\"x\":"),
            ("bun.lock", "{\"x\":"),
            ("p", "lockfileVersion: "),
            ("y", "__metadata: "),
        ] {
            assert!(Lockfile::read(file, format!("{before}{text}").as_bytes()).is_err());
        }
    }
}
