//! The paths of what changes something, and of who may: publishing, tags, users.
//! Knows nothing of methods; the table of those is one for all paths.

use super::*;

fn revision(of: &str, rev: &str) -> Route {
    Route::Revision { name: name(of), rev: rev.to_owned() }
}

fn tarball_revision(of: &str, file: &str, rev: &str) -> Route {
    let file = TarballName::parse(file).expect(file);
    Route::TarballRevision { name: name(of), file, rev: rev.to_owned() }
}

fn dist_tag(of: &str, tag: &str) -> Route {
    Route::DistTag { name: name(of), tag: tag.to_owned() }
}

fn delete(of: &str, rev: Option<&str>) -> Route {
    Route::Delete { name: name(of), rev: rev.map(str::to_owned) }
}

fn user(name: &str) -> Route {
    Route::User { user: name.to_owned() }
}

fn token(token: &str) -> Route {
    Route::Token { token: token.to_owned() }
}

fn packages_of(user: &str) -> Route {
    Route::PackagesOf { user: user.to_owned() }
}

fn starred_by(user: &str) -> Route {
    Route::StarredBy { user: user.to_owned() }
}

/// What can be had of a package below its name.
fn all_of(of: &str) -> Vec<(&'static str, Route)> {
    vec![
        ("", packument(of)),
        ("/latest", manifest(of, "latest")),
        ("/-rev/2-ab", revision(of, "2-ab")),
        ("/-rev/undefined", revision(of, "undefined")),
        ("/-/n-1.tgz", tarball(of, "n-1.tgz")),
        ("/-/n-1.tgz/-rev/2-ab", tarball_revision(of, "n-1.tgz", "2-ab")),
        ("/-/n-1.tgz/%2drev/2-ab?x", tarball_revision(of, "n-1.tgz", "2-ab")),
    ]
}

/// The same below `/-/package/` and its name.
fn all_services_of(of: &str) -> Vec<(&'static str, Route)> {
    vec![
        ("dist-tags", dist_tags(of)),
        ("dist-tags/beta", dist_tag(of, "beta")),
        ("visibility", Route::Visibility { name: name(of) }),
        ("collaborators", Route::Collaborators { name: name(of) }),
        ("access", Route::Access { name: name(of) }),
        ("refresh", Route::Refresh { name: name(of) }),
        ("refresh?rev=2-ab", Route::Refresh { name: name(of) }),
        ("delete", delete(of, None)),
        ("delete?rev=2-ab", delete(of, Some("2-ab"))),
    ]
}

#[test]
fn every_spelling_of_a_scoped_name_is_read() {
    for spelled in SCOPED {
        for (rest, route) in all_of("@s/n") {
            is(&format!("/{spelled}{rest}"), &route);
        }
        for (rest, route) in all_services_of("@s/n") {
            is(&format!("/-/package/{spelled}/{rest}"), &route);
        }
        for scope in ["@s/", "@s%2f", "@s%2F", "%40s/", "%40s%2F"] {
            let path = format!("/{spelled}/-/{scope}n-1.tgz/-rev/2-ab");
            is(&path, &tarball_revision("@s/n", "n-1.tgz", "2-ab"));
        }
    }
    for (rest, route) in all_of("n") {
        is(&format!("/n{rest}"), &route);
    }
    for (rest, route) in all_services_of("n") {
        is(&format!("/-/package/n/{rest}"), &route);
    }
}

#[test]
fn a_package_may_be_called_like_a_service_or_a_part_of_a_path() {
    let like = ["dist-tags", "visibility", "access", "package", "user", "token", "whoami", "-rev"];
    let more = ["refresh", "delete", "_rev", "@s/-rev", "@dist-tags/dist-tags", "JSONStream"];
    for of in like.into_iter().chain(more) {
        let (path, encoded) = (name(of).path(), name(of).encoded());
        for (rest, route) in all_of(of) {
            is(&format!("/{path}{rest}"), &route);
            is(&format!("/{encoded}{rest}"), &route);
        }
        for (rest, route) in all_services_of(of) {
            is(&format!("/-/package/{path}/{rest}"), &route);
            is(&format!("/-/package/{encoded}/{rest}"), &route);
        }
    }
    // What looks like a revision is one only with something behind it.
    is("/n/-rev", &manifest("n", "-rev"));
    is("/n/-rev/-rev", &revision("n", "-rev"));
    is("/-rev", &packument("-rev"));
    is("/-rev/1", &manifest("-rev", "1"));
    is("/n/-/-rev", &tarball("n", "-rev"));
    is("/n/-/-rev/-rev/-rev", &tarball_revision("n", "-rev", "-rev"));
}

#[test]
fn tags_and_revisions_are_any_text() {
    for (spelled, text) in [
        ("beta", "beta"),
        ("aux", "aux"),
        ("dist-tags", "dist-tags"),
        ("1.x", "1.x"),
        ("a%2fb", "a/b"),
        ("a%2Fb%20c", "a/b c"),
        ("%3f%23%25", "?#%"),
        ("caf%C3%A9", "café"),
        ("__proto__", "__proto__"),
        ("-", "-"),
    ] {
        is(&format!("/-/package/n/dist-tags/{spelled}"), &dist_tag("n", text));
        is(&format!("/n/-rev/{spelled}"), &revision("n", text));
        let path = format!("/n/-/n-1.tgz/-rev/{spelled}");
        is(&path, &tarball_revision("n", "n-1.tgz", text));
    }
    let long = "r".repeat(256);
    is(&format!("/n/-rev/{long}"), &revision("n", &long));
    for path in [format!("/n/-rev/{long}r"), format!("/n/-/n-1.tgz/-rev/{long}r")] {
        assert_eq!(get(&path), Err(BadPath::Revision.into()));
    }
    let long = "é".repeat(256);
    is(&format!("/-/package/n/dist-tags/{long}"), &dist_tag("n", &long));
    let path = format!("/-/package/n/dist-tags/{long}t");
    assert_eq!(get(&path), Err(BadPath::DistTag.into()));
}

#[test]
fn a_query_may_say_which_revision_is_deleted() {
    let path = |query: &str| format!("/-/package/n/delete{query}");
    for (query, rev) in [
        ("", None),
        ("?", None),
        ("?x&re=1&reva=2", None),
        ("?rev=2-ab", Some("2-ab")),
        ("?rev=undefined", Some("undefined")),
        ("?a=b&rev=2-ab&rev=3-cd", Some("2-ab")),
        ("?r%65v=a%2Fb+c%2B", Some("a/b c+")),
    ] {
        is(&path(query), &delete("n", rev));
    }
    let long = "r".repeat(256);
    is(&path(&format!("?rev={long}")), &delete("n", Some(&long)));
    let longer = format!("?rev={long}r");
    for query in [&*longer, "?rev=", "?rev", "?rev=a%0Ab", "?rev=%00"] {
        let parsed = Route::parse(&Method::POST, path(query).as_bytes(), "");
        assert_eq!(parsed, Err(BadPath::Revision.into()), "{query}");
    }
    let below = below_of_some_method("/npm/-/package/npm/delete?rev=1", "/npm");
    assert_eq!(below, Ok(delete("npm", Some("1"))));
}

#[test]
fn users_are_any_text_without_control_characters() {
    for (spelled, text) in [
        ("me", "me"),
        ("-", "-"),
        ("token", "token"),
        ("me%40mail.example", "me@mail.example"),
        ("a%2fb", "a/b"),
        ("a:b", "a:b"),
        ("a+b", "a+b"),
        ("%22me%22", "\"me\""),
        ("%c3%a9%20x", "é x"),
        ("org.couchdb.user:me", "org.couchdb.user:me"),
    ] {
        for path in [
            format!("/-/user/org.couchdb.user:{spelled}"),
            format!("/-/user/org.couchdb.user%3A{spelled}?write=true"),
            format!("/-/user/org.couchdb.user:{spelled}/-rev/undefined"),
            format!("/-/user/org.couchdb.user:{spelled}/-rev/{}", "1".repeat(300)),
        ] {
            is(&path, &user(text));
        }
        is(&format!("/-/org/{spelled}/package"), &packages_of(text));
        if text != "token" {
            is(&format!("/-/user/{spelled}/package?format=cli"), &packages_of(text));
        }
    }
    let long = "u".repeat(214);
    is(&format!("/-/user/org.couchdb.user:{long}"), &user(&long));
    for path in [
        "/-/user/org.couchdb.user:".to_owned(),
        "/-/user/org.couchdb.user:/-rev/1".to_owned(),
        format!("/-/user/org.couchdb.user:{long}u"),
        format!("/-/org/{long}u/package"),
        format!("/-/user/{long}u/package"),
        format!("/-/_view/starredByUser?key=%22{long}u%22"),
        "/-/_view/starredByUser?key=%22%22".to_owned(),
        "/-/_view/starredByUser?key=".to_owned(),
        "/-/_view/starredByUser?key=%22a%00%22".to_owned(),
        "/-/_view/starredByUser?key=%22a%0A%22".to_owned(),
    ] {
        assert_eq!(get(&path), Err(BadPath::User.into()), "{path}");
    }
    for path in
        ["/-/user/org.couchdb.user:a%00", "/-/user/org.couchdb.user:a%0a", "/-/org/a%5c/package"]
    {
        assert_eq!(get(path), Err(BadPath::Forbidden.into()), "{path}");
    }
}

#[test]
fn a_token_is_one_whole_segment() {
    is("/-/user/token/npm_abc", &token("npm_abc"));
    is("/-/user/token/a%2Fb%2bc%3D", &token("a/b+c="));
    // Of a user called `token` the other spelling asks.
    is("/-/user/token/package", &token("package"));
    is("/-/org/token/package", &packages_of("token"));
    is("/-/user/org.couchdb.user:token", &user("token"));
    assert_eq!(get("/-/user/token/"), Err(RouteError::NotFound));
    let long = "é".repeat(512);
    is(&format!("/-/user/token/{long}"), &token(&long));
    assert_eq!(get(&format!("/-/user/token/{long}t")), Err(BadPath::Token.into()));
}

#[test]
fn a_login_has_two_secrets_of_a_segment_each() {
    let page = |secret: &str| Route::LoginPage { secret: secret.to_owned() };
    let done = |secret: &str| Route::LoginDone { secret: secret.to_owned() };
    is("/-/v1/login", &Route::WebLogin);
    is("/-/v1/login?x", &Route::WebLogin);
    is("/-/v1/login/aB-_9?x", &page("aB-_9"));
    is("/-/v1/login/%61", &page("a"));
    is("/-/v1/done/login", &done("login"));
    let long = "a".repeat(64);
    is(&format!("/-/v1/login/{long}"), &page(&long));
    is(&format!("/-/v1/done/{long}"), &done(&long));
    for path in [format!("/-/v1/login/{long}a"), format!("/-/v1/done/{long}a")] {
        assert_eq!(get(&path), Err(RouteError::NotFound));
    }
    let below = |path: &str| below_of_some_method(path, "/npm");
    assert_eq!(below("/npm/-/v1/login"), Ok(Route::WebLogin));
    assert_eq!(below("/npm/-/v1/done/a"), Ok(done("a")));
    // Packages that are called so are elsewhere.
    is("/login/-/login-1.0.0.tgz", &tarball("login", "login-1.0.0.tgz"));
    is("/v1/login", &manifest("v1", "login"));
}

#[test]
fn the_longest_of_everything_is_still_a_path() {
    let long = |bytes: usize| "é".repeat(bytes / 2);
    let name = PackageName::parse(&format!("@{}/{}", long(254), long(256))).expect("512 bytes");
    let file = TarballName::parse(&long(512)).expect("512 bytes");
    for route in [
        Route::Manifest { name: name.clone(), selector: Selector::parse(&long(512)).unwrap() },
        Route::TarballRevision { name: name.clone(), file, rev: long(256) },
        Route::Delete { name: name.clone(), rev: Some(long(256)) },
        Route::DistTag { name, tag: long(512) },
        token(&long(1024)),
        user(&long(214)),
        starred_by(&long(214)),
    ] {
        is(&route.path(), &route);
    }
}

#[test]
fn whose_stars_is_told_by_the_query() {
    for (query, text) in [
        ("key=%22me%22", "me"),
        ("key=\"me\"", "me"),
        ("key=me", "me"),
        ("group=true&key=%22me%22&x", "me"),
        ("key=%22me%22&key=%22you%22", "me"),
        // As forms are written: npm's fetch makes a plus of a space.
        ("key=%22a+b%2Bc%26d%22", "a b+c&d"),
        ("key=%22a%20b%22", "a b"),
        ("key=%22%22me%22%22", "\"me\""),
        ("key=%22", "\""),
        ("key=%22%C3%A9%5C..%2F%22", "é\\../"),
    ] {
        is(&format!("/-/_view/starredByUser?{query}"), &starred_by(text));
    }
    let path = "http://registry.example/npm/-/_view/starredByUser?key=%22me%22";
    assert_eq!(below_of_some_method(path, "/npm"), Ok(starred_by("me")));
}

#[test]
fn bad_paths_are_bad_for_writes_too() {
    use BadPath::*;
    for (path, expected) in [
        ("/n/-rev/", EmptySegment),
        ("/n/-rev/1/", EmptySegment),
        ("/n/-/n-1.tgz/-rev/1/", EmptySegment),
        ("/n/-rev/..", Dots),
        ("/n/-rev/%2e%2e", Dots),
        ("/n/-/../-rev/1", Dots),
        ("/-/package/n/dist-tags/..", Dots),
        ("/-/package/n/dist-tags/a%0ab", Forbidden),
        ("/-/user/token/a%00", Forbidden),
        ("/-/user/token/%zz", Encoding),
        ("/-/user/token/%ff", NotUtf8),
        ("/n/-/a%2fb/-rev/1", File(InvalidTarballName)),
        ("/@s/n/-/@t%2fn.tgz/-rev/1", File(InvalidTarballName)),
    ] {
        for method in [Method::PUT, Method::DELETE] {
            let parsed = Route::parse(&method, path.as_bytes(), "");
            assert_eq!(parsed, Err(expected.clone().into()), "{path}");
        }
    }
    for path in [
        "/.n/-rev/1",
        "/@s/-rev/-rev%2f1",
        "/node_modules/-rev/1",
        "/-/package/..%2fx/dist-tags/beta",
        "/-/package/@s%2f/access",
        "/-/package/a%2fb/visibility",
        "/-/package/.n/collaborators",
    ] {
        let parsed = Route::parse(&Method::PUT, path.as_bytes(), "");
        assert!(matches!(parsed, Err(RouteError::BadPath(_))), "{path}: {parsed:?}");
    }
    // A trailing slash is no other way to write what changes something.
    for path in
        ["/-/package/n/dist-tags/beta/", "/-/user/org.couchdb.user:me/", "/-/org/me/package/"]
    {
        assert_eq!(get(path), Err(RouteError::NotFound), "{path}");
    }
}

#[test]
fn below_a_prefix_a_package_called_like_it_is_meant_where_nothing_else_can_be() {
    for (path, expected) in [
        ("/npm/n/-rev/1", revision("n", "1")),
        ("/n/-rev/1", revision("n", "1")),
        ("/npm/npm/-rev/1", revision("npm", "1")),
        ("/npm/-rev/1", revision("npm", "1")),
        ("/npm/-rev/a%2fb", revision("npm", "a/b")),
        ("/npm/-rev", packument("-rev")),
        ("/npm/-rev/-rev/1", revision("-rev", "1")),
        ("/npm/-/npm-1.0.0.tgz/-rev/1", tarball_revision("npm", "npm-1.0.0.tgz", "1")),
        ("/npm/@s/n/-/@s/n-1.tgz/-rev/1", tarball_revision("@s/n", "n-1.tgz", "1")),
        ("/npm/-/package/npm/dist-tags/a", dist_tag("npm", "a")),
        ("/-/package/npm/dist-tags/a", dist_tag("npm", "a")),
        ("/npm/-/user/org.couchdb.user:me", user("me")),
        ("/npm/-/user/token/t", token("t")),
        ("/npm/-/org/me/package", packages_of("me")),
        ("/npm/_session", Route::Session),
        ("/_session", Route::Session),
        ("/npm/-/npm/v1/oidc/token/exchange/package/npm", Route::Exchange { name: name("npm") }),
        ("/-/npm/v1/oidc/token/exchange/package/npm", Route::Exchange { name: name("npm") }),
        ("/npm/-/_view/starredByUser?key=%22me%22", starred_by("me")),
    ] {
        assert_eq!(below_of_some_method(path, "/npm"), Ok(expected), "{path}");
    }
    let unknown = Route::parse(&Method::DELETE, b"/npm/-/x.tgz/-rev/1", "/npm");
    assert_eq!(unknown, Err(RouteError::NotFound));
    let scope = below_of_some_method("/@s/-rev/1", "/@s");
    assert_eq!(scope, Ok(manifest("-rev", "1")));
}

/// Owners and stars as pnpm asks for them.
#[test]
fn pnpm_has_ways_of_its_own() {
    let parse = |method: Method, path: &str| Route::parse(&method, path.as_bytes(), "");
    for spelled in ["@s/n", "@s%2fn", "%40s%2Fn"] {
        let path = format!("/-/package/{spelled}/owners");
        let name: PackageName = "@s/n".parse().unwrap();
        let owners = Route::Owners { name: name.clone() };
        assert_eq!(parse(Method::PUT, &path).expect(&path).route, owners);
        let path = format!("{path}/me");
        let owner = Route::Owner { name, user: "me".to_owned() };
        assert_eq!(parse(Method::DELETE, &path).expect(&path).route, owner);
        assert_eq!(parse(Method::DELETE, &owner.path()).expect(&path).route, owner);
        assert!(parse(Method::GET, &path).is_err());
    }
    for path in ["/-/user/me/stars", "/-/util/user/me/stars"] {
        let stars = Route::Stars { user: "me".to_owned() };
        assert_eq!(parse(Method::GET, path).expect(path).route, stars);
    }
}
