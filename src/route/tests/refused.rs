//! What is no path: nobody was given it, or it holds a secret.
//! Knows nothing of methods.

use super::*;

/// Such a name, file or version is nobody's, and an upstream that is asked for it has been told a secret.
#[test]
fn what_looks_like_a_token_is_no_package_nor_anything_of_one() {
    let token = "npm_0123456789abcdefABCDEFGHIJKLMNOPQRST";
    let jwt = "eyJhbGciOiJSUzI1NiJ9.e30.c2ln";
    for path in [
        "/TOKEN",
        "/TOKEN/",
        "/%6epm_0123456789abcdefABCDEFGHIJKLMNOPQRST",
        "/TOKEN/latest",
        "/TOKEN/-/x-1.0.0.tgz",
        "/TOKEN/-rev/1",
        "/@acme/TOKEN",
        "/@acme%2fTOKEN",
        "/@TOKEN/ui",
        "/x-TOKEN.y",
        "/lodash/TOKEN",
        "/lodash/-/TOKEN-1.0.0.tgz",
        "/lodash/-rev/TOKEN",
        "/-/package/TOKEN/dist-tags",
        "/-/package/@acme%2fTOKEN/refresh",
        "/-/package/TOKEN/raw",
        "/-/package/lodash/raw/TOKEN",
        "/-/package/lodash/raw/-/TOKEN-1.0.0.tgz",
        "/-/npm/v1/attestations/TOKEN@1.0.0",
        "/-/npm/v1/oidc/token/exchange/package/TOKEN",
        "/-/stage/package/TOKEN",
        "/-/whoami/TOKEN",
        "http://registry.example/TOKEN",
    ] {
        for token in [token, jwt] {
            let path = path.replace("TOKEN", token);
            assert_eq!(of_some_method(&path), Err(RouteError::NotFound), "{path}");
        }
    }
    assert_eq!(get("/npm_lazy_loader"), Ok(packument("npm_lazy_loader")));
    let shown = Route::Token { token: token.to_owned() };
    assert_eq!(of_some_method(&format!("/-/user/token/{token}")), Ok(shown));
}

#[test]
fn refuses_paths_that_nobody_was_given() {
    use BadPath::*;
    for (path, expected) in [
        ("", NotAbsolute),
        ("lodash", NotAbsolute),
        ("*", NotAbsolute),
        ("registry.example:443", NotAbsolute),
        ("ftp://registry.example/lodash", NotAbsolute),
        ("//lodash", EmptySegment),
        ("//", EmptySegment),
        ("/lodash//", EmptySegment),
        ("/lodash//1.0.0", EmptySegment),
        ("/lodash/1.0.0/", EmptySegment),
        ("/lodash/-/lodash-1.0.0.tgz/", EmptySegment),
        ("http://registry.example//lodash", EmptySegment),
        ("/..", Dots),
        ("/.", Dots),
        ("/../etc/passwd", Dots),
        ("/lodash/..", Dots),
        ("/lodash/%2e%2e", Dots),
        ("/lodash/.%2E/x", Dots),
        ("/lodash/-/..", Dots),
        ("/-/../x", Dots),
        ("/lodash%00", Forbidden),
        ("/lodash\0", Forbidden),
        ("/lodash%0a", Forbidden),
        ("/lo\\dash", Forbidden),
        ("/lo%5cdash", Forbidden),
        ("/lodash/-/a%5Cb.tgz", Forbidden),
        ("/lodash%", Encoding),
        ("/lodash%2", Encoding),
        ("/lodash%zz", Encoding),
        ("/lodash/%+1", Encoding),
        ("/lodash%ff", NotUtf8),
        ("/lodash%c3/%a9", NotUtf8),
    ] {
        assert_eq!(get(path), Err(expected.into()), "{path}");
    }
    for path in [
        "/@types",
        "/@types/",
        "/@/x",
        "/..%2f..",
        "/..%2f..%2fetc",
        "/lodash%2f1.0.0",
        "/@types%2fnode%2f1.0.0",
        "/@types%2f%2fnode",
        "/@types%2f",
        "/@types%2f..",
        "/@types/..%2fx",
        "/@types/node%2f1",
        "/%252e%252e",
        "/lodash%2500",
        "/c:",
        "/node_modules",
        "/registry.json",
        "/favicon.ico/",
        "/%20lodash",
        "/.git",
        "/@s/-/n-1.tgz",
        "/-/package/%2e%2e%2fx/dist-tags",
    ] {
        let error = get(path).expect_err(path);
        assert!(matches!(error, RouteError::BadPath(BadPath::Name(_))), "{path}: {error:?}");
    }
    for path in ["/lodash/-/a%2fb.tgz", "/lodash/-/@s%2fb.tgz", "/@s/n/-/@t%2fn.tgz"] {
        assert_eq!(get(path), Err(BadPath::File(InvalidTarballName).into()), "{path}");
    }
    assert_eq!(get("/lodash/a%2fb"), Err(BadPath::Selector(InvalidSelector).into()));
    assert_eq!(get(&format!("/{}", "a/".repeat(2048))), Err(BadPath::TooLong.into()));
    assert!(get(&format!("/lodash?{}", "a".repeat(5000))).is_ok());
    let file = format!("/lodash/-/{}", "a".repeat(513));
    assert_eq!(get(&file), Err(BadPath::File(InvalidTarballName).into()));
    let latin = Route::parse(&Method::GET, b"/caf\xe9", "");
    assert_eq!(latin, Err(BadPath::NotUtf8.into()));
}
