//! Package names as *readers* may ask for them: any old name that is safe in a path.
//! Knows nothing of what may be published today, which is stricter.

use std::fmt;
use std::str::FromStr;

use super::url_path::encode_segment;

/// Longest name in bytes. npm's limit is 214 characters; unicode names of old take more bytes.
const MAX_BYTES: usize = 512;

/// Longest name of a new package, as npm has it.
const MAX_NEW: usize = 214;

/// Names that paths of registries and of `node` itself have taken, in any case.
const RESERVED: [&str; 4] = ["node_modules", "favicon.ico", "robots.txt", "registry.json"];

/// The name of a package, decoded: `lodash`, `@types/node`.
///
/// Invariants of every value:
/// - not empty, at most 512 bytes, no whitespace at either end;
/// - no control character and none of `\ : ? # %`;
/// - a slash only between a scope that begins with `@` and a basename, both with text;
/// - neither the name nor a part of it begins with a dot, so none is `.` or `..`;
/// - it is not `-`, nor is its basename (that is where tarballs and services live);
/// - it is not `node_modules`, `favicon.ico`, `robots.txt` or `registry.json`, in any case.
///
/// Case matters: `JSONStream` and `jsonstream` are two packages.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PackageName(String);

/// Why a text is not the name of a package.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("package name {name:?} {fault}")]
pub struct InvalidName {
    /// The text, cut after a few dozen characters.
    name: String,
    fault: &'static str,
}

impl PackageName {
    /// Parses decoded text; percent-encoding is the router's affair.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        match fault_of(text) {
            None => Ok(Self(text.to_owned())),
            Some(fault) => Err(InvalidName { name: text.chars().take(64).collect(), fault }),
        }
    }

    /// The whole name, decoded.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The scope with its `@`: `@types`.
    pub fn scope(&self) -> Option<&str> {
        self.0.split_once('/').map(|(scope, _)| scope)
    }

    /// The name without its scope: `node` of `@types/node`.
    pub fn basename(&self) -> &str {
        self.0.split_once('/').map_or(&self.0, |(_, base)| base)
    }

    /// As one segment of a URL path, the way clients ask for packuments: `@types%2fnode`.
    pub fn encoded(&self) -> String {
        self.joined("%2f")
    }

    /// As a URL path with a raw slash, the way tarball URLs carry it: `@types/node`.
    pub fn path(&self) -> String {
        self.joined("/")
    }

    /// Whether this may be the name of a package that is new today: what npm itself refuses to publish
    /// (validate-npm-package-name 8), but for capitals and a leading dash, of which private registries are full.
    ///
    /// # Errors
    /// When it may not.
    pub fn check_publishable(&self) -> Result<(), InvalidName> {
        let is_odd = |c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c));
        let mut parts = self.0.strip_prefix('@').unwrap_or(&self.0).split('/');
        let fault = if self.0.len() > MAX_NEW {
            "is longer than 214 characters"
        } else if parts.any(|part| part.contains(is_odd)) {
            "holds something else than letters, digits, and - _ ."
        } else if self.0.starts_with('_') {
            "begins with an underscore"
        } else {
            return Ok(());
        };
        Err(InvalidName { name: self.0.chars().take(64).collect(), fault })
    }

    fn joined(&self, slash: &str) -> String {
        let base = encode_segment(self.basename());
        match self.scope() {
            Some(scope) => format!("{}{slash}{base}", encode_segment(scope)),
            None => base.to_string(),
        }
    }
}

/// What breaks an invariant of [`PackageName`], as the end of a sentence.
fn fault_of(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        return Some("is empty");
    }
    if text.len() > MAX_BYTES {
        return Some("is longer than 512 bytes");
    }
    if text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace) {
        return Some("begins or ends with whitespace");
    }
    if text.contains(|c: char| c.is_control() || r"\:?#%".contains(c)) {
        return Some(r"holds a control character or one of \ : ? # %");
    }
    if RESERVED.iter().any(|name| name.eq_ignore_ascii_case(text)) {
        return Some("is reserved");
    }
    match text.split_once('/') {
        None if text.starts_with('@') => Some("is a scope without a package"),
        None => fault_of_part(text),
        Some((scope, _)) if scope.len() < 2 || !scope.starts_with('@') => {
            Some("holds a slash that does not follow a scope")
        }
        Some((_, base)) if base.contains('/') => Some("holds more than one slash"),
        Some((scope, base)) => fault_of_part(&scope[1..]).or_else(|| fault_of_part(base)),
    }
}

fn fault_of_part(part: &str) -> Option<&'static str> {
    match part {
        "" => Some("has an empty part"),
        "-" => Some("has a part that is only a dash"),
        _ if part.starts_with('.') => Some("has a part that begins with a dot"),
        _ => None,
    }
}

impl fmt::Display for PackageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for PackageName {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_any_old_name_that_is_path_safe() {
        for text in [
            "lodash",
            "JSONStream",
            "-x",
            "_",
            "__proto__",
            "constructor",
            "hasownproperty",
            "nul",
            "nul.x",
            "aux.js",
            "con",
            "a b",
            "x@y",
            "@types/node",
            "@a/_b",
            "@a/-b",
            "@s/node_modules",
            "crème-brûlée",
            "日本語",
            "jquery.ui",
            "it's!(ok)*~",
            &"n".repeat(214),
            &"n".repeat(512),
        ] {
            let name = PackageName::parse(text).expect(text);
            assert_eq!(name.as_str(), text);
            assert_eq!(name.to_string().parse(), Ok(name));
        }
    }

    #[test]
    fn what_npm_refuses_to_publish_is_refused() {
        let publishable =
            |text: &str| PackageName::parse(text).unwrap().check_publishable().is_ok();
        for good in ["lodash", "JSONStream", "-x", "@a/_b", "@A/-b", "constructor", "aux.js", "a__"]
        {
            assert!(publishable(good), "{good}");
        }
        assert!(publishable(&"n".repeat(214)));
        for bad in [
            "_",
            "__proto__",
            "a b",
            "x@y",
            "日本語",
            "it's!(ok)*~",
            "@a b/c",
            "@a/b~",
            &"n".repeat(215),
        ] {
            assert!(!publishable(bad), "{bad}");
        }
    }

    #[test]
    fn refuses_what_is_no_name_or_could_leave_a_directory() {
        for text in [
            "",
            ".",
            "..",
            ".hidden",
            "../x",
            "a/b",
            "a/../b",
            "@a/..",
            "@a/.b",
            "@./b",
            "@../b",
            "@",
            "@/",
            "@/b",
            "@a",
            "@a/",
            "@a/b/c",
            "/a",
            "a/",
            "a\\b",
            "c:d",
            "a\0",
            "a\nb",
            "a\u{85}b",
            " a",
            "a ",
            "a\u{a0}",
            "a%2fb",
            "a?b",
            "a#b",
            "-",
            "@a/-",
            "@-/a",
            "node_modules",
            "NODE_MODULES",
            "favicon.ico",
            "robots.txt",
            "registry.json",
            &"n".repeat(513),
        ] {
            assert!(PackageName::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_refusal_is_a_sentence_that_names_the_text() {
        let error = PackageName::parse("@a/..").expect_err("dots");
        assert_eq!(error.to_string(), r#"package name "@a/.." has a part that begins with a dot"#);
    }

    #[test]
    fn knows_its_parts_and_spellings() {
        for (text, scope, base, encoded, path) in [
            ("lodash", None, "lodash", "lodash", "lodash"),
            ("@types/node", Some("@types"), "node", "@types%2fnode", "@types/node"),
            ("@é/a b", Some("@é"), "a b", "@%C3%A9%2fa%20b", "@%C3%A9/a%20b"),
            ("a\"b", None, "a\"b", "a%22b", "a%22b"),
        ] {
            let name = PackageName::parse(text).expect(text);
            assert_eq!(name.scope(), scope);
            assert_eq!(name.basename(), base);
            assert_eq!(name.encoded(), encoded);
            assert_eq!(name.path(), path);
        }
    }
}
