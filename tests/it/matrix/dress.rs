//! The request of a cell: what clients send to that route, by that method.
//! Knows nothing of what comes back.

use nopar::route::{Audit, Route};
use serde_json::{Value, json};

use super::scene::{Caller, Scene};
use super::subject::{On, Place};
use crate::access::password;
use crate::support::client::Request;
use crate::support::publish::{Publish, send};

/// What asks for the abbreviated form.
const ABBREVIATED: &str = "application/vnd.npm.install-v1+json";

/// A request that would succeed if its caller may do it. `flag` is what a row of the table has behind its method.
pub(super) fn request(
    scene: &Scene,
    route: &Route,
    method: &str,
    flag: &str,
    on: &On,
    caller: Caller,
) -> Request {
    let path = route.path();
    let request = match body(route, method, flag, on, caller) {
        Some(body) => send(scene.addr(), method, &path, &body),
        None => Request::new(scene.addr(), method, &path),
    };
    let request = match flag {
        "" => request,
        "abbreviated" => request.header("Accept", ABBREVIATED),
        command => request.header("npm-command", command),
    };
    scene.of(request, caller)
}

/// The body, where there is one.
fn body(route: &Route, method: &str, flag: &str, on: &On, caller: Caller) -> Option<Value> {
    let is_restricted = on.place == Place::Hidden;
    Some(match (method, route) {
        ("PUT", Route::Packument { .. }) if flag == "star" => starred(on),
        ("PUT", Route::Packument { .. }) if flag == "deprecate" => deprecated(on),
        ("PUT", Route::Packument { .. }) => Publish::of(&on.name, "2.0.0").document(),
        ("PUT", Route::Revision { .. }) => deprecated(on),
        ("PUT" | "POST", Route::Manifest { .. } | Route::DistTag { .. }) => json!("1.0.0"),
        ("PUT", Route::Owners { .. }) => json!({"user": "lou"}),
        ("POST", Route::Access { .. }) => {
            json!({"access": if is_restricted { "restricted" } else { "public" }})
        }
        ("POST", Route::StageOf { .. }) => Publish::of(&on.name, "3.0.0").document(),
        ("PUT", Route::User { user }) => json!({"name": user, "password": password(user)}),
        ("POST", Route::Tokens { .. }) => {
            json!({"password": password(caller.user().unwrap_or("nobody"))})
        }
        ("POST", Route::Profile) => json!({"fullname": "Somebody"}),
        ("POST", Route::Audit(Audit::Bulk)) => json!({on.name.as_str(): ["1.0.0"]}),
        ("POST", Route::Audit(_)) => json!({
            "name": "app", "version": "1.0.0", "requires": {on.name.as_str(): "^1.0.0"},
            "dependencies": {on.name.as_str(): {"version": "1.0.0"}},
        }),
        _ => return None,
    })
}

/// Everybody likes it: who sends it can say so of themselves only.
fn starred(on: &On) -> Value {
    let users = json!({"eve": true, "rob": true, "pat": true, "olga": true, "root": true});
    json!({"_id": on.name, "_rev": on.document["_rev"], "users": users})
}

fn deprecated(on: &On) -> Value {
    let mut copy = on.document.clone();
    if let Some(version) = copy["versions"].get_mut("1.0.0") {
        version["deprecated"] = json!("do not use");
    }
    copy
}
