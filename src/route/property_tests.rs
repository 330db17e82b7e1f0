//! What holds for every path there could be.
//! Knows nothing of single cases; those are in the table.

use http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::collection::vec;
use proptest::prelude::*;

use std::sync::LazyLock;

use super::*;

fn config() -> ProptestConfig {
    ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() }
}

static METHODS: LazyLock<[Method; 7]> = LazyLock::new(|| {
    let purge = Method::from_bytes(b"PURGE").expect("a method");
    let (put, delete) = (Method::PUT, Method::DELETE);
    [Method::GET, Method::HEAD, put, Method::POST, delete, Method::PATCH, purge]
});

/// The route of a target, whichever method it is for.
fn read(target: &[u8], prefix: &str) -> Result<Route, RouteError> {
    let mut parsed = METHODS.iter().map(|method| Route::parse(method, target, prefix));
    let is_answer =
        |parsed: &Result<_, _>| !matches!(parsed, Err(RouteError::MethodNotAllowed { .. }));
    parsed.find(is_answer).expect("every path has a method").map(|parsed| parsed.route)
}

fn get(path: &str) -> Result<Route, RouteError> {
    read(path.as_bytes(), "")
}

/// Text that is no way out of a directory, however it is joined to a path.
fn assert_path_safe(text: &str) {
    assert!(!text.is_empty() && text != "." && text != "..", "{text:?}");
    assert!(!text.contains(|c: char| c == '/' || c == '\\' || c.is_control()), "{text:?}");
}

fn assert_safe(route: &Route) {
    if let Some(name) = route.name() {
        name.as_str().split('/').for_each(assert_path_safe);
        assert!(name.as_str().split('/').count() <= 2);
        assert!(!name.as_str().contains(['%', ':', '?', '#']));
    }
    match route {
        Route::Tarball { file, .. } | Route::TarballRevision { file, .. } => {
            assert_path_safe(file.as_str());
        }
        Route::Manifest { selector, .. } => assert_path_safe(selector.as_str()),
        Route::Raw { what: Raw::Manifest(version), .. } => assert_path_safe(version.as_str()),
        Route::Raw { what: Raw::Tarball(file), .. } => assert_path_safe(file.as_str()),
        Route::Files { version, path, .. } => {
            assert_path_safe(version.as_str());
            if !path.is_empty() {
                path.split('/').for_each(assert_path_safe);
            }
        }
        _ => {}
    }
    match route {
        Route::Static { file } => {
            assert_path_safe(file);
            assert_one_line(file, 64);
        }
        Route::Revision { rev, .. } | Route::TarballRevision { rev, .. } => {
            assert_one_line(rev, 256)
        }
        Route::Delete { rev: Some(rev), .. } => assert_one_line(rev, 256),
        Route::DistTag { tag, .. } => assert_one_line(tag, 512),
        Route::Stage { id } | Route::StageTarball { id } | Route::StageApproval { id } => {
            assert_path_safe(id);
        }
        Route::Token { token: text } | Route::TokenOf { shown: text } => {
            assert_one_line(text, 1024);
        }
        Route::LoginPage { secret } | Route::LoginDone { secret } => {
            assert_path_safe(secret);
            assert_one_line(secret, 64);
        }
        Route::User { user } | Route::PackagesOf { user } | Route::StarredBy { user } => {
            assert_one_line(user, 214);
        }
        _ => {}
    }
}

fn assert_one_line(text: &str, longest: usize) {
    assert!((1..=longest).contains(&text.len()), "{text:?}");
    assert!(!text.contains(char::is_control), "{text:?}");
}

/// Bytes of any kind, and words of the kind that paths are made of.
fn target() -> impl Strategy<Value = Vec<u8>> {
    const WORDS: [&str; 61] = [
        "/",
        "/",
        "/",
        "-",
        "@",
        "@s",
        "n",
        "lodash",
        "-/",
        "package",
        "dist-tags",
        "/dist-tags",
        "/access",
        "/refresh",
        "/files/",
        "/raw",
        "/raw/-/",
        "/-/packages/all?",
        "/-/settings",
        "/-/static/",
        "/-/login",
        "/-/account",
        "/delete",
        "?rev=",
        "/-rev/",
        "-rev",
        "undefined",
        "/-/",
        "/-/package/",
        "/-/user/",
        "/-/org/",
        "/package",
        "org.couchdb.user:",
        "token/",
        "/-/whoami",
        "/-/stage",
        "/approve",
        "/-/v1/search?text=",
        "/-/v1/login",
        "/-/v1/done/",
        "/-/npm/v1/keys",
        "/-/npm/v1/oidc/token/exchange/package/",
        "/-/npm/v1/user",
        "/-/npm/v1/tokens",
        "/token/",
        "/_session",
        "/-/_view/starredByUser",
        "?key=",
        "%22",
        "x.tgz",
        "%2f",
        "%2F",
        "%40",
        "%2e",
        "..",
        ".",
        "%",
        "%00",
        "%5c",
        "é",
        "?write=true",
    ];
    let word = prop::sample::select(&WORDS[..]).prop_map(|word| word.as_bytes().to_vec());
    let piece = prop_oneof![8 => word, 1 => vec(any::<u8>(), 0..3)];
    let joined = vec(piece, 0..10).prop_map(|pieces| pieces.concat());
    let below_root = joined.clone().prop_map(|path| [b"/".to_vec(), path].concat());
    prop_oneof![1 => vec(any::<u8>(), 0..40), 1 => joined, 4 => below_root]
}

fn part() -> impl Strategy<Value = String> {
    let any_char = prop_oneof![
        8 => prop::sample::select(&b"abZ019-_.~!'()* @+"[..]).prop_map(char::from),
        1 => any::<char>(),
    ];
    vec(any_char, 1..8).prop_map(|chars| chars.into_iter().collect())
}

fn package_name() -> impl Strategy<Value = PackageName> {
    let text = (prop::option::of(part()), part()).prop_map(|(scope, base)| match scope {
        Some(scope) => format!("@{scope}/{base}"),
        None => base,
    });
    text.prop_filter_map("a name", |text| PackageName::parse(&text).ok())
}

/// Text that a segment can carry when every byte of it is encoded, slashes included.
fn segment() -> impl Strategy<Value = String> {
    let text = vec(prop_oneof![8 => part(), 1 => Just("/".to_owned())], 1..3);
    let text = text.prop_map(|parts| parts.concat());
    text.prop_filter("a segment", |text| {
        !matches!(text.as_str(), "." | "..")
            && !text.contains(|c: char| c.is_control() || c == '\\')
    })
}

/// What can follow a name, with the route that it makes.
fn route() -> impl Strategy<Value = Route> {
    let shape = (package_name(), 0..13, part(), segment());
    shape.prop_filter_map("a route", |(name, kind, text, other)| match kind {
        0 => Some(Route::Packument { name }),
        1 => Some(Route::DistTags { name }),
        2 => {
            let selector = Selector::parse(&text).ok().filter(|_| text != "-")?;
            Some(Route::Manifest { name, selector })
        }
        3 => Some(Route::Revision { name, rev: other }),
        4 => Some(Route::DistTag { name, tag: other }),
        5 => Some(Route::Visibility { name }),
        6 => Some(Route::Collaborators { name }),
        7 => Some(Route::Access { name }),
        8 => Some(Route::Refresh { name }),
        9 => Some(Route::Delete { name, rev: None }),
        10 => Some(Route::Delete { name, rev: Some(other) }),
        11 => {
            let file = TarballName::parse(&text).ok()?;
            Some(Route::TarballRevision { name, file, rev: other })
        }
        _ => {
            let file = TarballName::parse(&text).ok()?;
            Some(Route::Tarball { name, file })
        }
    })
}

/// Routes that are about no package, each with every way in which a client may write it.
fn other_route() -> impl Strategy<Value = (Route, Vec<String>)> {
    (0..4, segment()).prop_map(|(kind, text)| {
        let every = every_byte(&text);
        match kind {
            0 => {
                let ids = ["org.couchdb.user:", "org.couchdb.user%3A", "%6frg.couchdb.user:"];
                let paths = ids.map(|id| format!("/-/user/{id}{every}"));
                let again = paths.clone().map(|path| format!("{path}/-rev/undefined"));
                (Route::User { user: text }, [paths, again].concat())
            }
            1 => (Route::Token { token: text }, vec![format!("/-/user/token/{every}")]),
            2 => {
                let mut paths = vec![format!("/-/org/{every}/package")];
                if text != "token" {
                    paths.push(format!("/-/user/{every}/package"));
                }
                (Route::PackagesOf { user: text }, paths)
            }
            _ => {
                let view = "/-/_view/starredByUser";
                let queries = ["?key=%22", "?key=\"", "?write=true&k%65y=%22"];
                let paths = queries.map(|query| format!("{view}{query}{every}%22"));
                (Route::StarredBy { user: text }, paths.to_vec())
            }
        }
    })
}

fn every_byte(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// Every way in which a client may write a name.
fn spellings(name: &PackageName) -> Vec<String> {
    let mut all = vec![name.path(), name.encoded(), every_byte(name.as_str())];
    if let Some(scope) = name.scope() {
        let (scope, base) = (every_byte(scope), every_byte(name.basename()));
        all.extend(["/", "%2f", "%2F"].map(|slash| format!("{scope}{slash}{base}")));
    }
    all
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn no_bytes_panic_and_what_is_accepted_is_safe(target in target(), prefixed in any::<bool>()) {
        let prefix = if prefixed { "/n" } else { "" };
        if let Ok(route) = read(&target, prefix) {
            assert_safe(&route);
            prop_assert_eq!(get(&route.path()), Ok(route));
        }
    }

    #[test]
    fn a_route_is_there_for_the_methods_it_allows_and_for_no_other(target in target()) {
        let there = read(&target, "");
        for method in METHODS.iter() {
            let parsed = Route::parse(method, &target, "").map(|parsed| parsed.route);
            let expected = there.clone().and_then(|route| {
                let allow = route.allow();
                let allows = allow.split(", ").any(|one| one == method.as_str());
                if allows { Ok(route) } else { Err(RouteError::MethodNotAllowed { allow }) }
            });
            prop_assert_eq!(parsed, expected, "{}", method);
        }
    }

    #[test]
    fn what_is_about_no_package_is_read_in_every_spelling((route, paths) in other_route()) {
        prop_assert_eq!(&get(&route.path()), &Ok(route.clone()));
        for path in paths {
            prop_assert_eq!(&get(&path), &Ok(route.clone()), "{}", path);
            let prefixed = format!("/some/prefix{path}");
            prop_assert_eq!(&read(prefixed.as_bytes(), "/some/prefix"), &Ok(route.clone()));
        }
    }

    #[test]
    fn every_spelling_is_the_same_route(route in route()) {
        let name = route.name().expect("a route of a package");
        prop_assume!(!COUCHDB.contains(&name.as_str()));
        let same = Ok(route.clone());
        prop_assert_eq!(&get(&route.path()), &same);
        for spelled in spellings(name) {
            let service = |what: &str| vec![format!("/-/package/{spelled}/{what}")];
            let mut paths = match &route {
                Route::DistTags { .. } => service("dist-tags"),
                Route::DistTag { tag, .. } => service(&format!("dist-tags/{}", every_byte(tag))),
                Route::Visibility { .. } => service("visibility"),
                Route::Collaborators { .. } => service("collaborators"),
                Route::Access { .. } => service("access"),
                Route::Refresh { .. } => service("refresh"),
                Route::Delete { rev: None, .. } => service("delete"),
                Route::Delete { rev: Some(rev), .. } => {
                    let rev = every_byte(rev);
                    let after = format!("delete?a=b&r%65v={rev}&rev=c");
                    [service(&format!("delete?rev={rev}")), service(&after)].concat()
                }
                Route::Manifest { selector, .. } => {
                    vec![format!("/{spelled}/{}", every_byte(selector.as_str()))]
                }
                Route::Revision { rev, .. } => {
                    let rev = every_byte(rev);
                    ["-rev", "%2drev"].map(|word| format!("/{spelled}/{word}/{rev}")).to_vec()
                }
                Route::Tarball { file, .. } | Route::TarballRevision { file, .. } => {
                    vec![format!("/{spelled}/-/{}", every_byte(file.as_str()))]
                }
                _ => vec![format!("/{spelled}"), format!("/{spelled}/")],
            };
            if let Route::Tarball { file, .. } | Route::TarballRevision { file, .. } = &route
                && let Some(scope) = name.scope()
            {
                let (scope, file) = (every_byte(scope), every_byte(file.as_str()));
                let doubled = |slash| format!("/{spelled}/-/{scope}{slash}{file}");
                paths.extend(["/", "%2f"].map(doubled));
            }
            if let Route::TarballRevision { rev, .. } = &route {
                let rev = format!("/-rev/{}", every_byte(rev));
                paths.iter_mut().for_each(|path| path.push_str(&rev));
            }
            for path in paths {
                prop_assert_eq!(&get(&path), &same, "{}", path);
                let prefixed = format!("/some/prefix{path}");
                prop_assert_eq!(&read(prefixed.as_bytes(), "/some/prefix"), &same);
            }
        }
    }
}
