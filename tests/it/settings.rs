//! The settings page: what is saved on it is used at once, lasts, and goes before the environment.
//! Knows nothing of how pages look, nor of who signs in how.

mod applied;
mod lasting;
mod refused;
mod told;

use std::net::SocketAddr;

use serde_json::Value;
use url::form_urlencoded::Serializer;

use crate::support::client::{Request, Response, send_all};
use crate::support::nopar::TestNopar;
use crate::support::upstream::FakeUpstream;

const PAGE: &str = "/-/settings";

/// An upstream whose only version of `lodash` is this one.
async fn upstream(version: &str) -> FakeUpstream {
    let upstream = FakeUpstream::start().await;
    upstream.package("lodash").version(version, |it| it);
    upstream
}

fn browser(addr: SocketAddr) -> Request {
    Request::get(addr, PAGE).header("Accept", "text/html")
}

/// The page, as a browser at this machine sees it.
async fn page(addr: SocketAddr) -> String {
    browser(addr).send().await.expect(200).text()
}

/// The value of a hidden field.
fn hidden(text: &str, name: &str) -> String {
    let after = text.split(&format!("name=\"{name}\" value=\"")).nth(1);
    let value = after.and_then(|rest| rest.split('"').next());
    value.unwrap_or_else(|| panic!("no {name} in {text}")).to_owned()
}

/// The form of the page with these values typed.
pub(crate) async fn filled(addr: SocketAddr, values: &[(&str, &str)]) -> Request {
    let csrf = hidden(&page(addr).await, "csrf");
    posted(addr, &csrf, values)
}

fn posted(addr: SocketAddr, csrf: &str, values: &[(&str, &str)]) -> Request {
    let mut form = Serializer::new(String::new());
    form.append_pair("csrf", csrf).extend_pairs(values);
    let request = browser(addr).method("POST");
    let request = request.header("Content-Type", "application/x-www-form-urlencoded");
    request.body(form.finish())
}

/// Saves these values.
async fn save(addr: SocketAddr, values: &[(&str, &str)]) {
    let saved = filled(addr, values).await.send().await;
    assert_eq!(saved.status, 303, "{}", saved.text());
    assert_eq!(saved.header("location"), Some("/-/settings?done=saved"));
}

/// What is refused on the page.
async fn refused(addr: SocketAddr, status: u16, values: &[(&str, &str)]) -> String {
    let answer = filled(addr, values).await.send().await;
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    answer.text()
}

/// The latest version of `lodash`, as clients are told.
async fn latest(addr: SocketAddr) -> String {
    let answer: Response = Request::get(addr, "/lodash").send().await.expect(200);
    answer.json()["dist-tags"]["latest"].as_str().expect("a version").to_owned()
}

/// What is saved in a registry.
fn saved_in(nopar: &TestNopar) -> Value {
    let text = std::fs::read(nopar.registry_path().join("registry.json")).expect("a file");
    serde_json::from_slice::<Value>(&text).expect("JSON")["settings"].clone()
}

/// Of all who save at once each is answered, and what is saved in the end is what the page shows.
#[tokio::test]
async fn who_saves_at_once_is_answered_and_the_last_one_holds() {
    let upstream = upstream("1.0.0").await;
    let nopar = TestNopar::with(&upstream).start().await;
    let csrf = hidden(&page(nopar.addr()).await, "csrf");
    let agents: Vec<String> = (0..20).map(|number| format!("agent/{number}")).collect();
    let requests =
        agents.iter().map(|agent| posted(nopar.addr(), &csrf, &[("upstream.user_agent", agent)]));
    for answer in send_all(requests.collect::<Vec<_>>()).await {
        assert_eq!(answer.status, 303, "{}", answer.text());
    }
    let saved = saved_in(&nopar);
    let agent = saved["forwarder.userAgent"].as_str().expect("an agent").to_owned();
    assert!(agents.contains(&agent), "{saved}");
    assert!(page(nopar.addr()).await.contains(&format!("value=\"{agent}\"")));
    latest(nopar.addr()).await;
    assert_eq!(upstream.requests()[0].header("user-agent"), Some(agent.as_str()));
}
