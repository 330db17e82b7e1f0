//! Bodies that come slowly, and copies that are long because what they are copies of is.
//! Knows nothing of connections: time stands still, but for what a body lets pass.

use super::*;
use crate::access::Access;
use crate::clock::Clock;
use crate::counters::Counters;
use crate::hosted::Hosted;
use crate::pages::Sendfile;
use crate::signing::Signing;
use crate::store::{Change, Committed, MemoryStore, Store};
use crate::view::Memory;
use async_trait::async_trait;
use http::StatusCode;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

const MIB: usize = 1 << 20;

/// A body that lets time pass before each piece.
struct Slow {
    rest: Bytes,
    piece: usize,
    pause: Duration,
    states: bool,
    came: u64,
}

impl Slow {
    /// `rest` in pieces of 64 KiB, with so many seconds before each.
    fn new(rest: impl Into<Bytes>, pause: u64) -> Slow {
        let pause = Duration::from_secs(pause);
        Slow { rest: rest.into(), piece: 64 << 10, pause, states: false, came: 0 }
    }
}

#[async_trait]
impl Body for Slow {
    fn stated_len(&self) -> Option<u64> {
        self.states.then_some(self.rest.len() as u64)
    }

    fn came(&self) -> u64 {
        self.came
    }

    async fn next(&mut self) -> Result<Option<Bytes>, Refusal> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        sleep(self.pause).await;
        let piece = self.rest.split_to(self.piece.min(self.rest.len()));
        self.came += piece.len() as u64;
        Ok(Some(piece))
    }
}

fn api() -> (Arc<MemoryStore>, Api) {
    let store = Arc::new(MemoryStore::new());
    let memory = Memory::new(1 << 20, Sendfile::default(), Arc::new(Counters::new(1)));
    let kept = Arc::clone(&store) as Arc<dyn Store>;
    let signing = Signing::new(PathBuf::from("never-made"), Arc::clone(&kept));
    let hosted = Arc::new(Hosted::new(kept, Arc::new(memory), Vec::new()));
    let access = Arc::new(Access::open(PathBuf::from("never-made"), Arc::new(())));
    (store, Api::new(hosted, access, signing, Clock::stopped(), 384 << 20))
}

fn x() -> PackageName {
    "x".parse().unwrap()
}

#[tokio::test(start_paused = true)]
async fn who_holds_room_and_is_slow_is_sent_away() {
    let (_store, api) = api();
    for pause in [14, 3600] {
        let begun = Instant::now();
        let mut slow = Slow::new(vec![b' '; 4 * MIB], pause);
        let refused = api.whole(&x(), &mut slow).await.err().unwrap();
        assert_eq!((refused.status, refused.reason), (StatusCode::REQUEST_TIMEOUT, "slow_body"));
        assert!(refused.error.contains("nothing was changed"), "{}", refused.error);
        // The first 64 KiB take no room, and the pace of connections is not looked at here.
        let least = Duration::from_secs((2 * pause).max(150));
        assert!(begun.elapsed() >= least, "{:?}", begun.elapsed());
        assert!(begun.elapsed() < least + Duration::from_secs(1), "{:?}", begun.elapsed());
        assert!(api.room.is_free(), "its room is held");
    }
}

#[tokio::test(start_paused = true)]
async fn who_holds_room_and_comes_on_is_waited_for() {
    let (_store, api) = api();
    // 4 MiB in 128 seconds.
    let mut steady = Slow::new(vec![b' '; 4 * MIB], 2);
    let document = api.whole(&x(), &mut steady).await;
    let document = document.unwrap_or_else(|refusal| panic!("{refusal:?}"));
    assert_eq!(document.text.len(), 4 * MIB);
    assert!(!api.room.is_free(), "it holds no room");
    drop(document);
    assert!(api.room.is_free());
    // What takes no room has all the time that its connection has.
    let mut short = Slow::new(vec![b' '; 64 << 10], 3600);
    assert!(api.whole(&x(), &mut short).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_long_document_leaves_its_tarball_time() {
    let (_store, api) = api();
    let (readme, data) = ("x".repeat(100 << 10), "A".repeat(4 * MIB));
    let text =
        format!(r#"{{"readme":"{readme}","_attachments":{{"x-1.0.0.tgz":{{"data":"{data}"}}}}}}"#);
    // A quarter of an hour.
    let begun = Instant::now();
    let incoming = api.receive(&x(), &mut Slow::new(text.clone(), 15)).await;
    let incoming = incoming.unwrap_or_else(|refusal| panic!("{refusal:?}"));
    assert_eq!(incoming.tarball.unwrap().len, 3 * MIB as u64);
    assert!(begun.elapsed() > Duration::from_secs(900), "{:?}", begun.elapsed());
    drop(incoming.document);
    // The same at a twentieth of that pace.
    let refused = api.receive(&x(), &mut Slow::new(text, 300)).await.err().unwrap();
    assert_eq!(refused.status, StatusCode::REQUEST_TIMEOUT);
    assert!(api.room.is_free(), "its room is held");
}

#[tokio::test]
async fn a_copy_may_be_as_long_as_what_it_is_a_copy_of() {
    let (store, api) = api();
    let document = format!(r#"{{"name":"x","odd":"{}"}}"#, "x".repeat(24 * MIB));
    let held = document.len();
    let done = store.commit(&x(), None, Change::of_document(Bytes::from(document))).await.unwrap();
    assert!(matches!(done, Committed::Done(_)));
    let long = Some(33 * MIB as u64);
    assert_eq!(api.document_limit(&x(), long).await.unwrap(), held + held / 2);
    for usual in [Some(0), Some(DOCUMENT_LIMIT as u64), None] {
        assert_eq!(api.document_limit(&x(), usual).await.unwrap(), DOCUMENT_LIMIT);
    }
    let other: PackageName = "other".parse().unwrap();
    assert_eq!(api.document_limit(&other, long).await.unwrap(), DOCUMENT_LIMIT);

    let body = |states: bool| Slow { states, piece: MIB, ..Slow::new(vec![b' '; 33 * MIB], 0) };
    assert!(api.whole(&x(), &mut body(true)).await.is_ok());
    for (name, states) in [(&x(), false), (&other, true)] {
        let refused = api.whole(name, &mut body(states)).await.err().unwrap();
        assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE, "{name}");
    }
}
