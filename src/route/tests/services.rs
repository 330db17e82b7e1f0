//! The paths of what a registry does beside its packages: attestations, stages, questions, a user's own affairs.
//! Knows nothing of methods; the table of those is one for all paths.

use super::*;

/// The provenance of a version, with the scope's slash encoded or not.
#[test]
fn attestations_are_of_a_version() {
    for (path, name, version) in [
        ("/-/npm/v1/attestations/x@1.0.0", "x", "1.0.0"),
        ("/-/npm/v1/attestations/@s/n@1.0.0-a.1", "@s/n", "1.0.0-a.1"),
        ("/-/npm/v1/attestations/@s%2fn@1.0.0", "@s/n", "1.0.0"),
        ("/-/npm/v1/attestations/%40s%2Fn%401.0.0", "@s/n", "1.0.0"),
    ] {
        let route = Route::parse(&Method::GET, path.as_bytes(), "").expect(path).route;
        let (name, version) = (name.parse().unwrap(), Selector::parse(version).unwrap());
        assert_eq!(route, Route::Attestations { name, version }, "{path}");
        let again = Route::parse(&Method::GET, route.path().as_bytes(), "").expect(path).route;
        assert_eq!(again, route, "{path}");
    }
    for path in
        ["/-/npm/v1/attestations", "/-/npm/v1/attestations/x", "/-/npm/v1/attestations/@s/n"]
    {
        let error = Route::parse(&Method::GET, path.as_bytes(), "").unwrap_err();
        assert_eq!(error, RouteError::NotFound, "{path}");
    }
}

fn staged(id: &str) -> Route {
    Route::Stage { id: id.to_owned() }
}

#[test]
fn what_is_staged_is_asked_for_by_its_id() {
    let id = "0b5e6d4e-1c2d-4e3f-8a9b-0123456789ab";
    is(&format!("/-/stage/{id}"), &staged(id));
    is(&format!("/-/stage/{id}/tarball"), &Route::StageTarball { id: id.to_owned() });
    is(&format!("/-/stage/{id}/approve"), &Route::StageApproval { id: id.to_owned() });
    is("/-/stage", &Route::Stages { query: String::new() });
    let query = "page=0&perPage=100&package=%40s%2fn";
    is(&format!("/-/stage?{query}"), &Route::Stages { query: query.to_owned() });
    for spelled in SCOPED {
        is(&format!("/-/stage/package/{spelled}"), &Route::StageOf { name: name("@s/n") });
    }
    is("/-/stage/package/approve", &Route::StageOf { name: name("approve") });
    let long = "a".repeat(65);
    for path in ["package", "a.b", "a%2fb", "..x", "a/b", "a/tarball/b", "package/n/1.0.0", &long] {
        let found = of_some_method(&format!("/-/stage/{path}"));
        assert_eq!(found, Err(RouteError::NotFound), "{path}");
    }
}

#[test]
fn a_token_for_a_package_is_asked_for_by_its_name() {
    let asked = "/-/npm/v1/oidc/token/exchange/package";
    for spelled in SCOPED {
        is(&format!("{asked}/{spelled}"), &Route::Exchange { name: name("@s/n") });
    }
    is(&format!("{asked}/n?x"), &Route::Exchange { name: name("n") });
    for rest in ["", "/", "/n/1.0.0", "/@s/n/x", "/@s%2fn/x"] {
        let found = of_some_method(&format!("{asked}{rest}"));
        assert_eq!(found, Err(RouteError::NotFound), "{rest}");
    }
    for rest in ["/@s", "/.n", "/@s%2fn%2fx"] {
        let found = of_some_method(&format!("{asked}{rest}"));
        assert!(matches!(found, Err(RouteError::BadPath(_))), "{rest}: {found:?}");
    }
}

#[test]
fn questions_of_a_whole_registry_are_read() {
    is("/-/v1/search", &Route::Search { query: String::new() });
    is("/-/v1/search?text=a&size=20", &Route::Search { query: "text=a&size=20".to_owned() });
    is("/-/npm/v1/keys", &Route::Keys);
    is("/-/npm/v1/security/advisories/bulk", &Route::Audit(Audit::Bulk));
    is("/-/npm/v1/security/audits/quick", &Route::Audit(Audit::Quick));
    is("/-/npm/v1/security/audits", &Route::Audit(Audit::Full));
    for path in ["/-/npm/v1/security", "/-/npm/v1/security/advisories", "/-/npm/v1/hooks", "/-/v1"]
    {
        assert_eq!(of_some_method(path), Err(RouteError::NotFound), "{path}");
    }
    let too_long = format!("/-/v1/search?text={}", "x".repeat(2048));
    for path in [too_long.as_str(), "/-/v1/search?text=\u{7f}", "/-/stage?page=\u{1}"] {
        assert_eq!(of_some_method(path), Err(BadPath::Query.into()), "{path}");
    }
}

#[test]
fn a_user_s_own_affairs_have_paths_of_npm_s() {
    is("/-/npm/v1/user", &Route::Profile);
    is("/-/npm/v1/tokens", &Route::Tokens { query: String::new() });
    let query = "page=1&perPage=10";
    is(&format!("/-/npm/v1/tokens?{query}"), &Route::Tokens { query: query.to_owned() });
    for shown in ["0b5e6d4e", "npm_abc", "token"] {
        let path = format!("/-/npm/v1/tokens/token/{shown}");
        is(&path, &Route::TokenOf { shown: shown.to_owned() });
        assert_eq!(Route::TokenOf { shown: shown.to_owned() }.path(), path);
    }
    let long = format!("/-/npm/v1/tokens/token/{}", "a".repeat(1025));
    assert_eq!(of_some_method(&long), Err(BadPath::Token.into()));
    for path in ["/-/npm/v1/tokens/token", "/-/npm/v1/tokens/x", "/-/npm/v1/user/me", "/-/npm/v1"] {
        assert_eq!(of_some_method(path), Err(RouteError::NotFound), "{path}");
    }
    for (path, method) in [("user", Method::PUT), ("tokens", Method::DELETE)] {
        let parsed = Route::parse(&method, format!("/-/npm/v1/{path}").as_bytes(), "");
        assert!(matches!(parsed, Err(RouteError::MethodNotAllowed { allow: "GET, HEAD, POST" })));
    }
}
