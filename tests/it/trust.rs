//! Trusted publishing: jobs that show a token of their CI system in place of a password.
//! Knows nothing of how tokens are verified; an issuer of its own makes them.

mod issuer;
mod jobs;
mod log;
mod reading;
mod refused;
mod way;

use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::support::client::{Request, Response};
use crate::support::issuer::FakeIssuer;
use crate::support::nopar::{TestNopar, TestNoparBuilder};
use crate::support::upstream::FakeUpstream;

/// Where a job asks for a token, before the name.
const EXCHANGE: &str = "/-/npm/v1/oidc/token/exchange/package";

/// Jobs of `acme/ui` publish from tags, those of `acme` read; all of `@acme` is hidden from strangers.
pub(crate) fn rules(issuer: &str) -> String {
    format!(
        r#"
        [[rule]]
        packages = ["@acme/*"]
        read = ["$authenticated"]
        [[trust]]
        issuer = "{issuer}"
        audience = "npm:registry.example"
        claims = {{ repository = "acme/ui", ref = "refs/tags/*" }}
        packages = ["@acme/ui", "@acme/ui-*", "left"]
        [[trust]]
        issuer = "{issuer}"
        audience = "npm:registry.example"
        claims = {{ repository_owner = "acme" }}
        packages = ["@acme/*", "right"]
        permission = "read"
        "#
    )
}

/// A NOPAR that trusts the jobs of an issuer, and its upstream, which has nothing.
struct Scene {
    upstream: FakeUpstream,
    issuer: FakeIssuer,
    nopar: TestNopar,
}

impl Scene {
    async fn new() -> Self {
        Self::with(|nopar| nopar).await
    }

    async fn with(change: impl FnOnce(TestNoparBuilder) -> TestNoparBuilder) -> Self {
        let (upstream, issuer) = (FakeUpstream::start().await, FakeIssuer::start().await);
        let nopar = TestNopar::with(&upstream).env("NOPAR_AUTH", "users").stopped_clock();
        let nopar = change(nopar.file(&rules(&issuer.url()))).start().await;
        Self { upstream, issuer, nopar }
    }

    fn addr(&self) -> SocketAddr {
        self.nopar.addr()
    }

    /// What comes of a usual job's asking for a package, but for these claims.
    async fn ask(&self, name: &str, more: Value) -> Response {
        exchange(self.addr(), name, &self.issuer.token(&more)).send().await
    }

    /// The `Authorization` of a job that may do that.
    async fn admitted(&self, name: &str, more: Value) -> String {
        let answer = self.ask(name, more).await.expect(201);
        format!("Bearer {}", answer.json()["token"].as_str().expect("a token"))
    }

    /// How many tokens there are.
    fn tokens(&self) -> usize {
        let files = self.nopar.registry_files();
        files.iter().filter(|file| file.starts_with(".nopar/tokens/")).count()
    }
}

/// A job that asks for a package and shows this token.
pub(crate) fn exchange(addr: SocketAddr, name: &str, token: &str) -> Request {
    let request = Request::new(addr, "POST", &format!("{EXCHANGE}/{}", name.replace('/', "%2f")));
    request.header("Authorization", format!("Bearer {token}"))
}

/// Fails the test unless the answer is a refusal as npm, pnpm and yarn read it; what it says.
#[track_caller]
fn refusal(answer: &Response, status: u16, reason: &str) -> String {
    assert_eq!(answer.status, status, "{}", answer.text());
    let body = answer.json();
    assert_eq!(body["reason"], json!(reason), "{body}");
    assert_eq!(body["error"], body["message"], "{body}");
    body["message"].as_str().expect("a message").to_owned()
}
