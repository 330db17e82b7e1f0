//! Versions that are staged: kept out of sight, looked at, approved, rejected, forgotten.
//! Knows nothing of how they are kept, beyond where an operator finds them.

mod ends;
mod hostile;
mod kill;
mod races;
mod way;

use std::net::SocketAddr;
use std::path::Path;

use serde_json::Value;

use crate::support::client::{Request, Response, get};
use crate::support::nopar::{TestNopar, files_below};
use crate::support::publish::{Publish, path_of, send};
use crate::support::upstream::{FakeUpstream, usual_path};

/// A NOPAR whose upstream has nothing.
async fn alone() -> (FakeUpstream, TestNopar) {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).stopped_clock().start().await;
    (upstream, nopar)
}

/// The request that stages a version there.
fn staging(addr: SocketAddr, name: &str, publish: &Publish) -> Request {
    let path = format!("/-/stage/package{}", path_of(name));
    send(addr, "POST", &path, &publish.document())
}

/// The id in the answer to one that went well.
#[track_caller]
fn id_of(answer: &Response) -> String {
    assert_eq!(answer.status, 201, "{}", String::from_utf8_lossy(&answer.body));
    let body = answer.json();
    assert_eq!(body["ok"], true, "{body}");
    body["stageId"].as_str().unwrap_or_else(|| panic!("no id in {body}")).to_owned()
}

/// Stages a version; its id.
async fn stage(addr: SocketAddr, name: &str, version: &str) -> String {
    let publish = Publish::of(name, version);
    id_of(&staging(addr, name, &publish).send().await)
}

fn approving(addr: SocketAddr, id: &str) -> Request {
    Request::new(addr, "POST", &format!("/-/stage/{id}/approve"))
}

fn rejecting(addr: SocketAddr, id: &str) -> Request {
    Request::new(addr, "DELETE", &format!("/-/stage/{id}"))
}

async fn view(addr: SocketAddr, id: &str) -> Response {
    get(addr, &format!("/-/stage/{id}")).await
}

async fn list(addr: SocketAddr, query: &str) -> Value {
    get(addr, &format!("/-/stage{query}")).await.expect(200).json()
}

/// The ids in a list, in its order.
fn ids(list: &Value) -> Vec<String> {
    let items = list["items"].as_array().unwrap_or_else(|| panic!("no items in {list}"));
    items.iter().map(|item| item["id"].as_str().expect("an id").to_owned()).collect()
}

/// Fails the test unless nothing is told of a package.
async fn check_unpublished(addr: SocketAddr, name: &str, version: &str) {
    for path in [
        path_of(name),
        format!("{}/{version}", path_of(name)),
        usual_path(name, version),
        format!("/-/package{}/dist-tags", path_of(name)),
    ] {
        assert_eq!(get(addr, &path).await.status, 404, "{path}");
    }
}

/// Files of stages below a registry directory.
fn staged_files(registry: &Path) -> Vec<String> {
    let mut files = files_below(registry);
    files.retain(|file| file.starts_with(".nopar/stage/"));
    files
}

/// Fails the test unless a version's tarball is what was staged.
async fn check_published(addr: SocketAddr, publish: &Publish, name: &str, version: &str) {
    let document = get(addr, &path_of(name)).await.expect(200).json();
    assert!(document["versions"][version].is_object(), "{document}");
    let tarball = get(addr, &usual_path(name, version)).await.expect(200);
    assert!(tarball.complete && tarball.body == publish.bytes(), "{name}@{version}");
}
