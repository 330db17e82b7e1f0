//! The names of the packages that were published to a Verdaccio: `{"list": ["a", "@s/b"], "secret": "…"}`.
//! Knows nothing of what else it keeps there: its secret is of no use elsewhere.

use serde::Deserialize;
use std::collections::BTreeSet;

#[derive(Deserialize)]
struct Database {
    list: Vec<String>,
}

/// The names, as they are written.
///
/// # Errors
/// When it is no such file. What is told of it holds nothing of what is in it.
pub fn listed(text: &[u8]) -> Result<BTreeSet<String>, String> {
    let database: Database = serde_json::from_slice(text).map_err(|error| {
        format!("it is damaged in line {}, column {}", error.line(), error.column())
    })?;
    Ok(database.list.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_nothing_else_is_told() {
        let names = listed(br#"{"list":["b","@s/a","b"],"secret":"s3cret"}"#).unwrap();
        assert_eq!(Vec::from_iter(names), ["@s/a", "b"]);
        for damaged in ["", "{", r#"{"secret":"s3cret"}"#, r#"{"list":"s3cret"}"#, "[]"] {
            let why = listed(damaged.as_bytes()).unwrap_err();
            assert!(why.contains("damaged in line") && !why.contains("s3cret"), "{why}");
        }
    }
}
