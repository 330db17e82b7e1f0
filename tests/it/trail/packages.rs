//! Owners, and changes of packages that were not allowed.
//! Knows nothing of accounts.

use super::*;
use crate::support::publish::Publish;

#[tokio::test]
async fn other_owners_and_what_is_not_allowed_are_one_line_each() {
    let mut watched = Watched::start("info").await;
    let (ann, bob) = (watched.comes("ann").await, watched.comes("bob").await);
    let first = Publish::of("mine", "1.0.0").to(watched.addr);
    of(first, Some(&ann)).send().await.expect(201);
    let owners = "/-/package/mine/owners";
    let adding = json!({"user": "eve"});
    watched.send("PUT", owners, &adding, Some(&bob)).await.expect(403);
    let parts = ["package=\"mine\"", "why=\"bob may not change the owners of mine\""];
    watched.line("owners refused who=\"bob\" ", &parts).await;
    watched.send("PUT", owners, &adding, Some(&ann)).await.expect(201);
    watched.line("owners ok who=\"ann\" ", &["package=\"mine\"", "added=\"eve\""]).await;
    watched.bare("DELETE", &format!("{owners}/eve"), Some(&ann)).await.expect(201);
    watched.line("owners ok who=\"ann\" ", &["package=\"mine\"", "removed=\"eve\""]).await;

    // As npm does it.
    let copy = watched.bare("GET", "/mine?write=true", None).await.expect(200).json();
    let rev = copy["_rev"].as_str().expect("a revision");
    let two =
        json!({"_id": "mine", "_rev": rev, "maintainers": [{"name": "ann"}, {"name": "bob"}]});
    let path = format!("/mine/-rev/{rev}");
    watched.send("PUT", &path, &two, Some(&bob)).await.expect(403);
    let parts = ["package=\"mine\"", "owners=\"ann, bob\"", "why="];
    watched.line("owners refused who=\"bob\" ", &parts).await;
    watched.send("PUT", &path, &two, Some(&ann)).await.expect(201);
    watched.line("owners ok who=\"ann\" ", &["package=\"mine\"", "owners=\"ann, bob\""]).await;

    let eve = watched.comes("eve").await;
    for (method, path, what) in [
        ("PUT", path_of("mine"), "PUT packument"),
        ("DELETE", "/mine/-rev/1".to_owned(), "DELETE revision"),
        ("PUT", "/-/package/mine/dist-tags/beta".to_owned(), "PUT dist_tag"),
        ("POST", "/-/package/mine/delete".to_owned(), "POST delete"),
        ("POST", "/-/stage/package/mine".to_owned(), "POST stage_of"),
    ] {
        watched.send(method, &path, &json!("1.0.0"), Some(&eve)).await.expect(403);
        let what = format!("what=\"{what}\"");
        watched.line("write refused who=\"eve\" ", &["package=\"mine\"", &what, "why=\"eve"]).await;
    }
    // What is done, what cannot be done, and what is only read, is not on the trail.
    of(Publish::of("mine", "1.1.0").to(watched.addr), Some(&ann)).send().await.expect(201);
    of(Publish::of("mine", "1.1.0").to(watched.addr), Some(&ann)).send().await.expect(409);
    watched.bare("GET", "/-/package/mine/owners", Some(&eve)).await.expect(200);
    watched.bare("GET", "/@acme%2fx", None).await.expect(404);
    watched.end().await;
}
