//! Who may not read a name may do nothing with it, and learns nothing by trying: neither what is there, nor what the
//! upstream has.
//! Knows nothing of who may do what with what they may read.

use super::*;
use crate::support::publish::path_of;

/// A rule that says who reads, and nothing else; with names that the upstream could be asked for.
const READ_ONLY: &str = r#"
[[rule]]
packages = ["@hid/*", "hid-*"]
read = ["ann"]

[[rule]]
packages = ["own-*"]
read = ["$maintainers"]
"#;

/// All that can be tried with a name, with bodies that would do and with such as would not.
fn tries(addr: SocketAddr, name: &str) -> Vec<(String, Request)> {
    let path = path_of(name);
    let document = Publish::of(name, "1.0.0").document();
    let star = json!({"_id": name, "users": {"eve": true}});
    let tag = format!("/-/package{path}/dist-tags/beta");
    let tries = [
        ("PUT", path.clone(), document.clone()),
        ("PUT", path.clone(), json!({})),
        ("PUT", path.clone(), star),
        ("POST", format!("/-/stage/package{path}"), document),
        ("POST", format!("/-/stage/package{path}"), json!(1)),
        ("PUT", tag.clone(), json!("1.0.0")),
        ("DELETE", tag, json!({})),
        ("PUT", format!("{path}/-rev/1-0"), json!({})),
        ("DELETE", format!("{path}/-rev/1-0"), json!({})),
        ("PUT", format!("/-/package{path}/owners"), json!({"user": "eve"})),
        ("DELETE", format!("/-/package{path}/owners/ann"), json!({})),
        ("POST", format!("/-/package{path}/access"), json!({"access": "public"})),
        ("POST", format!("/-/package{path}/delete"), json!({})),
        ("POST", format!("/-/package{path}/refresh"), json!({})),
    ];
    let sent = |(method, path, body): (&str, String, Value)| {
        (format!("{method} {path}"), send(addr, method, &path, &body))
    };
    tries.map(sent).into()
}

/// Every refusal is the same for what is hosted, damaged, the upstream's and nowhere.
#[tokio::test]
async fn who_may_not_read_is_refused_alike_whatever_there_is() {
    let (upstream, nopar) = with_users(READ_ONLY).await;
    let addr = nopar.addr();
    upstream.package("hid-upst").version("1.0.0", |version| version);
    let (ann, eve) = (login(addr, "ann").await, login(addr, "eve").await);
    for name in ["@hid/real", "hid-real"] {
        assert_eq!(publish(addr, name, "1.0.0", Some(&ann)).await, 201);
    }
    let damaged = nopar.registry_path().join("hid-dama");
    fs::create_dir_all(&damaged).expect("a folder");
    fs::write(damaged.join("hid-dama.json"), "{\"name\":\"hid").expect("a file");
    upstream.clear();
    for (names, absent) in
        [(&["@hid/real"][..], "@hid/zeal"), (&["hid-real", "hid-upst", "hid-dama"], "hid-zeal")]
    {
        for (who, status) in [(Some(eve.as_str()), 403), (None, 401)] {
            for name in names {
                for ((shown, trial), (_, of_absent)) in
                    tries(addr, name).into_iter().zip(tries(addr, absent))
                {
                    let there = of(trial, who).send().await;
                    let nothing = of(of_absent, who).send().await;
                    // A copy that is sent back could say that somebody likes it, for which they have to see it.
                    let is_copy = shown.starts_with("PUT") && shown.contains("/-rev/");
                    let status = if is_copy && who.is_some() { 404 } else { status };
                    assert_eq!(there.status, status, "{shown}: {}", there.text());
                    assert_eq!(there.text().replace(name, absent), nothing.text(), "{shown}");
                }
            }
        }
    }
    assert_eq!(upstream.count_all(), 0, "{:?}", upstream.requests());
    // Nothing was made, and who may read goes on.
    for name in ["@hid/zeal", "hid-zeal"] {
        assert_eq!(publish(addr, name, "1.0.0", Some(&ann)).await, 201);
    }
}

/// Who creates a package is its maintainer, so a rule by which those alone read lets packages be created.
#[tokio::test]
async fn what_is_for_its_maintainers_is_created_by_who_will_be_one() {
    let (_upstream, nopar) = with_users(READ_ONLY).await;
    let addr = nopar.addr();
    let (ann, eve) = (login(addr, "ann").await, login(addr, "eve").await);
    assert_eq!(publish(addr, "own-a", "1.0.0", Some(&ann)).await, 201);
    assert_eq!(publish(addr, "own-a", "1.1.0", Some(&ann)).await, 201);
    assert_eq!(publish(addr, "own-a", "1.2.0", Some(&eve)).await, 403);
    assert_eq!(publish(addr, "own-b", "1.0.0", Some(&eve)).await, 201);
    assert_eq!(publish(addr, "own-c", "1.0.0", None).await, 401);
    ask(addr, "/own-a", Some(&ann)).await.expect(200);
    ask(addr, "/own-a", Some(&eve)).await.expect(404);
}
