//! Where somebody goes back to, once they have signed in.
//! Knows nothing of what stands there.

use crate::route::{Route, RouteError};
use http::Method;

/// The longest address that is gone back to, in bytes.
const LONGEST: usize = 1024;

/// A path of this registry that somebody may be sent back to, without its prefix; the front page where `asked` is none:
/// nobody shall be sent to another site by a link to this one.
pub(super) fn checked(asked: &str) -> &str {
    // A browser takes a backslash for a slash, and leaves control characters out.
    let is_plain = asked.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let is_page = asked == "/" || asked.starts_with("/-/");
    let is_way = !asked.contains("/../") && !asked.ends_with("/..") && asked.len() <= LONGEST;
    let is_ours = is_plain && is_page && is_way;
    // What is done by POST has a page that asks about it.
    let is_route = match Route::parse(&Method::GET, asked.as_bytes(), "") {
        Ok(_) | Err(RouteError::MethodNotAllowed { .. }) => true,
        Err(_) => false,
    };
    if is_ours && is_route { asked } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_goes_back_to_pages_of_this_registry_and_nowhere_else() {
        for good in ["/", "/-/account", "/-/account?tokens=2", "/-/package/@acme%2fui/delete"] {
            assert_eq!(checked(good), good);
        }
        let long = format!("/-/account?{}", "x".repeat(LONGEST));
        for bad in [
            "",
            "//other.example/",
            "//other.example/-/account",
            "https://other.example/-/account",
            "/\\other.example",
            "/-/\\other.example",
            "/-//other.example",
            "/-/account\r\nSet-Cookie: a=b",
            "/-/account\u{e9}",
            "javascript:alert(1)",
            "/lodash",
            "/-/../lodash",
            "/-/nothing-of-this-kind",
            "account",
            &long,
        ] {
            assert_eq!(checked(bad), "/", "{bad}");
        }
    }
}
