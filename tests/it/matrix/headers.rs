//! What caches in front of NOPAR may do with what not everybody may know.
//! Knows nothing of statuses but which mean that something was told.

use nopar::route::Route;

use crate::support::client::Response;

/// What is wrong with the headers of an answer about a hidden package, or about what may tell of one.
pub(super) fn wrong(route: &Route, method: &str, answer: &Response) -> Option<String> {
    if is_for_all(route) {
        return None;
    }
    let control: Vec<&str> = answer.headers.all("cache-control").collect();
    let control = control.join(", ");
    if control.contains("public") {
        return Some(format!("Cache-Control: {control}"));
    }
    let is_told = matches!(method, "GET" | "HEAD") && answer.status == 200;
    let is_private = control.contains("private") && answer.headers.lists("vary", "authorization");
    let is_kept = !is_private && !control.contains("no-store");
    // What is of a package goes to caches that belong to who asks; of what is of a person, nothing is kept.
    let is_wrong = is_told && if route.name().is_some() { !is_private } else { is_kept };
    is_wrong.then(|| format!("Cache-Control: {control}, {:?}", answer.headers))
}

/// What is the same for everybody.
fn is_for_all(route: &Route) -> bool {
    matches!(
        route,
        Route::Root
            | Route::Ping
            | Route::Keys
            | Route::Favicon
            | Route::Robots
            | Route::Session
            | Route::Static { .. }
    )
}
