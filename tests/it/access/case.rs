//! Names in another case than a rule or a claim has them: an upstream may take them for the same.
//! Knows nothing of how patterns match; that is tried beside the code.

use super::*;

const HIDING: &str = r#"
[[rule]]
packages = ["@acme/*", "secret-up"]
read = ["ann"]
"#;

/// The upstream here takes any case for one name, as some do.
fn careless(upstream: &FakeUpstream) {
    for (name, base) in [("@ACME/fromup", "fromup"), ("Secret-up", "secret-up"), ("INNER", "inner")]
    {
        upstream.package(name).version("1.0.0", |version| version);
        upstream.file(&format!("/{name}/-/{base}-1.0.0.tgz"), "private bytes");
    }
}

#[tokio::test]
async fn what_is_hidden_or_claimed_is_so_in_any_case() {
    let upstream = FakeUpstream::start().await;
    careless(&upstream);
    let nopar = with_users_before(&upstream, HIDING, &[("NOPAR_LOCAL_PACKAGES", "inner")]).await;
    let addr = nopar.addr();
    let (ann, eve) = (login(addr, "ann").await, login(addr, "eve").await);
    for who in [None, Some(eve.as_str())] {
        for path in [
            "/Secret-up",
            "/Secret-up/-/secret-up-1.0.0.tgz",
            "/@ACME%2ffromup",
            "/@ACME/fromup/-/fromup-1.0.0.tgz",
            "/INNER",
            "/INNER/-/inner-1.0.0.tgz",
        ] {
            ask(addr, path, who).await.expect(404);
        }
        for name in ["@ACME/fromup", "Secret-up", "INNER"] {
            ask(addr, &format!("/-/v1/search?text={name}"), who).await.expect(200);
            let tree = json!({name: ["1.0.0"]});
            let bulk = "/-/npm/v1/security/advisories/bulk";
            of(send(addr, "POST", bulk, &tree), who).send().await.expect(200);
        }
    }
    // Of what is claimed, who may read it gets no more from there.
    ask(addr, "/@ACME/fromup/-/fromup-1.0.0.tgz", Some(&ann)).await.expect(404);
    assert_eq!(upstream.count_all(), 0, "{:?}", upstream.requests());
    ask(addr, "/Secret-up/-/secret-up-1.0.0.tgz", Some(&ann)).await.expect(200);
}

/// Hosted packages whose names differ in case are two.
#[tokio::test]
async fn two_hosted_packages_may_differ_in_case() {
    let (_upstream, nopar) = with_users(HIDING).await;
    let addr = nopar.addr();
    let ann = login(addr, "ann").await;
    for (name, version) in [("@acme/ui", "1.0.0"), ("@acme/UI", "2.0.0")] {
        assert_eq!(publish(addr, name, version, Some(&ann)).await, 201);
    }
    for (path, version) in [("/@acme%2fui", "1.0.0"), ("/@acme%2fUI", "2.0.0")] {
        let document = ask(addr, path, Some(&ann)).await.expect(200).json();
        assert_eq!(document["dist-tags"]["latest"], version);
        ask(addr, path, None).await.expect(404);
    }
}
