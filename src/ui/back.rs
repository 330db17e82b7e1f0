//! Where somebody goes back to, once they have signed in.
//! Knows nothing of what stands there.

use crate::route::Route;
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
    if is_ours && is_shown(asked) { asked } else { "/" }
}

/// Whether a page is shown there to who is signed in. Not those of logins that clients have begun: who has somebody come
/// to one by a link to this site would have them confirm it.
fn is_shown(asked: &str) -> bool {
    let read = |method| Route::parse(method, asked.as_bytes(), "").map(|parsed| parsed.route);
    match read(&Method::GET) {
        Ok(route) => matches!(
            route,
            Route::Root
                | Route::Packages { .. }
                | Route::PackagePage { .. }
                | Route::Files { .. }
                | Route::Settings
                | Route::Account
        ),
        // What is done by POST has a page that asks about it.
        Err(_) => matches!(read(&Method::POST), Ok(Route::Refresh { .. } | Route::Delete { .. })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_goes_back_to_pages_of_this_registry_and_nowhere_else() {
        for good in [
            "/",
            "/-/account",
            "/-/account?tokens=2",
            "/-/settings",
            "/-/packages/local?q=a",
            "/-/package/@acme/ui?version=1.0.0",
            "/-/package/@acme/ui/files/1.0.0/a/b.js",
            "/-/package/@acme%2fui/delete",
            "/-/package/@acme%2fui/refresh",
        ] {
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
            "/-/v1/login/abc",
            "/-/v1/done/abc",
            "/-/v1/login",
            "/-/login",
            "/-/logout",
            "/-/whoami",
            "/-/package/lodash/raw",
            "/-/package/lodash/access",
            "/-/static/nopar.css",
            "account",
            &long,
        ] {
            assert_eq!(checked(bad), "/", "{bad}");
        }
    }
}
