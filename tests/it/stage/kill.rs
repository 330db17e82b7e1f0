//! Processes that are killed while many stage and approve: what was acknowledged is there, the rest whole or absent.
//! Knows nothing of how files are written.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::{approving, ids, list, staging};
use crate::support::binary::Binary;
use crate::support::client::{Request, get};
use crate::support::deadline::within;
use crate::support::nopar::files_below;
use crate::support::publish::{Publish, path_of};
use crate::support::upstream::{FakeUpstream, made_up, usual_path};

/// How many stage and approve at once.
const CLIENTS: usize = 6;
/// Acknowledged requests before each kill.
const KILLS: [u64; 6] = [1, 4, 9, 14, 20, 27];

/// What a client was told of a version.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Told {
    /// It is on its way.
    Nothing,
    Staged(String),
    /// Its approval is on its way.
    Asked(String),
    Approved,
}

/// All versions of `x`, and what was told of them.
type Board = Arc<Mutex<BTreeMap<String, Told>>>;

fn publish(version: &str) -> Publish {
    let seed = version.bytes().fold(7, |seed: u64, byte| seed * 31 % 1_000_003 + u64::from(byte));
    Publish::of("x", version).tarball(made_up(seed, [900, 40_000, 500_000][seed as usize % 3]))
}

/// Stages a version and approves it, again and again, until the process is gone.
async fn work(addr: SocketAddr, first: String, board: Board, count: Arc<watch::Sender<u64>>) {
    for turn in 0.. {
        let version = format!("{first}.{turn}");
        board.lock().insert(version.clone(), Told::Nothing);
        let answer = staging(addr, "x", &publish(&version)).try_send().await;
        let Some(answer) = answer.ok().filter(|answer| answer.complete) else { return };
        assert_eq!(answer.status, 201, "{}", answer.text());
        let id = answer.json()["stageId"].as_str().expect("an id").to_owned();
        board.lock().insert(version.clone(), Told::Staged(id.clone()));
        count.send_modify(|count| *count += 1);
        // Every third one stays.
        if turn % 3 == 2 {
            continue;
        }
        board.lock().insert(version.clone(), Told::Asked(id.clone()));
        let answer = approving(addr, &id).try_send().await;
        let Some(answer) = answer.ok().filter(|answer| answer.complete) else { return };
        assert_eq!(answer.status, 201, "{}", answer.text());
        board.lock().insert(version.clone(), Told::Approved);
        count.send_modify(|count| *count += 1);
    }
}

async fn start(upstream: &FakeUpstream, registry: &Path) -> (Binary, SocketAddr) {
    let registry = registry.to_str().expect("a path in UTF-8");
    Binary::serving(&upstream.url(), &[("NOPAR_REGISTRY_PATH", registry)]).await
}

async fn is_published(addr: SocketAddr, version: &str) -> bool {
    let answer = get(addr, &path_of("x")).await;
    if answer.status == 404 {
        return false;
    }
    let is_there = answer.json()["versions"].get(version).is_some();
    if is_there {
        let tarball = get(addr, &usual_path("x", version)).await.expect(200);
        assert!(tarball.body == publish(version).bytes(), "wrong bytes in {version}");
    }
    is_there
}

async fn is_staged(addr: SocketAddr, id: &str, version: &str) -> bool {
    let answer = get(addr, &format!("/-/stage/{id}/tarball")).await;
    if answer.status == 404 {
        return false;
    }
    assert!(answer.expect(200).body == publish(version).bytes(), "wrong bytes in {version}");
    true
}

/// Fails the test unless all that was told is so; what was on its way is done then.
async fn check(addr: SocketAddr, board: &Board) {
    let all = board.lock().clone();
    for (version, told) in all {
        let is_published = is_published(addr, &version).await;
        match told {
            Told::Nothing => assert!(!is_published, "nobody approved {version}"),
            Told::Staged(id) => {
                assert!(is_staged(addr, &id, &version).await, "{version} was staged");
                assert!(!is_published, "nobody approved {version}");
            }
            Told::Asked(id) => {
                // Whoever lost the answer asks again: it is published, once, and its stage is gone.
                let again = approving(addr, &id).send().await.status;
                let expected = if is_staged(addr, &id, &version).await { "staged" } else { "gone" };
                assert_eq!(expected, "gone", "{version}: {again}");
                assert!(again == 201 || is_published, "{version}: {again}");
                assert!(self::is_published(addr, &version).await, "{version}: {again}");
                board.lock().insert(version, Told::Approved);
            }
            Told::Approved => assert!(is_published, "{version} was approved"),
        }
    }
}

/// All stages that there are, listed to the end, are whole: whether anybody was told of them or not.
async fn check_whole(addr: SocketAddr) {
    for page in 0.. {
        let listed = list(addr, &format!("?page={page}&perPage=100")).await;
        let found = ids(&listed);
        for (id, item) in found.iter().zip(listed["items"].as_array().expect("items")) {
            let version = item["version"].as_str().expect("a version");
            assert!(is_staged(addr, id, version).await, "{version} is listed");
        }
        if found.is_empty() {
            return;
        }
    }
}

/// What has no name below a registry directory, the locks beside it aside.
fn unfinished(registry: &Path) -> Vec<String> {
    let mut files = files_below(registry);
    files.retain(|file| file.starts_with(".nopar/tmp/") && !file.ends_with("/lock"));
    files
}

#[tokio::test]
async fn what_was_staged_or_approved_survives_a_kill() {
    let upstream = FakeUpstream::start().await;
    let registry = TempDir::new().expect("a directory");
    let board = Board::default();
    let (mut binary, mut addr) = start(&upstream, registry.path()).await;
    for (round, kill) in KILLS.into_iter().enumerate() {
        let count = Arc::new(watch::Sender::new(0));
        let mut clients = JoinSet::new();
        for client in 0..CLIENTS {
            let first = format!("{round}.{client}");
            clients.spawn(work(addr, first, Arc::clone(&board), Arc::clone(&count)));
        }
        let mut enough = count.subscribe();
        let waiting = enough.wait_for(|count| *count >= kill);
        assert!(within(format!("{kill} answers"), waiting).await.is_ok());
        binary.signal("KILL");
        binary.ended().await;
        clients.join_all().await;
        (binary, addr) = start(&upstream, registry.path()).await;
        assert_eq!(unfinished(registry.path()), [""; 0], "round {round}");
        check(addr, &board).await;
        check_whole(addr).await;
    }
    assert!(!binary.stderr().contains("panicked"), "{}", binary.stderr());
}

/// A process that ended between the publish and the end of its stage: who approves again is told that it is done, and
/// nobody else's version is taken for it.
#[tokio::test]
async fn a_stage_that_was_published_and_stayed_is_ended_by_the_next_approval() {
    let upstream = FakeUpstream::start().await;
    let registry = TempDir::new().expect("a directory");
    let (_binary, addr) = start(&upstream, registry.path()).await;
    let id = super::id_of(&staging(addr, "x", &publish("1.0.0")).send().await);
    let (stages, aside) = (registry.path().join(".nopar/stage"), registry.path().join(".aside"));
    let copy = |from: &Path, to: &Path| {
        std::fs::create_dir_all(to).expect("a folder");
        for file in files_below(from) {
            std::fs::copy(from.join(&file), to.join(&file)).expect("a copy");
        }
    };
    copy(&stages.join(&id), &aside);
    approving(addr, &id).send().await.expect(201);
    let before = get(addr, "/x").await.expect(200).json();
    copy(&aside, &stages.join(&id));
    assert_eq!(ids(&list(addr, "").await), std::slice::from_ref(&id));
    approving(addr, &id).send().await.expect(201);
    assert_eq!(get(addr, "/x").await.expect(200).json(), before, "it was published again");
    assert_eq!(list(addr, "").await["total"], 0);
    // The same bytes under another id are another stage.
    let other = "0b5e1f6a-1111-4222-8333-44445555666a";
    copy(&aside, &stages.join(other));
    assert_eq!(approving(addr, other).send().await.status, 409);
    let request = Request::get(addr, &format!("/-/stage/{other}"));
    request.send().await.expect(200);
}
