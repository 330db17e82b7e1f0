//! Any bytes as a request's target: no panic, nothing unsafe let through, one spelling per route.
#![no_main]

use http::Method;
use libfuzzer_sys::fuzz_target;
use nopar::route::Route;

const PREFIXES: [&str; 4] = ["", "/n", "/npm", "/some/prefix"];

fuzz_target!(|input: &[u8]| {
    let Some((choice, target)) = input.split_first() else { return };
    let prefix = PREFIXES[usize::from(*choice) % PREFIXES.len()];
    let Ok(parsed) = Route::parse(&Method::GET, target, prefix) else { return };
    let route = parsed.route;
    if let Some(name) = route.name() {
        let parts: Vec<&str> = name.as_str().split('/').collect();
        assert!(parts.len() <= 2);
        parts.into_iter().for_each(assert_path_safe);
    }
    match &route {
        Route::Tarball { file, .. } => assert_path_safe(file.as_str()),
        Route::Manifest { selector, .. } => assert_path_safe(selector.as_str()),
        _ => {}
    }
    let again = Route::parse(&Method::GET, route.path().as_bytes(), "");
    assert_eq!(again.map(|parsed| parsed.route), Ok(route));
});

/// Text that is no way out of a directory, however it is joined to a path.
fn assert_path_safe(text: &str) {
    assert!(!text.is_empty() && text != "." && text != "..", "{text:?}");
    assert!(!text.contains(|c: char| c == '/' || c == '\\' || c.is_control()), "{text:?}");
}
