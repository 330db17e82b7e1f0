//! A source file as text: its code without comments, strings and tests.
//! Knows nothing of the rules.

use std::collections::BTreeSet;
use std::path::Path;

/// One file.
pub(super) struct Source {
    /// Below the package's root: `src/npm/name.rs`.
    pub(super) path: String,
    pub(super) text: String,
}

impl Source {
    /// All Rust files below a folder of the package; none where there is no such folder.
    pub(super) fn all(top: &str) -> Vec<Self> {
        // At run time: checkouts may share what is built, and are then told apart by nothing else.
        let root = std::env::var("CARGO_MANIFEST_DIR").expect("cargo says where the package is");
        let root = Path::new(&root);
        let mut found = Vec::new();
        let mut open = vec![root.join(top)];
        while let Some(folder) = open.pop() {
            let Ok(entries) = std::fs::read_dir(&folder) else { continue };
            for path in entries.flatten().map(|entry| entry.path()) {
                if path.is_dir() {
                    open.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    let text = std::fs::read_to_string(&path).expect("a readable file");
                    let below = path.strip_prefix(root).expect("it was found below");
                    let path = below.to_str().expect("a path in UTF-8").to_owned();
                    found.push(Self { path, text });
                }
            }
        }
        found.sort_by(|one, other| one.path.cmp(&other.path));
        found
    }

    /// The top-level module of a file of `src`; none of `lib.rs` and `main.rs`.
    pub(super) fn module(&self) -> Option<String> {
        let below = self.path.strip_prefix("src/")?;
        let module = below.split(['/', '.']).next()?;
        (!matches!(below, "lib.rs" | "main.rs")).then(|| module.to_owned())
    }

    /// The top-level modules it names: `crate::x`, also in `crate::{x, y::z}`.
    pub(super) fn uses(&self) -> BTreeSet<String> {
        let code = self.code();
        let mut used = BTreeSet::new();
        for after in code.split("crate::").skip(1) {
            match after.strip_prefix('{') {
                Some(group) => used.extend(heads_of_group(group)),
                None => used.extend(identifier(after)),
            }
        }
        used
    }

    /// Lines with code in them, tests aside.
    pub(super) fn code_lines(&self) -> usize {
        self.code().lines().filter(|line| !line.trim().is_empty()).count()
    }

    /// The text without comments, the insides of strings, and tests.
    pub(super) fn code(&self) -> String {
        let is_tests = self.path.ends_with("tests.rs") || self.path.contains("/tests/");
        if self.path.starts_with("src/") && is_tests {
            return String::new();
        }
        let bare = bare(&self.text);
        // Tests come last in a file; a module of tests in a file of its own is one line.
        let tests = bare.match_indices("#[cfg(test)]").find(|(at, marker)| {
            let after = bare[at + marker.len()..].trim_start();
            let head = after.split(['{', ';']).next().unwrap_or_default();
            head.starts_with("mod ") && after[head.len()..].starts_with('{')
        });
        match tests {
            Some((at, _)) => bare[..at].to_owned(),
            None => bare,
        }
    }
}

/// The first identifier of a text, if it begins with one.
fn identifier(text: &str) -> Option<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let end = text.find(|c| !is_part(c)).unwrap_or(text.len());
    (end > 0).then(|| text[..end].to_owned())
}

/// The first identifier of each element of `a, b::{c, d}, e}`.
fn heads_of_group(group: &str) -> Vec<String> {
    let (mut depth, mut heads, mut at_head) = (0, Vec::new(), true);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => at_head = true,
            c if at_head && !c.is_whitespace() => {
                heads.extend(identifier(&group[at..]));
                at_head = false;
            }
            _ => {}
        }
    }
    heads
}

/// What comes next in a text of Rust.
enum Piece {
    Comment,
    Literal,
    Code,
}

/// The text with comments gone and literals emptied; lines stay lines.
fn bare(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let (piece, len) = next(rest);
        match piece {
            Piece::Code => out.push_str(&rest[..len]),
            Piece::Literal => out.push_str("\"\""),
            Piece::Comment => {}
        }
        if !matches!(piece, Piece::Code) {
            out.extend(rest[..len].matches('\n'));
        }
        rest = &rest[len..];
    }
    out
}

fn next(rest: &str) -> (Piece, usize) {
    let until = |end: &str, from: usize| {
        rest[from..].find(end).map_or(rest.len(), |at| from + at + end.len())
    };
    if rest.starts_with("//") {
        return (Piece::Comment, rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return (Piece::Comment, until("*/", 2));
    }
    if let Some(raw) = rest.strip_prefix('r') {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        if raw[hashes..].starts_with('"') {
            return (Piece::Literal, until(&format!("\"{}", "#".repeat(hashes)), hashes + 2));
        }
    }
    if rest.starts_with('"') {
        return (Piece::Literal, escaped_end(rest, '"'));
    }
    // A quote that is a character and not a lifetime.
    let mut chars = rest.chars();
    if chars.next() == Some('\'') && (chars.next() == Some('\\') || chars.next() == Some('\'')) {
        return (Piece::Literal, escaped_end(rest, '\''));
    }
    (Piece::Code, rest.chars().next().map_or(1, char::len_utf8))
}

/// Where a literal ends, whose first character is its quote.
fn escaped_end(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    rest.len()
}

#[test]
fn code_is_told_from_all_else() {
    let source = |text: &str| Source { path: "src/a.rs".to_owned(), text: text.to_owned() };
    let text = "use crate::{b, c::{d, e}, f}; // crate::no\nlet x = \"crate::no // \\\" crate::no\";\n\
                /* crate::no */ let y = '\"'; crate::g::h(); let z: &'static str = r#\"crate::no\"#;\n\
                #[cfg(test)]\nmod tests;\ncrate::i();\n#[cfg(test)]\nmod more {\ncrate::no\n}\n";
    let used: Vec<String> = source(text).uses().into_iter().collect();
    assert_eq!(used, ["b", "c", "f", "g", "i"]);
    assert_eq!(source("//! x\n\nfn a() {}\n// y\n\nfn b() {} // z\n").code_lines(), 2);
    assert_eq!(source(text).module().as_deref(), Some("a"));
}
