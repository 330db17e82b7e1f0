//! What holds for every path there could be.
//! Knows nothing of single cases; those are in the table.

use http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn config() -> ProptestConfig {
    ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() }
}

fn get(path: &str) -> Result<Route, RouteError> {
    Route::parse(&Method::GET, path.as_bytes(), "").map(|parsed| parsed.route)
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
        Route::Tarball { file, .. } => assert_path_safe(file.as_str()),
        Route::Manifest { selector, .. } => assert_path_safe(selector.as_str()),
        _ => {}
    }
}

/// Bytes of any kind, and words of the kind that paths are made of.
fn target() -> impl Strategy<Value = Vec<u8>> {
    const WORDS: [&str; 22] = [
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

/// What can follow a name, with the route that it makes.
fn route() -> impl Strategy<Value = Route> {
    let shape = (package_name(), 0..4, part());
    shape.prop_filter_map("a route", |(name, kind, text)| match kind {
        0 => Some(Route::Packument { name }),
        1 => Some(Route::DistTags { name }),
        2 => {
            let selector = Selector::parse(&text).ok().filter(|_| text != "-")?;
            Some(Route::Manifest { name, selector })
        }
        _ => {
            let file = TarballName::parse(&text).ok()?;
            Some(Route::Tarball { name, file })
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
        if let Ok(parsed) = Route::parse(&Method::GET, &target, prefix) {
            assert_safe(&parsed.route);
            prop_assert_eq!(get(&parsed.route.path()), Ok(parsed.route));
        }
    }

    #[test]
    fn every_spelling_is_the_same_route(route in route()) {
        let name = route.name().expect("a route of a package");
        prop_assume!(!COUCHDB.contains(&name.as_str()));
        let same = Ok(route.clone());
        prop_assert_eq!(&get(&route.path()), &same);
        for spelled in spellings(name) {
            let mut paths = match &route {
                Route::DistTags { .. } => vec![format!("/-/package/{spelled}/dist-tags")],
                Route::Manifest { selector, .. } => {
                    vec![format!("/{spelled}/{}", every_byte(selector.as_str()))]
                }
                Route::Tarball { file, .. } => {
                    vec![format!("/{spelled}/-/{}", every_byte(file.as_str()))]
                }
                _ => vec![format!("/{spelled}"), format!("/{spelled}/")],
            };
            if let (Route::Tarball { file, .. }, Some(scope)) = (&route, name.scope()) {
                let (scope, file) = (every_byte(scope), every_byte(file.as_str()));
                let doubled = |slash| format!("/{spelled}/-/{scope}{slash}{file}");
                paths.extend(["/", "%2f"].map(doubled));
            }
            for path in paths {
                prop_assert_eq!(&get(&path), &same, "{}", path);
                let prefixed = format!("/some/prefix{path}");
                let parsed = Route::parse(&Method::GET, prefixed.as_bytes(), "/some/prefix");
                prop_assert_eq!(&parsed.map(|parsed| parsed.route), &same);
            }
        }
    }
}
