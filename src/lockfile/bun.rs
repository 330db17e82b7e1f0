//! bun's `bun.lock`, which is JSON but for commas at the end of lists.
//! Knows nothing of what other package managers write.

use super::spec::{Source, is_version, kind_of, source_at, split};
use super::{Lockfile, Unreadable, integrity};
use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value;

/// The newest that is known.
const NEWEST: u64 = 2;

#[derive(Deserialize)]
struct Lock {
    #[serde(rename = "lockfileVersion")]
    version: Value,
    #[serde(default)]
    packages: IndexMap<String, Vec<Value>>,
}

pub(super) fn read(text: &str) -> Result<Lockfile, Unreadable> {
    let json = without_last_commas(text);
    let lock: Lock = serde_json::from_str(&json).map_err(|error| Unreadable::of_json(&error))?;
    let version = lock.version.as_u64().filter(|version| *version <= NEWEST);
    let Some(version) = version else {
        let why = format!("its lockfileVersion is {}; NOPAR reads 0 to {NEWEST}", lock.version);
        return Err(Unreadable::new(why));
    };
    let mut found = Lockfile::of(format!("bun, version {version}"));
    for (key, row) in &lock.packages {
        package(&mut found, key, row)?;
    }
    Ok(found)
}

/// `["name@1.0.0", "" or the address, {…}, "sha512-…"]`; of what is from elsewhere, only the first is looked at.
fn package(found: &mut Lockfile, key: &str, row: &[Value]) -> Result<(), Unreadable> {
    let wrong = |why: &str| Unreadable::new(format!("the package {key:?} {why}"));
    let text_at = |at: usize| row.get(at).and_then(Value::as_str);
    let resolution = text_at(0).ok_or_else(|| wrong("does not begin with what it is"))?;
    let (name, what) = split(resolution).ok_or_else(|| wrong("has no version"))?;
    if !is_version(what) {
        if !what.starts_with("root:") {
            found.other(resolution, kind_of(what));
        }
        return Ok(());
    }
    let source = match text_at(1) {
        Some(address) if address.contains("://") => match source_at(address, name, what) {
            Source::Registry(file) => Source::Registry(file),
            // The address of another registry.
            Source::Elsewhere(_) => Source::Registry(None),
        },
        _ => Source::Registry(None),
    };
    let integrity = integrity(key, text_at(3))?;
    found.add(key, name, what, source, integrity)
}

/// Has a blank in place of each comma behind which a list or object ends: so all lines stay where they are.
fn without_last_commas(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let (mut comma, mut is_inside, mut is_escaped) = (None, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_inside => is_escaped = true,
            b'"' => {
                is_inside = !is_inside;
                comma = None;
            }
            _ if is_inside => {}
            b',' => comma = Some(at),
            b'}' | b']' => {
                if let Some(comma) = comma.take() {
                    bytes[comma] = b' ';
                }
            }
            _ if byte.is_ascii_whitespace() => {}
            _ => comma = None,
        }
    }
    // Blanks in place of commas: it is as much UTF-8 as it was.
    String::from_utf8(bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_at_the_end_of_lists_are_blanks_and_others_stay() {
        for (text, expected) in [
            ("[1, 2,\n]", "[1, 2 \n]"),
            ("{\"a\": [\"x,]\", ], }", "{\"a\": [\"x,]\"  ]  }"),
            (r#"["\",", "é,}"]"#, r#"["\",", "é,}"]"#),
            ("[1,,]", "[1, ]"),
        ] {
            assert_eq!(without_last_commas(text), expected, "{text}");
        }
    }
}
