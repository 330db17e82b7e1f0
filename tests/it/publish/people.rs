//! Owners of packages, who likes them, and who may see them.
//! Knows nothing of how somebody logs in.

use serde_json::{Value, json};

use super::login::login;
use super::{alone, at_revision, done, packument, revision, versions};
use crate::support::client::{Request, get};
use crate::support::nopar::TestNopar;
use crate::support::publish::{Publish, basic, path_of, put, refusal, send};

/// What npm sends to change owners: nothing but them.
fn owners(packument: &Value, names: &[&str]) -> Value {
    let person = |name: &&str| json!({"name": name, "email": format!("{name}@mail.example")});
    let people: Vec<Value> = names.iter().map(person).collect();
    json!({"_id": packument["_id"], "_rev": packument["_rev"], "maintainers": people})
}

fn names(packument: &Value) -> Vec<String> {
    let people = packument["maintainers"].as_array().expect("maintainers");
    let name = |person: &Value| person["name"].as_str().expect("a name").to_owned();
    people.iter().map(name).collect()
}

/// Owners are added and removed; versions and tags stay as they are.
#[tokio::test]
async fn owners_come_and_go() {
    let (_upstream, mut nopar) = alone().await;
    for name in ["x", "@s/n"] {
        Publish::of(name, "1.0.0").succeed(nopar.addr()).await;
        let mut before = packument(nopar.addr(), name).await;
        for wanted in [&["ann", "bob"][..], &["bob"]] {
            let body = owners(&before, wanted);
            done(&at_revision(nopar.addr(), "PUT", &before, &body).send().await, name);
            let after = packument(nopar.addr(), name).await;
            assert_eq!(names(&after), wanted);
            assert_eq!(after["versions"]["1.0.0"]["dist"], before["versions"]["1.0.0"]["dist"]);
            assert_eq!(after["dist-tags"], before["dist-tags"]);
            before = after;
        }
    }
    nopar.restart().await;
    assert_eq!(names(&packument(nopar.addr(), "x").await), ["bob"]);
}

/// Somebody owns a package always.
#[tokio::test]
async fn the_last_owner_stays() {
    let (_upstream, nopar) = alone().await;
    Publish::of("x", "1.0.0").succeed(nopar.addr()).await;
    let before = packument(nopar.addr(), "x").await;
    for wrong in [json!([]), json!([{}]), json!([{"name": ""}]), json!("me"), json!({"name": "me"})]
    {
        let mut body = owners(&before, &[]);
        body["maintainers"] = wrong.clone();
        let answer = at_revision(nopar.addr(), "PUT", &before, &body).send().await;
        refusal(&answer, &[400, 403, 422], &wrong.to_string());
        assert_eq!(packument(nopar.addr(), "x").await, before);
    }
}

/// Who has not seen the last change of owners changes none.
#[tokio::test]
async fn an_old_revision_changes_no_owner() {
    let (_upstream, nopar) = alone().await;
    Publish::of("x", "1.0.0").succeed(nopar.addr()).await;
    let old = packument(nopar.addr(), "x").await;
    let ann = owners(&old, &["ann"]);
    done(&at_revision(nopar.addr(), "PUT", &old, &ann).send().await, "ann");
    let bob = owners(&old, &["bob"]);
    refusal(&at_revision(nopar.addr(), "PUT", &old, &bob).send().await, &[409], "bob");
    assert_eq!(names(&packument(nopar.addr(), "x").await), ["ann"]);
}

async fn starred_by(nopar: &TestNopar, user: &str) -> Vec<String> {
    let path = format!("/-/_view/starredByUser?key=%22{user}%22");
    let listed = get(nopar.addr(), &path).await.expect(200).json();
    let rows = listed["rows"].as_array().unwrap_or_else(|| panic!("no rows in {listed}"));
    let value = |row: &Value| row["value"].as_str().expect("a package").to_owned();
    let mut found: Vec<String> = rows.iter().map(value).collect();
    found.sort();
    found
}

/// npm's star: nothing but `users`, in which only the caller's own entry counts.
async fn star(nopar: &TestNopar, name: &str, users: Value) {
    let document = packument(nopar.addr(), name).await;
    let body = json!({"_id": document["_id"], "_rev": document["_rev"], "users": users});
    let request = put(nopar.addr(), name, &body).header("Authorization", basic("me", "secret"));
    let answer = request.send().await;
    done(&answer, name);
    assert_eq!(answer.json()["success"], true, "npm reads it");
}

/// A star is given, listed and taken back, by the caller for the caller.
#[tokio::test]
async fn a_star_is_given_and_taken_back() {
    let (_upstream, mut nopar) = alone().await;
    // The password of `login` is the one of `star`.
    login(nopar.addr(), "me").await;
    for name in ["x", "@s/n", "z"] {
        Publish::of(name, "1.0.0").succeed(nopar.addr()).await;
    }
    assert_eq!(starred_by(&nopar, "me").await, [""; 0]);
    star(&nopar, "x", json!({"me": true})).await;
    star(&nopar, "@s/n", json!({"me": true, "somebody": true})).await;
    assert_eq!(starred_by(&nopar, "me").await, ["@s/n", "x"]);
    assert_eq!(starred_by(&nopar, "somebody").await, [""; 0], "only one's own");
    assert_eq!(packument(nopar.addr(), "x").await["users"], json!({"me": true}));
    assert_eq!(versions(&packument(nopar.addr(), "x").await), ["1.0.0"]);
    nopar.restart().await;
    assert_eq!(starred_by(&nopar, "me").await, ["@s/n", "x"]);
    star(&nopar, "x", json!({})).await;
    assert_eq!(starred_by(&nopar, "me").await, ["@s/n"]);
}

/// Who has not said who they are has no star to give, nor to take back; they may send back those that there are.
#[tokio::test]
async fn nobody_in_particular_gives_no_star() {
    let (_upstream, nopar) = alone().await;
    login(nopar.addr(), "me").await;
    Publish::of("x", "1.0.0").succeed(nopar.addr()).await;
    star(&nopar, "x", json!({"me": true})).await;
    let before = packument(nopar.addr(), "x").await;
    for users in [json!({"joe": true}), json!({"me": true, "joe": true}), json!({})] {
        let what = users.to_string();
        let body = json!({"_id": "x", "_rev": before["_rev"], "users": users});
        let answer = put(nopar.addr(), "x", &body).send().await;
        let error = refusal(&answer, &[401], &what);
        assert!(error.contains("logged in"), "{error}");
        assert!(!error.contains("one-time pass"), "npm would ask for one");
        assert_eq!(packument(nopar.addr(), "x").await, before, "{what}");
    }
    let mut copy = before;
    copy["versions"]["1.0.0"]["deprecated"] = json!("old");
    done(&put(nopar.addr(), "x", &copy).send().await, "a deprecation");
    assert_eq!(starred_by(&nopar, "me").await, ["x"]);
}

/// Who may do what is told as npm asks for it: all is public, and owners may write.
#[tokio::test]
async fn access_is_told() {
    let (upstream, nopar) = alone().await;
    for name in ["x", "@s/n"] {
        Publish::of(name, "1.0.0").succeed(nopar.addr()).await;
        let before = packument(nopar.addr(), name).await;
        let body = owners(&before, &["ann", "bob"]);
        done(&at_revision(nopar.addr(), "PUT", &before, &body).send().await, name);
        upstream.clear();
        let service = |what: &str| format!("/-/package/{}/{what}", &path_of(name)[1..]);
        let read = async |what: &str| get(nopar.addr(), &service(what)).await.expect(200).json();
        assert_eq!(read("visibility").await, json!({"public": true}));
        let expected = json!({"ann": "read-write", "bob": "read-write"});
        assert_eq!(read("collaborators").await, expected);
        assert_eq!(read("collaborators?format=cli").await, expected);
        assert!(read("access").await.is_object());
        let set = send(nopar.addr(), "POST", &service("access"), &json!({"access": "public"}));
        set.send().await.expect(200);
        assert_eq!(upstream.count_all(), 0);
    }
    for what in ["visibility", "collaborators", "access"] {
        let answer = get(nopar.addr(), &format!("/-/package/@s%2fnowhere/{what}")).await;
        refusal(&answer, &[404], what);
    }
}

/// Of a package that was taken back nothing is told; of the upstream's only that everyone may read them.
#[tokio::test]
async fn access_is_told_of_what_is_there() {
    let (upstream, nopar) = alone().await;
    Publish::of("x", "1.0.0").succeed(nopar.addr()).await;
    let gone = Request::new(nopar.addr(), "DELETE", "/x/-rev/undefined");
    done(&gone.send().await, "all of it");
    for what in ["visibility", "collaborators", "access", "owners"] {
        refusal(&get(nopar.addr(), &format!("/-/package/x/{what}")).await, &[404], what);
    }
    assert_eq!(upstream.count("/x"), 1, "by the publish");
    upstream.package("y").version("1.0.0", |v| v);
    for what in ["visibility", "access"] {
        get(nopar.addr(), &format!("/-/package/y/{what}")).await.expect(200);
    }
}

/// Whatever a revision is asked with, the present one is in the document.
#[tokio::test]
async fn each_change_has_a_revision_of_its_own() {
    let (_upstream, nopar) = alone().await;
    Publish::of("x", "1.0.0").succeed(nopar.addr()).await;
    let mut seen = vec![revision(&packument(nopar.addr(), "x").await).to_owned()];
    for name in ["ann", "bob", "ann", "bob"] {
        let document = packument(nopar.addr(), "x").await;
        let body = owners(&document, &[name]);
        done(&at_revision(nopar.addr(), "PUT", &document, &body).send().await, name);
        let rev = revision(&packument(nopar.addr(), "x").await).to_owned();
        assert!(!seen.contains(&rev), "{rev} again, after {seen:?}");
        seen.push(rev);
    }
}
