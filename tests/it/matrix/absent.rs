//! To who may not read a package, it is as one that is not there: the same status, headers and bytes.
//! Knows nothing of which status that is.

use super::subject::On;
use super::{Cell, Scene};
use crate::support::client::Response;

/// Headers that differ from one answer to the next.
const PASSING: [&str; 3] = ["date", "server-timing", "x-request-id"];

/// Asks for the same of a name that is not there; what differs.
pub(super) async fn wrong(scene: &Scene, cell: &Cell, on: &On, there: &Response) -> Vec<String> {
    let nowhere = cell.request(scene, &on.absent()).send().await;
    let (there, nowhere) = (said(there), said(&nowhere));
    if there == nowhere {
        return Vec::new();
    }
    vec![format!("{}: {there:?}, but of what is not there {nowhere:?}", cell.shown(on))]
}

/// What a list, or the answer to a question of many names, tells of hidden packages.
pub(super) fn told(answer: &Response) -> Option<String> {
    let text = String::from_utf8_lossy(&answer.content()).into_owned();
    text.contains("here-").then(|| format!("it tells of what is hidden: {text}"))
}

/// An answer without what differs from one to the next, and without the names, which are of one length.
fn said(answer: &Response) -> (u16, Vec<String>, String) {
    let lines = answer.headers.iter();
    let lines = lines.filter(|(name, _)| !PASSING.iter().any(|it| name.eq_ignore_ascii_case(it)));
    let lines = lines.map(|(name, value)| format!("{name}: {}", one(value)));
    (answer.status, lines.collect(), one(&String::from_utf8_lossy(&answer.body)))
}

fn one(text: &str) -> String {
    text.replace("gone-", "here-")
}
