//! Which requests a test means: `GET /lodash`, `/@types/*`, `*`.
//! Knows nothing of what is done with them.

use percent_encoding::percent_decode_str;

/// A method, or any, and a path.
///
/// Paths compare decoded, so `/@s%2fn` and `/@s/n` are the same; a trailing `*` stands for any
/// rest; the query counts only when the pattern has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    method: Option<String>,
    path: String,
    any_rest: bool,
    query: Option<String>,
}

impl Pattern {
    /// Reads `METHOD /path?query`; method and query may be absent.
    pub(crate) fn parse(text: &str) -> Self {
        let (method, target) = match text.split_once(' ') {
            Some((method, target)) => (Some(method.to_owned()), target),
            None => (None, text),
        };
        let (target, any_rest) = match target.strip_suffix('*') {
            Some(start) => (start, true),
            None => (target, false),
        };
        let target_is_path = target.starts_with('/') || target.starts_with("http://");
        // A pattern that can match nothing would let "was never asked" pass for ever.
        assert!(
            target_is_path || (any_rest && target.is_empty()),
            "{text:?} is not a pattern of a request: the path begins with a slash"
        );
        let (path, query) = split(target);
        Self { method, path, any_rest, query }
    }

    /// Whether a request with this method and target (as sent) is meant.
    pub(crate) fn matches(&self, method: &str, target: &str) -> bool {
        let (path, query) = split(target);
        let same_path = match self.any_rest {
            true => path.starts_with(&self.path),
            false => path == self.path,
        };
        same_path
            && self.method.as_deref().is_none_or(|m| m == method)
            && (self.query.is_none() || self.query == query)
    }
}

/// The decoded path of a request target, and its query as sent.
pub(super) fn split(target: &str) -> (String, Option<String>) {
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query.to_owned())),
        None => (target, None),
    };
    let path = percent_decode_str(path).decode_utf8_lossy().into_owned();
    (path, query)
}

#[test]
fn patterns_match_by_decoded_path() {
    let check = |pattern: &str, request: &str, expected: bool| {
        let (method, target) = request.split_once(' ').expect("a method and a target");
        let matched = Pattern::parse(pattern).matches(method, target);
        assert_eq!(matched, expected, "{pattern} on {request}");
    };
    check("/lodash", "GET /lodash", true);
    check("/lodash", "HEAD /lodash?write=true", true);
    check("GET /lodash", "HEAD /lodash", false);
    check("/lodash", "GET /lodash/-/lodash-1.0.0.tgz", false);
    check("/@s/n", "GET /@s%2fn", true);
    check("/@s%2Fn", "GET /%40s/n", true);
    check("/lodash/*", "GET /lodash/-/lodash-1.0.0.tgz", true);
    check("*", "POST /anything", true);
    check("/a?x=1", "GET /a?x=1", true);
    check("/a?x=1", "GET /a?x=2", false);
    check("/a?x=1", "GET /a", false);
}
