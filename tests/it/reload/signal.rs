//! The binary, asked by SIGHUP, and what its service manager hears of it.
//! Knows nothing of what can be followed.

use std::path::PathBuf;

use tokio::net::UnixDatagram;

use super::file;
use crate::service::heard;
use crate::support::binary::Binary;
use crate::support::client::get;
use crate::support::upstream::FakeUpstream;

/// A NOPAR with a file and a manager.
struct Managed {
    upstream: FakeUpstream,
    manager: UnixDatagram,
    binary: Binary,
    place: PathBuf,
}

impl Managed {
    async fn start() -> Self {
        let upstream = FakeUpstream::start().await;
        upstream.package("a").version("1.0.0", |version| version);
        let folder = tempfile::tempdir().expect("a directory");
        let (place, socket) = (folder.path().join("nopar.toml"), folder.path().join("notify"));
        let manager = UnixDatagram::bind(&socket).expect("a socket");
        std::fs::write(&place, text(&upstream, &[])).expect("a file");
        let socket = socket.to_str().expect("a path in UTF-8");
        let env = [("NOTIFY_SOCKET", socket)];
        let binary = Binary::start_in(folder, &["--config", "nopar.toml"], &env);
        Self { upstream, manager, binary, place }
    }

    fn write(&self, settings: &[(&str, &str)]) {
        std::fs::write(&self.place, text(&self.upstream, settings)).expect("a file");
    }

    /// What the manager hears of a reload: that it begins, and then this.
    async fn hears(&self, status: &str) {
        let begins = heard(&self.manager).await;
        let time = begins.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").expect(&begins);
        assert!(time.trim_end().parse::<u64>().is_ok_and(|time| time > 0), "{begins}");
        let ends = heard(&self.manager).await;
        assert!(ends.starts_with(&format!("READY=1\nSTATUS=reload: {status}")), "{ends}");
    }
}

fn text(upstream: &FakeUpstream, settings: &[(&str, &str)]) -> String {
    let url = upstream.url();
    let usual = [("server.hostname", "127.0.0.1"), ("server.port", "0"), ("upstream.url", &*url)];
    file(&[&usual[..], settings].concat(), "")
}

#[tokio::test]
async fn a_manager_hears_of_a_reload_and_what_came_of_it() {
    let managed = Managed::start().await;
    let addr = managed.binary.listening().await;
    assert!(heard(&managed.manager).await.starts_with("READY=1\n"));
    managed.write(&[("store.local_packages", "a")]);
    managed.binary.signal("HUP");
    managed.hears("changed: store.local_packages = a\n").await;
    get(addr, "/a").await.expect(404);
    managed.write(&[("cache.meta_ttl", "soon")]);
    managed.binary.signal("HUP");
    managed.hears("nothing is changed: the configuration has 1 mistake: ").await;
    let line = managed.binary.says("reload: nothing is changed").await;
    assert!(line.contains("ERROR") && line.contains("\"soon\" is not a length"), "{line}");
    get(addr, "/a").await.expect(404);
    managed.write(&[]);
    managed.binary.signal("HUP");
    managed.hears("changed: store.local_packages\n").await;
    get(addr, "/a").await.expect(200);
    managed.binary.signal("TERM");
    assert!(heard(&managed.manager).await.starts_with("STOPPING=1\n"));
    assert!(managed.binary.ended().await.success);
}

/// Who asks while it starts is heard once it serves.
#[tokio::test]
async fn a_signal_while_it_starts_waits_until_it_serves() {
    let managed = Managed::start().await;
    managed.binary.says("nopar 1.").await;
    managed.write(&[("store.local_packages", "a")]);
    managed.binary.signal("HUP");
    assert!(heard(&managed.manager).await.starts_with("READY=1\nSTATUS=listening on "));
    managed.hears("changed: ").await;
    get(managed.binary.listening().await, "/x").await.expect(404);
    managed.binary.signal("TERM");
    assert!(managed.binary.ended().await.success);
}

#[tokio::test]
async fn a_signal_while_it_stops_changes_nothing_and_loses_nothing() {
    let managed = Managed::start().await;
    let addr = managed.binary.listening().await;
    assert!(heard(&managed.manager).await.starts_with("READY=1\n"));
    let hold = managed.upstream.hold("/a");
    let asking = tokio::spawn(get(addr, "/a"));
    hold.arrived(1).await;
    managed.binary.signal("TERM");
    assert!(heard(&managed.manager).await.starts_with("STOPPING=1\n"));
    managed.binary.signal("HUP");
    managed.binary.says("the configuration is not read again: NOPAR is stopping").await;
    hold.release();
    asking.await.expect("an answer").expect(200);
    assert!(managed.binary.ended().await.success);
    let more = managed.manager.try_recv(&mut [0; 64]);
    assert!(more.is_err(), "{more:?}");
}
