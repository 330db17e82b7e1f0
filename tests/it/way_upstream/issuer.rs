//! The way to the issuers of ID tokens.
//! Knows nothing of what tokens say, nor of what they are good for.

use serde_json::json;

use super::tls_front::TlsFront;
use crate::support::issuer::FakeIssuer;
use crate::support::nopar::TestNopar;
use crate::support::proxy::FakeProxy;
use crate::support::upstream::FakeUpstream;
use crate::trust::{exchange, rules};

/// The way is that to the upstream, through a company's proxy and by its authority. But that the upstream's certificate
/// need not be right says nothing of those who sign for jobs.
#[tokio::test]
async fn an_issuer_is_reached_as_the_upstream_is_but_its_certificate_counts() {
    let (upstream, issuer) = (FakeUpstream::start().await, FakeIssuer::start().await);
    let (proxy, name) = (FakeProxy::start().await, "https://token.example");
    let front = TlsFront::start(issuer.server().addr(), &["token.example"]).await;
    proxy.place("token.example:443", front.addr());
    issuer.says(name, "https://token.example/keys");
    for (setting, value, status) in
        [("NOPAR_CA_FILE", front.ca_file().as_str(), 201), ("NOPAR_IGNORE_CERT", "yes", 503)]
    {
        let nopar = TestNopar::with(&upstream).via(&proxy).env("NOPAR_AUTH", "users");
        let nopar = nopar.env(setting, value).file(&rules(name)).start().await;
        let token = issuer.token(&json!({"iss": name}));
        let answer = exchange(nopar.addr(), "left", &token).send().await;
        assert_eq!(answer.status, status, "{setting}: {}", answer.text());
    }
    assert!(proxy.count_all() > 0);
    assert!(proxy.requests().iter().all(|seen| seen.method == "CONNECT"));
}
