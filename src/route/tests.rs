//! The table of paths.
//! Knows nothing of the private parts; asks as the door does.

mod refused;
mod services;
mod writes;

use super::*;
use crate::npm::{InvalidSelector, InvalidTarballName};

/// How clients write `@s/n`.
const SCOPED: [&str; 6] = ["@s%2fn", "@s%2Fn", "%40s%2fn", "%40s%2Fn", "@s/n", "%40s/n"];

fn is(path: &str, expected: &Route) {
    assert_eq!(of_some_method(path).as_ref(), Ok(expected), "{path}");
}

fn get(path: &str) -> Result<Route, RouteError> {
    Route::parse(&Method::GET, path.as_bytes(), "").map(|parsed| parsed.route)
}

/// The route of a path, whichever method it is for.
fn of_some_method(path: &str) -> Result<Route, RouteError> {
    below_of_some_method(path, "")
}

fn below_of_some_method(path: &str, prefix: &str) -> Result<Route, RouteError> {
    let methods = [Method::GET, Method::PUT, Method::POST, Method::DELETE];
    let mut parsed = methods.iter().map(|method| Route::parse(method, path.as_bytes(), prefix));
    let is_answer =
        |parsed: &Result<_, _>| !matches!(parsed, Err(RouteError::MethodNotAllowed { .. }));
    parsed.find(is_answer).expect("every path has a method").map(|parsed| parsed.route)
}

fn name(text: &str) -> PackageName {
    PackageName::parse(text).expect(text)
}

fn packument(of: &str) -> Route {
    Route::Packument { name: name(of) }
}

fn manifest(of: &str, selector: &str) -> Route {
    Route::Manifest { name: name(of), selector: Selector::parse(selector).expect(selector) }
}

fn tarball(of: &str, file: &str) -> Route {
    Route::Tarball { name: name(of), file: TarballName::parse(file).expect(file) }
}

fn packages(which: Which, query: &str) -> Route {
    Route::Packages { which, query: query.to_owned() }
}

fn page(of: &str, query: &str) -> Route {
    Route::PackagePage { name: name(of), query: query.to_owned() }
}

fn files(of: &str, version: &str, path: &str) -> Route {
    let version = Selector::parse(version).expect(version);
    Route::Files { name: name(of), version, path: path.to_owned() }
}

fn dist_tags(of: &str) -> Route {
    Route::DistTags { name: name(of) }
}

#[test]
fn reads_every_spelling() {
    for (path, expected) in [
        ("/", Route::Root),
        ("/?x", Route::Root),
        ("/-/ping", Route::Ping),
        ("/-/ping?write=true", Route::Ping),
        ("/%2d/ping", Route::Ping),
        ("/-/health", Route::Health),
        ("/-/ready?verbose", Route::Ready),
        ("/favicon.ico", Route::Favicon),
        ("/robots.txt", Route::Robots),
        ("/-/packages/all", Route::Packages { which: Which::All, query: String::new() }),
        ("/-/packages/local?q=a%20b", packages(Which::Local, "q=a%20b")),
        ("/-/packages/proxied?x", packages(Which::Proxied, "x")),
        ("/-/package/lodash", page("lodash", "")),
        ("/-/package/@s/n?tab=1", page("@s/n", "tab=1")),
        ("/-/package/@s%2fn", page("@s/n", "")),
        ("/-/package/dist-tags", page("dist-tags", "")),
        ("/-/package/@s/dist-tags", page("@s/dist-tags", "")),
        ("/-/package/n/files/1.0.0", files("n", "1.0.0", "")),
        ("/-/package/@s/n/files/1.0.0/a/b.js?x", files("@s/n", "1.0.0", "a/b.js")),
        ("/-/package/n/files/latest/a%2fb%20c", files("n", "latest", "a/b c")),
        ("/-/settings", Route::Settings),
        ("/-/static/nopar.0a.css", Route::Static { file: "nopar.0a.css".to_owned() }),
        ("/-/login", Route::SignIn),
        ("/-/account", Route::Account),
        ("/lodash", packument("lodash")),
        ("/lodash/", packument("lodash")),
        ("/lodash?write=true", packument("lodash")),
        ("/%6codash", packument("lodash")),
        ("/-x", packument("-x")),
        ("/JSONStream", packument("JSONStream")),
        ("/constructor", packument("constructor")),
        ("/__proto__", packument("__proto__")),
        ("/nul.x", packument("nul.x")),
        ("/caf%C3%A9", packument("café")),
        ("/café", packument("café")),
        ("/@types/node", packument("@types/node")),
        ("/@types/node/", packument("@types/node")),
        ("/@types%2fnode", packument("@types/node")),
        ("/@types%2Fnode", packument("@types/node")),
        ("/%40types%2fnode", packument("@types/node")),
        ("/%40types/node", packument("@types/node")),
        ("/@types%2fnode/", packument("@types/node")),
        ("/@a/_b", packument("@a/_b")),
        ("/lodash/1.0.0", manifest("lodash", "1.0.0")),
        ("/lodash/latest", manifest("lodash", "latest")),
        ("/lodash/1.0.0-rc.1%2Bb", manifest("lodash", "1.0.0-rc.1+b")),
        ("/@types/node/1.0.0", manifest("@types/node", "1.0.0")),
        ("/@types%2fnode/latest", manifest("@types/node", "latest")),
        ("/%40types%2Fnode/latest", manifest("@types/node", "latest")),
        ("/lodash/-/lodash-1.0.0.tgz", tarball("lodash", "lodash-1.0.0.tgz")),
        ("/old/-/old-1.0.0.tar.gz", tarball("old", "old-1.0.0.tar.gz")),
        ("/32/-/thirty%40two.tgz", tarball("32", "thirty@two.tgz")),
        ("/@s/n/-/n-1.tgz", tarball("@s/n", "n-1.tgz")),
        ("/@s%2fn/-/n-1.tgz", tarball("@s/n", "n-1.tgz")),
        ("/@s%2Fn/-/n-1.tgz", tarball("@s/n", "n-1.tgz")),
        ("/%40s%2fn/-/n-1.tgz?x=/..", tarball("@s/n", "n-1.tgz")),
        ("/@s/n/-/@s/n-1.tgz", tarball("@s/n", "n-1.tgz")),
        ("/@s%2fn/-/@s%2fn-1.tgz", tarball("@s/n", "n-1.tgz")),
        ("/@s/n/-/%40s%2Fn-1.tgz", tarball("@s/n", "n-1.tgz")),
        ("/-/package/lodash/dist-tags", dist_tags("lodash")),
        ("/-/package/@s/n/dist-tags", dist_tags("@s/n")),
        ("/-/package/@s%2fn/dist-tags", dist_tags("@s/n")),
        ("/-/package/%40s%2Fn/dist-tags", dist_tags("@s/n")),
        ("http://registry.example/lodash", packument("lodash")),
        ("HTTPS://registry.example:1/@s%2fn?x", packument("@s/n")),
        ("http://registry.example", Route::Root),
        ("http://registry.example?x=/y", Route::Root),
    ] {
        assert_eq!(get(path), Ok(expected), "{path}");
    }
}

#[test]
fn unknown_services_are_not_found_and_never_packages() {
    for path in [
        "/-",
        "/-/",
        "/-/pnpr",
        "/-/ping/",
        "/-/ping/x",
        "/-/v1/login/",
        "/-/v1/login/a/b",
        "/-/v1/login/a.b",
        "/-/v1/login/a%2fb",
        "/-/v1/login/%C3%A9",
        "/-/v1/done",
        "/-/v1/done/a=",
        "/-/v1/done/a/",
        "/-/packages",
        "/-/packages/all/",
        "/-/packages/some",
        "/-/packages/all/x",
        "/-/package/lodash/",
        "/-/package/lodash/files",
        "/-/package/lodash/files/",
        "/-/package/lodash/files/1.0.0/",
        "/-/package/lodash/files/1.0.0/a%2f..%2fb",
        "/-/package/lodash/files/1.0.0/a%2f%2fb",
        "/-/settings/",
        "/-/static",
        "/-/static/a/b",
        "/-/static/a%2fb",
        "/-/static/%C3%A9",
        "/-/login/x",
        "/-/account/x",
        "/-/package/lodash/1.0.0/dist-tags",
        "/-/package",
        "/-/package/..x/trust",
        "/-/package/lodash/trust",
        "/-/package/lodash/dist-tags/latest/x",
        "/-/package/lodash/access/x",
        "/-/package/lodash/refresh/",
        "/-/package/lodash/refresh/x",
        "/-/package/lodash/delete/",
        "/-/package/lodash/delete/x",
        "/-/package/lodash/raw/",
        "/-/package/lodash/raw/-",
        "/-/package/lodash/raw/1.0.0/x",
        "/-/package/lodash/raw/-/x.tgz/x",
        "/-/whoami/",
        "/-/whoami/x",
        "/-/user/me",
        "/-/user/org.couchdb.user",
        "/-/user/org.couchdb.user:me/x",
        "/-/user/org.couchdb.user:me/-rev",
        "/-/user/org.couchdb.user:me/-rev/1/x",
        "/-/user/token/a/b",
        "/-/org/me",
        "/-/org/me/user",
        "/-/user/package",
        "/-/_view/starredByUser",
        "/-/_view/starredByUser?ke=%22me%22",
        "/-/_view/starredByPackage?key=%22n%22",
        "/lodash/-/x.tgz/-rev",
        "/lodash/-/-rev/1",
        "/lodash/1.0.0/-rev/1",
        "/@s/n/-/@t/n-1.tgz/-rev/1",
        "/_session/",
        "/_session/x",
        "/lodash/-",
        "/lodash/-/a/b",
        "/lodash/1.0.0/x",
        "/@s/n/-/@t/n-1.tgz",
        "/@s/n/-",
        "/_changes?since=0",
        "/_all_docs",
        "/_design/app/_view/x",
    ] {
        assert_eq!(get(path), Err(RouteError::NotFound), "{path}");
    }
}

#[test]
fn known_paths_tell_which_methods_they_allow() {
    let with = |method: Method, path: &str| Route::parse(&method, path.as_bytes(), "");
    let all = ["GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "PURGE", "get"];
    for (path, allow) in [
        ("/", "GET, HEAD"),
        ("/lodash", "GET, HEAD, PUT, PURGE"),
        ("/@s/n/", "GET, HEAD, PUT, PURGE"),
        ("/lodash/latest", "GET, HEAD, PUT, PURGE"),
        ("/lodash/-rev/1", "PUT, DELETE"),
        ("/lodash/-/x.tgz", "GET, HEAD, PURGE"),
        ("/lodash/-/x.tgz/-rev/1", "DELETE"),
        ("/-/package/lodash/dist-tags", "GET, HEAD"),
        ("/-/package/lodash/dist-tags/beta", "PUT, POST, DELETE"),
        ("/-/package/lodash/visibility", "GET, HEAD"),
        ("/-/package/lodash/collaborators?format=cli", "GET, HEAD"),
        ("/-/package/lodash/access", "GET, HEAD, POST"),
        ("/-/package/lodash/refresh", "POST"),
        ("/-/package/@s%2fn/refresh?x", "POST"),
        ("/-/package/lodash/delete", "POST"),
        ("/-/package/@s/n/delete?rev=2-abc", "POST"),
        ("/-/user/org.couchdb.user:me", "GET, HEAD, PUT"),
        ("/-/user/org.couchdb.user:me/-rev/1", "GET, HEAD, PUT"),
        ("/-/user/token/npm_abc", "DELETE"),
        ("/-/whoami", "GET, HEAD"),
        ("/-/npm/v1/user", "GET, HEAD, POST"),
        ("/-/npm/v1/tokens?page=1", "GET, HEAD, POST"),
        ("/-/npm/v1/tokens/token/npm_abc", "DELETE"),
        ("/-/v1/login", "POST"),
        ("/-/v1/login/aB-_9", "GET, HEAD, POST"),
        ("/-/v1/done/aB-_9", "GET"),
        ("/_session", "POST"),
        ("/-/org/me/package", "GET, HEAD"),
        ("/-/user/me/package?format=cli", "GET, HEAD"),
        ("/-/_view/starredByUser?key=%22me%22", "GET, HEAD"),
        ("/-/packages/all?q=x", "GET, HEAD"),
        ("/-/package/lodash", "GET, HEAD"),
        ("/-/package/lodash/files/1.0.0/a", "GET, HEAD"),
        ("/-/settings", "GET, HEAD, POST"),
        ("/-/static/nopar.0a.css", "GET, HEAD"),
        ("/-/login", "GET, HEAD, POST"),
        ("/-/logout", "POST"),
        ("/-/account", "GET, HEAD, POST"),
        ("/-/ping", "GET, HEAD"),
        ("/favicon.ico", "GET, HEAD"),
        ("/robots.txt", "GET, HEAD"),
    ] {
        for method in all {
            let parsed = with(Method::from_bytes(method.as_bytes()).expect(method), path);
            if allow.split(", ").any(|allowed| allowed == method) {
                assert_eq!(parsed.expect(path).route.allow(), allow, "{method} {path}");
            } else {
                let refused = RouteError::MethodNotAllowed { allow };
                assert_eq!(parsed, Err(refused), "{method} {path}");
            }
        }
    }
    // Clients fall back to other ways of logging in on a 404 only.
    for path in ["/-/v1/log", "/-/v1/done", "/-/nothing", "/_users"] {
        for method in all {
            let method = Method::from_bytes(method.as_bytes()).expect(method);
            assert_eq!(with(method, path), Err(RouteError::NotFound), "{path}");
        }
    }
    assert_eq!(with(Method::PUT, "//"), Err(BadPath::EmptySegment.into()));
}

#[test]
fn the_prefix_may_be_there_or_not() {
    let below = |path: &str| Route::parse(&Method::GET, path.as_bytes(), "/npm").map(|p| p.route);
    for (path, expected) in [
        ("/npm/", Route::Root),
        ("/", Route::Root),
        ("/npm/lodash", packument("lodash")),
        ("/lodash", packument("lodash")),
        ("/npm/@s%2fn/1.0.0", manifest("@s/n", "1.0.0")),
        ("/npm/@s/n/-/n-1.tgz", tarball("@s/n", "n-1.tgz")),
        ("/@s/n/-/n-1.tgz", tarball("@s/n", "n-1.tgz")),
        ("/npm/-/ping", Route::Ping),
        ("/-/ping", Route::Ping),
        ("/npmx", packument("npmx")),
        ("http://registry.example/npm/lodash", packument("lodash")),
        // The package npm, with and without.
        ("/npm/npm", packument("npm")),
        ("/npm", packument("npm")),
        ("/npm/npm/-/npm-1.0.0.tgz", tarball("npm", "npm-1.0.0.tgz")),
        ("/npm/-/npm-1.0.0.tgz", tarball("npm", "npm-1.0.0.tgz")),
        ("/npm/-/whoami", Route::Whoami),
        ("/-/whoami", Route::Whoami),
    ] {
        assert_eq!(below(path), Ok(expected), "{path}");
    }
    for path in ["/npm/-/nothing", "/npm/-/", "/npm/-/npm.tgz"] {
        assert_eq!(below(path), Err(RouteError::NotFound), "{path}");
    }
    assert_eq!(below("/npm//lodash"), Err(BadPath::EmptySegment.into()));
    let deep = Route::parse(&Method::GET, b"/a/b/lodash", "/a/b").map(|p| p.route);
    assert_eq!(deep, Ok(packument("lodash")));
}

/// pacote appends the path of the URL in a packument, prefix included, to the URL of its registry.
#[test]
fn attestations_are_below_the_prefix_twice_as_well() {
    let below = |path: &str| below_of_some_method(path, "/a/b");
    let path = "/-/npm/v1/attestations/@s%2fn@1.0.0";
    let expected = Route::parse(&Method::GET, path.as_bytes(), "").unwrap().route;
    assert_eq!(expected.kind(), "attestations");
    for prefix in ["", "/a/b", "/a/b/a/b"] {
        assert_eq!(below(&format!("{prefix}{path}")), Ok(expected.clone()), "{prefix}");
    }
    assert!(below(&format!("/a/b/a/b/a/b{path}")).is_err());
    assert!(below("/a/b/a/b/-/ping").is_err());
}

#[test]
fn write_is_told_by_the_query() {
    for (path, expected) in [
        ("/lodash?write=true", true),
        ("/lodash?a=b&write=true&c", true),
        ("/lodash", false),
        ("/lodash?write=false", false),
        ("/lodash?rewrite=true", false),
        ("http://registry.example?write=true", true),
    ] {
        let parsed = Route::parse(&Method::GET, path.as_bytes(), "").expect(path);
        assert_eq!(parsed.write, expected, "{path}");
    }
}

#[test]
fn every_route_has_a_word_and_its_package() {
    for (path, kind, of) in [
        ("/", "root", None),
        ("/@s%2fn", "packument", Some("@s/n")),
        ("/@s%2fn/-rev/2-a", "revision", Some("@s/n")),
        ("/n/1.0.0", "manifest", Some("n")),
        ("/n/-/n-1.tgz", "tarball", Some("n")),
        ("/@s/n/-/n-1.tgz/-rev/2-a", "tarball_revision", Some("@s/n")),
        ("/-/package/n/dist-tags", "dist_tags", Some("n")),
        ("/-/package/@s%2fn/dist-tags/beta", "dist_tag", Some("@s/n")),
        ("/-/package/n/visibility", "visibility", Some("n")),
        ("/-/package/n/collaborators", "collaborators", Some("n")),
        ("/-/package/@s%2fn/access", "access", Some("@s/n")),
        ("/-/package/@s%2fn/refresh", "refresh", Some("@s/n")),
        ("/-/package/@s%2fn/delete", "delete", Some("@s/n")),
        ("/-/package/n/delete?rev=2%2Da", "delete", Some("n")),
        ("/-/user/org.couchdb.user:me", "user", None),
        ("/-/user/token/npm_abc", "token", None),
        ("/-/npm/v1/oidc/token/exchange/package/@s%2fn", "exchange", Some("@s/n")),
        ("/-/whoami", "whoami", None),
        ("/-/v1/login", "web_login", None),
        ("/-/v1/login/aB-_9", "login_page", None),
        ("/-/v1/done/aB-_9", "login_done", None),
        ("/_session", "session", None),
        ("/-/org/me/package", "packages_of", None),
        ("/-/_view/starredByUser?key=%22me%22", "starred_by", None),
        ("/-/ping", "ping", None),
        ("/favicon.ico", "favicon", None),
        ("/robots.txt", "robots", None),
        ("/-/packages/local?q=a", "packages", None),
        ("/-/package/@s/n", "package_page", Some("@s/n")),
        ("/-/package/n/files/1.0.0/a/b%20c", "files", Some("n")),
        ("/-/package/@s/n/raw", "raw", Some("@s/n")),
        ("/-/package/n/raw/1.0.0", "raw", Some("n")),
        ("/-/package/@s/n/raw/-/n-1.0.0.tgz", "raw", Some("@s/n")),
        ("/-/settings", "settings", None),
        ("/-/static/nopar.0a.css", "static", None),
        ("/-/login", "sign_in", None),
        ("/-/logout", "sign_out", None),
        ("/-/account", "account", None),
    ] {
        let route = of_some_method(path).expect(path);
        assert_eq!(route.kind(), kind);
        assert_eq!(route.name().map(PackageName::as_str), of);
        assert_eq!(route.path(), path);
    }
}
