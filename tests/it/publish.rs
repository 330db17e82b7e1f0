//! NOPAR's own packages: published, served, changed, taken back.
//! Knows nothing of how they are kept, beyond where an operator finds them.

mod authority;
mod basics;
mod bodies;
mod changes;
mod crash;
mod damaged;
mod faults;
mod forms;
mod full;
mod gone;
mod login;
mod long;
mod names;
mod no_files;
mod old_paths;
mod parallel;
mod people;
mod provenance;
mod refused;
mod release;
mod seed;
mod shared;
mod survey;
mod tags;
mod taken;
mod tls;
mod unpublish;
mod unsaid;
mod words;

use std::net::SocketAddr;
use std::path::Path;

use serde_json::Value;

use crate::asking::eventually;
use crate::support::binary::Binary;
use crate::support::client::{Request, Response, get};
use crate::support::nopar::{TestNopar, files_below};
use crate::support::publish::{path_of, send};
use crate::support::upstream::{FakeUpstream, usual_path};

pub(crate) use self::unpublish::take_back;

/// A NOPAR whose upstream has nothing.
async fn alone() -> (FakeUpstream, TestNopar) {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).start().await;
    (upstream, nopar)
}

/// The same, with its packages in a directory that is there already.
async fn over(registry: &Path) -> (FakeUpstream, TestNopar) {
    let upstream = FakeUpstream::start().await;
    let path = registry.to_str().expect("a path in UTF-8");
    let nopar = TestNopar::with(&upstream).env("NOPAR_REGISTRY_PATH", path).start().await;
    (upstream, nopar)
}

/// The same as a process of its own, whose log can be read.
async fn binary_over(registry: &Path) -> (FakeUpstream, Binary, SocketAddr) {
    let upstream = FakeUpstream::start().await;
    let path = registry.to_str().expect("a path in UTF-8");
    let (binary, addr) = Binary::serving(&upstream.url(), &[("NOPAR_REGISTRY_PATH", path)]).await;
    (upstream, binary, addr)
}

/// The full document, as one who is about to change it reads it.
async fn packument(addr: SocketAddr, name: &str) -> Value {
    get(addr, &format!("{}?write=true", path_of(name))).await.expect(200).json()
}

/// The revision that a document says.
#[track_caller]
fn revision(packument: &Value) -> &str {
    packument["_rev"].as_str().unwrap_or_else(|| panic!("no _rev in {packument}"))
}

/// The versions in a document, in its order.
#[track_caller]
fn versions(packument: &Value) -> Vec<String> {
    let versions = packument["versions"].as_object();
    versions.unwrap_or_else(|| panic!("no versions in {packument}")).keys().cloned().collect()
}

/// A request of the package at its present revision: `METHOD /PKG/-rev/REV` with this body.
fn at_revision(addr: SocketAddr, method: &str, packument: &Value, body: &Value) -> Request {
    let name = packument["name"].as_str().expect("a name");
    let path = format!("{}/-rev/{}", path_of(name), revision(packument));
    match body {
        Value::Null => Request::new(addr, method, &path),
        body => send(addr, method, &path, body),
    }
}

/// Fails the test unless the answer says that it was done.
#[track_caller]
fn done(answer: &Response, what: &str) {
    let said = String::from_utf8_lossy(&answer.body);
    assert!(matches!(answer.status, 200 | 201), "{what}: {} {said}", answer.status);
    assert!(answer.json().is_object(), "{what}: {said}");
}

/// Fails the test unless a version's tarball is where packuments say, and these bytes.
async fn check_tarball(addr: SocketAddr, name: &str, version: &str, bytes: &[u8]) {
    let answer = get(addr, &usual_path(name, version)).await;
    assert_eq!(answer.status, 200, "{name}@{version}");
    assert!(answer.complete, "{name}@{version} was cut: {:?}", answer.fault);
    assert!(answer.body == bytes, "wrong bytes in {name}@{version}");
}

/// Files of packages below a registry directory: NOPAR's own affairs aside.
fn stored(registry: &Path) -> Vec<String> {
    let mut files = files_below(registry);
    files.retain(|file| !file.starts_with(".nopar/"));
    files
}

/// Files below a registry directory that have no name yet, the locks beside them aside.
fn unfinished(registry: &Path) -> Vec<String> {
    let mut files = files_below(registry);
    files.retain(|file| file.starts_with(".nopar/tmp/") && !file.ends_with("/lock"));
    files
}

/// Waits until nothing unfinished is left: files go a little after the answer.
async fn tidied(nopar: &TestNopar) {
    let tidy = || unfinished(nopar.registry_path()).is_empty();
    eventually(nopar, "the end of unfinished files", tidy).await;
}

/// Fails the test unless no package is stored, nor a part of one.
async fn nothing_stored(nopar: &TestNopar, what: &str) {
    assert_eq!(stored(nopar.registry_path()), [""; 0], "{what}");
    tidied(nopar).await;
}
