//! `nopar verify`: what is damaged is found, and what is not is left alone.
//! Knows nothing of how anything is compared.

mod damage;
mod repair;
mod serving;

use serde_json::Value;

use crate::support::binary::Ended;
use crate::support::kept::rows;

/// What it found, and the sum.
#[track_caller]
fn told(ended: &Ended) -> (Vec<Value>, Value) {
    let mut rows = rows(ended);
    let last = rows.pop().unwrap_or_else(|| panic!("nothing: {}", ended.stderr));
    assert_eq!(last["kind"], "summary", "{last}");
    (rows, last)
}

/// The paths in what it found that is damage.
fn damaged(findings: &[Value]) -> Vec<&str> {
    let is_damage = |finding: &&Value| finding["kind"] != "note";
    let path = |finding: &'_ Value| finding["path"].as_str().map(str::len);
    assert!(findings.iter().all(|it| path(it).is_some()), "{findings:?}");
    findings.iter().filter(is_damage).filter_map(|it| it["path"].as_str()).collect()
}
