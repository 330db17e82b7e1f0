//! A fake npm registry in this process: right by default, wrong on demand, and it remembers.
//! Knows nothing of NOPAR.

mod answer;
mod catalogue;
mod deliver;
mod faults;
mod log;
mod manners;
mod package;
mod pattern;
mod respond;
mod serve;
#[cfg(test)]
mod tests;
mod version;

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use serde_json::Value;

pub(crate) use self::answer::Answer;
pub(crate) use self::faults::{Fault, Hold};
pub(crate) use self::log::{Log, Seen};
pub(crate) use self::manners::{BodyForm, Etag, Manners};
pub(crate) use self::version::{VersionBuilder, integrity, made_up, shasum, usual_path};

use self::catalogue::Catalogue;
use self::faults::Faults;
use self::package::Package;
use super::server::{Port, Server};

struct State {
    addr: SocketAddr,
    /// Empty, or a path such as `/npm` that all else is below.
    mount: String,
    catalogue: Mutex<Catalogue>,
    manners: Mutex<Manners>,
    faults: Faults,
    log: Log,
}

impl State {
    fn url(&self) -> String {
        format!("http://{}{}", self.addr, self.mount)
    }
}

/// A registry on a port of 127.0.0.1, on a thread of its own, until it is dropped.
///
/// Everything can be changed while it runs. Patterns name requests by method (or none) and full
/// path: `"GET /lodash"`, `"/@s/n"`, `"/lodash/*"`, `"*"`.
pub(crate) struct FakeUpstream {
    state: Arc<State>,
    server: Server,
}

impl FakeUpstream {
    /// An empty registry.
    pub(crate) async fn start() -> Self {
        Self::start_under("").await
    }

    /// An empty registry below a path: `/npm`.
    pub(crate) async fn start_under(mount: &str) -> Self {
        let port = Port::reserve();
        let state = Arc::new(State {
            addr: port.addr(),
            mount: mount.to_owned(),
            catalogue: Mutex::default(),
            manners: Mutex::default(),
            faults: Faults::default(),
            log: Log::new(),
        });
        let shared = Arc::clone(&state);
        let serve = move |stream, number| serve::serve(Arc::clone(&shared), stream, number);
        let server = Server::start(port, serve).await;
        Self { state, server }
    }

    /// `http://127.0.0.1:PORT`, with the mount, without a slash at the end.
    pub(crate) fn url(&self) -> String {
        self.state.url()
    }

    /// Where it listens.
    pub(crate) fn addr(&self) -> SocketAddr {
        self.state.addr
    }

    /// Adds or changes a package.
    pub(crate) fn package(&self, name: &str) -> PackageBuilder<'_> {
        self.state.catalogue.lock().change(name, |_| {});
        PackageBuilder { state: &self.state, name: name.to_owned() }
    }

    /// Answers for the packument of `name` with these very bytes, whatever they are.
    pub(crate) fn document(&self, name: &str, bytes: impl Into<Bytes>) {
        self.state.catalogue.lock().put_raw(name, bytes.into());
    }

    /// Puts bytes at a path (decoded, below the mount, query included), over what was there.
    pub(crate) fn file(&self, path: &str, bytes: impl Into<Bytes>) {
        assert!(path.starts_with('/'), "{path:?} begins with a slash");
        self.state.catalogue.lock().put_file(path, bytes.into());
    }

    /// Removes a package with its tarballs (by name), or a file (by path).
    pub(crate) fn remove(&self, name: &str) {
        self.state.catalogue.lock().remove(name);
    }

    /// The bytes at the path, as [`FakeUpstream::file`] names it.
    #[track_caller]
    pub(crate) fn file_bytes(&self, path: &str) -> Bytes {
        let bytes = self.state.catalogue.lock().file(path);
        bytes.unwrap_or_else(|| panic!("the fake has no file {path}"))
    }

    /// The bytes of the tarball at its usual path.
    #[track_caller]
    pub(crate) fn tarball(&self, name: &str, version: &str) -> Bytes {
        self.file_bytes(&usual_path(name, version))
    }

    /// The full packument as it stands.
    #[track_caller]
    pub(crate) fn packument(&self, name: &str) -> Value {
        let rendered = self.state.catalogue.lock().packument(name, false);
        let rendered = rendered.unwrap_or_else(|| panic!("the fake has no package {name}"));
        serde_json::from_slice(&rendered.bytes).expect("the packument is JSON")
    }

    /// Changes how it speaks: `|m| m.gzip = false`.
    pub(crate) fn manners(&self, change: impl FnOnce(&mut Manners)) {
        change(&mut self.state.manners.lock());
    }

    /// The next matching request goes wrong.
    pub(crate) fn next(&self, pattern: &str, fault: impl Into<Fault>) {
        self.next_n(1, pattern, fault);
    }

    /// The next `n` matching requests go wrong, after those announced before.
    pub(crate) fn next_n(&self, n: usize, pattern: &str, fault: impl Into<Fault>) {
        self.state.faults.next(n, pattern, fault.into());
    }

    /// All matching requests go wrong, until [`FakeUpstream::behave`].
    pub(crate) fn always(&self, pattern: &str, fault: impl Into<Fault>) {
        self.state.faults.always(pattern, fault.into());
    }

    /// Ends the faults announced for exactly this pattern; all faults for `"*"`.
    pub(crate) fn behave(&self, pattern: &str) {
        match pattern {
            "*" => self.state.faults.end_all(),
            _ => self.state.faults.end(pattern),
        }
    }

    /// Matching requests are read and logged, and answered once the hold lets them.
    pub(crate) fn hold(&self, pattern: &str) -> Hold<'_> {
        let gate = self.state.faults.hold(pattern);
        self.held_by(gate)
    }

    /// Matching requests get the head and `first` bytes of the body, the rest once let.
    pub(crate) fn hold_body(&self, pattern: &str, first: usize) -> Hold<'_> {
        let gate = self.state.faults.hold_body(pattern, first, usize::MAX);
        self.held_by(gate)
    }

    /// Matching requests get the head at once, and `step` bytes of the body for each admission.
    pub(crate) fn trickle(&self, pattern: &str, step: usize) -> Hold<'_> {
        assert!(step > 0, "a trickle of nothing never ends");
        let gate = self.state.faults.hold_body(pattern, 0, step);
        self.held_by(gate)
    }

    fn held_by(&self, gate: Arc<super::gate::Gate>) -> Hold<'_> {
        let faults = &self.state.faults;
        Hold { faults, gate }
    }

    /// Everything it was asked, in order.
    pub(crate) fn requests(&self) -> Vec<Seen> {
        self.state.log.all()
    }

    /// How many requests matched the pattern.
    pub(crate) fn count(&self, pattern: &str) -> usize {
        self.state.log.count(pattern)
    }

    /// How many requests there were.
    pub(crate) fn count_all(&self) -> usize {
        self.state.log.count_all()
    }

    /// Forgets the requests so far.
    pub(crate) fn clear(&self) {
        self.state.log.clear();
    }

    /// Waits until `n` requests have matched the pattern.
    #[track_caller]
    pub(crate) fn wait_for(&self, n: usize, pattern: &str) -> impl Future<Output = ()> {
        self.state.log.wait_for(n, pattern)
    }

    /// How many connections it accepted.
    pub(crate) fn connections(&self) -> usize {
        self.server.accepted()
    }

    /// Goes down: connections are cut, new ones refused. The port stays its own.
    pub(crate) async fn stop(&self) {
        self.server.close().await;
    }

    /// Comes up again on the same port.
    pub(crate) async fn restart(&self) {
        self.server.listen().await;
    }
}

/// A package being added or changed; each call takes effect at once.
pub(crate) struct PackageBuilder<'a> {
    state: &'a State,
    name: String,
}

impl PackageBuilder<'_> {
    /// Adds a version, or replaces it. `latest` follows unless it was set by hand.
    pub(crate) fn version(
        self,
        version: &str,
        describe: impl FnOnce(VersionBuilder) -> VersionBuilder,
    ) -> Self {
        let built = describe(VersionBuilder::new());
        let built = built.build(&self.name, version, &self.state.url());
        let mut catalogue = self.state.catalogue.lock();
        if let Some((path, bytes)) = built.tarball {
            catalogue.put_file(&path, bytes);
        }
        catalogue.change(&self.name, |p| p.add(version, built.manifest));
        drop(catalogue);
        self
    }

    /// Removes a version from the packument; its tarball stays, as at real registries.
    pub(crate) fn without_version(self, version: &str) -> Self {
        self.change(|package| package.remove(version))
    }

    /// Sets a dist-tag.
    pub(crate) fn tag(self, tag: &str, version: &str) -> Self {
        self.change(|package| package.tag(tag, version))
    }

    /// Sets an entry of `time`.
    pub(crate) fn time(self, version: &str, moment: &str) -> Self {
        self.change(|package| package.set_time(version, moment))
    }

    /// Sets `readme`.
    pub(crate) fn readme(self, text: &str) -> Self {
        self.change(|package| package.set_readme(text))
    }

    /// Any other field of the packument, over what would be there.
    pub(crate) fn field(self, name: &str, value: Value) -> Self {
        self.change(|package| package.set_field(name, value))
    }

    fn change(self, change: impl FnOnce(&mut Package)) -> Self {
        self.state.catalogue.lock().change(&self.name, change);
        self
    }
}
