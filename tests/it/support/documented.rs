//! What `docs/commands.md` says of a command's JSON: its members, which are all that the command prints.
//! Knows nothing of what any of them means.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

/// Fails unless the page names each member of these rows, and of all that is in them, in the part about that command.
#[track_caller]
pub(crate) fn expect_documented(command: &str, rows: &[Value]) {
    let known = members_of(command);
    let mut found = BTreeSet::new();
    rows.iter().for_each(|row| gather(row, &mut found));
    let unknown: Vec<_> = found.iter().filter(|name| !known.contains(**name)).collect();
    assert!(unknown.is_empty(), "docs/commands.md does not name {unknown:?} of `nopar {command}`");
}

/// The words in backquotes below the heading that names the command.
#[track_caller]
fn members_of(command: &str) -> BTreeSet<String> {
    let root = std::env::var("CARGO_MANIFEST_DIR").expect("cargo says where the package is");
    let page = std::fs::read_to_string(Path::new(&root).join("docs/commands.md")).expect("a page");
    let mut parts = page.split("\n## ");
    let heading = format!("`nopar {command}`");
    let is_it = |part: &&str| part.lines().next().is_some_and(|line| line.contains(&heading));
    let part = parts.find(is_it).unwrap_or_else(|| panic!("docs/commands.md has no {heading}"));
    part.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn gather<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            found.insert(name);
            gather(value, found);
        }),
        Value::Array(all) => all.iter().for_each(|value| gather(value, found)),
        _ => {}
    }
}
