//! On whose behalf the upstream is asked.
//! Knows nothing of what is asked.

use http::header;
use pingora::http::RequestHeader;

/// What a request to the upstream takes along from the one that caused it.
#[derive(Clone, Debug)]
pub(super) struct Behalf {
    /// The cache's count of confirmations when the request came in: what was confirmed later is good
    /// enough for it.
    pub(super) ticket: u64,
    /// Whether somebody waits who can be served from a copy as well.
    pub(super) hurry: bool,
    /// The NOPARs it passed already, as a `Via` header has them.
    pub(super) via: Option<String>,
}

impl Behalf {
    /// Whether the request passed more NOPARs than anyone puts in a row: it goes in circles.
    pub(super) fn is_endless(&self) -> bool {
        self.via.as_ref().is_some_and(|via| via.split(',').count() > LONGEST_CHAIN)
    }
}

/// How the names of NOPAR processes begin in `Via` headers.
pub(crate) const PSEUDONYM: &str = "nopar-";

/// More NOPARs in a row than this are a loop.
const LONGEST_CHAIN: usize = 16;

/// The NOPARs in a request's `Via` headers. Other proxies are left out: what a caller sends goes no
/// further, but a loop through several NOPARs must be seen by the first.
pub(super) fn via(request: &RequestHeader) -> Option<String> {
    let lines = request.headers.get_all(header::VIA).iter().filter_map(|value| value.to_str().ok());
    let nopars: Vec<&str> = lines
        .flat_map(|line| line.split(','))
        .filter_map(|element| element.trim().strip_prefix("1.1 "))
        .filter(|name| is_pseudonym(name))
        .collect();
    let chain: Vec<String> = nopars.into_iter().map(|name| format!("1.1 {name}")).collect();
    (!chain.is_empty()).then(|| chain.join(", "))
}

fn is_pseudonym(name: &str) -> bool {
    let digits = name.strip_prefix(PSEUDONYM);
    digits.is_some_and(|digits| digits.len() == 16 && digits.bytes().all(|b| b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_nopars_are_passed_on() {
        let mut request = RequestHeader::build("GET", b"/", None).unwrap();
        assert_eq!(via(&request), None);
        request.append_header("via", "1.0 fred, 1.1 nopar-0123456789abcdef").unwrap();
        request.append_header("via", "1.1 nopar-x, 1.1 nopar-fedcba9876543210 (comment)").unwrap();
        request.append_header("via", "1.1 nopar-fedcba9876543210").unwrap();
        let expected = "1.1 nopar-0123456789abcdef, 1.1 nopar-fedcba9876543210";
        assert_eq!(via(&request).as_deref(), Some(expected));
    }
}
