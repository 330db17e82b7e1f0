//! The address of an account, where packages name its user.
//! Knows nothing of how users change theirs.

use super::*;

#[tokio::test]
async fn packages_name_the_address_of_who_publishes_and_owns_them() {
    let (_upstream, nopar) = with_users("").await;
    let addr = nopar.addr();
    let (ann, bob) = (login(addr, "ann").await, login(addr, "bob").await);
    assert_eq!(publish(addr, "mine", "1.0.0", Some(&ann)).await, 201);
    let owners = "/-/package/mine/owners";
    for (user, status) in [("bob", 201), ("stranger", 404)] {
        let adding = send(addr, "PUT", owners, &json!({"user": user}));
        assert_eq!(of(adding, Some(&ann)).send().await.status, status);
    }
    let person = |name: &str| json!({"name": name, "email": format!("{name}@acme.example")});
    let document = ask(addr, "/mine", None).await.expect(200).json();
    assert_eq!(document["maintainers"], json!([person("ann"), person("bob")]));
    assert_eq!(document["versions"]["1.0.0"]["_npmUser"], person("ann"));

    // What somebody else approves is published by who has staged it.
    let staged = Publish::of("mine", "1.1.0").document();
    let staging = send(addr, "POST", "/-/stage/package/mine", &staged);
    let staged = of(staging, Some(&ann)).send().await.expect(201).json();
    let id = staged["stageId"].as_str().expect("an id");
    let approving = Request::new(addr, "POST", &format!("/-/stage/{id}/approve"));
    of(approving, Some(&bob)).send().await.expect(201);
    let document = ask(addr, "/mine", None).await.expect(200).json();
    assert_eq!(document["versions"]["1.1.0"]["_npmUser"], person("ann"));
}

/// `npm owner add` asks for it, to write it down.
#[tokio::test]
async fn users_are_told_the_address_of_a_user() {
    let (_upstream, nopar) = with_users("").await;
    let addr = nopar.addr();
    let ann = login(addr, "ann").await;
    let path = "/-/user/org.couchdb.user:bob";
    let told = ask(addr, path, Some(&ann)).await.expect(200).json();
    assert_eq!((&told["name"], &told["email"]), (&json!("bob"), &json!("bob@acme.example")));
    ask(addr, path, None).await.expect(401);
    ask(addr, "/-/user/org.couchdb.user:joe", Some(&ann)).await.expect(404);
}
