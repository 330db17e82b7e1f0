//! Two processes over one directory, under load, one of them killed again and again.
//! Knows nothing of what they tell each other.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::{Listing, Thing, rounds};
use crate::support::binary::Binary;
use crate::support::deadline::within;
use crate::support::upstream::{FakeUpstream, usual_path};

const PACKAGES: usize = 16;
/// A third of what there is: things leave all the time.
const LIMIT: u64 = 2 << 20;
/// Clients of each process.
const CLIENTS: usize = 6;
/// Answers of the living process from one kill of the other to the next.
const BETWEEN: usize = 60;

fn name(number: usize) -> String {
    format!("p{}", number % PACKAGES)
}

async fn filled_upstream() -> FakeUpstream {
    let upstream = FakeUpstream::start().await;
    for number in 0..PACKAGES {
        let size = [5_000, 70_000, 400_000, 900_000][number % 4] + number;
        upstream.package(&name(number)).version("1.0.0", |v| v.tarball_size(size));
    }
    upstream
}

async fn start(upstream: &FakeUpstream, home: &TempDir) -> (Binary, SocketAddr) {
    let cache = home.path().to_str().expect("a path in UTF-8");
    let env = [("NOPAR_CACHE_PATH", cache), ("NOPAR_CACHE_SIZE", "2MiB")];
    Binary::serving(&upstream.url(), &env).await
}

/// What client number `client` asks for as its `turn`th: anything, in no order.
fn choice(client: usize, turn: usize) -> Thing {
    let mixed = (client * 7919 + turn).wrapping_mul(2_654_435_761) >> 7;
    let things: Vec<_> = Thing::all_of(&name(mixed)).collect();
    // Tarballs as often as packuments in all their forms.
    let tarball = things.len() - 1;
    things[if mixed & 16 == 0 { tarball } else { mixed % things.len() }].clone()
}

/// Clients of one process, until told to stop.
struct Crowd {
    clients: JoinSet<()>,
    stop: Arc<AtomicBool>,
    answers: watch::Receiver<usize>,
}

impl Crowd {
    /// Clients of a process that is killed now and then, and is somewhere else afterwards, if
    /// `mortal`. Whatever is answered is right.
    fn of(
        upstream: &Arc<FakeUpstream>,
        place: &watch::Receiver<SocketAddr>,
        mortal: bool,
    ) -> Crowd {
        let (count, answers) = watch::channel(0);
        let (stop, count) = (Arc::new(AtomicBool::new(false)), Arc::new(count));
        let mut clients = JoinSet::new();
        for client in 0..CLIENTS {
            let (upstream, mut place) = (Arc::clone(upstream), place.clone());
            let (stop, count) = (Arc::clone(&stop), Arc::clone(&count));
            clients.spawn(async move {
                for turn in 0.. {
                    if stop.load(Ordering::SeqCst) {
                        return;
                    }
                    let (addr, thing) = (*place.borrow_and_update(), choice(client, turn));
                    match thing.request(addr).try_send().await {
                        Ok(answer) if answer.complete || !mortal => {
                            thing.check(&answer, &upstream, addr);
                            count.send_modify(|count| *count += 1);
                        }
                        died => {
                            assert!(mortal, "{thing:?}: {:?}", died.map(|answer| answer.fault));
                            let moved = within("its next life".to_owned(), place.changed()).await;
                            if moved.is_err() {
                                return;
                            }
                        }
                    }
                }
            });
        }
        Crowd { clients, stop, answers }
    }

    /// Waits for so many more right answers. A client that saw a wrong one fails the test here.
    async fn served(&mut self, more: usize) {
        let target = *self.answers.borrow() + more;
        let served = async {
            let mut answers = self.answers.clone();
            tokio::select! {
                came = answers.wait_for(|count| *count >= target) => came.is_ok(),
                ended = self.clients.join_next() => {
                    ended.expect("there are clients").expect("an answer that is right");
                    false
                }
            }
        };
        assert!(within(format!("{more} answers"), served).await);
    }

    async fn stop(self) {
        self.stop.store(true, Ordering::SeqCst);
        self.clients.join_all().await;
    }
}

/// Two processes on one directory, things leaving it all the time, one of them killed and started
/// anew: not a wrong byte, and the one that lives never fails.
#[tokio::test]
async fn two_processes_share_a_directory() {
    let upstream = Arc::new(filled_upstream().await);
    let home = TempDir::new().expect("a directory");
    let (living, stays) = start(&upstream, &home).await;
    let (mut mortal, addr) = start(&upstream, &home).await;
    let (moves, place) = watch::channel(addr);
    let mut crowd = Crowd::of(&upstream, &watch::channel(stays).1, false);
    let mut other = Crowd::of(&upstream, &place, true);
    for _ in 0..rounds(6) {
        crowd.served(BETWEEN).await;
        other.served(BETWEEN / 4).await;
        mortal.signal("KILL");
        mortal.ended().await;
        let next = start(&upstream, &home).await;
        mortal = next.0;
        moves.send_replace(next.1);
    }
    crowd.served(BETWEEN).await;
    crowd.stop().await;
    other.stop().await;
    for binary in [&living, &mortal] {
        assert!(!binary.has_ended());
        assert!(!binary.stderr().contains("panicked"), "{}", binary.stderr());
    }
    for binary in [living, mortal] {
        binary.signal("KILL");
        binary.ended().await;
    }
    let (after, addr) = start(&upstream, &home).await;
    let found = Listing::of(home.path());
    found.was_found_by(&after).await;
    assert!(found.bytes <= LIMIT, "{found:?}");
    assert!(found.bytes > LIMIT / 4, "{found:?}");
    assert_eq!(found.temporary, ["lock"]);
    for thing in (0..PACKAGES).flat_map(|number| Thing::all_of(&name(number))) {
        thing.ask(&upstream, addr).await;
    }
}

/// What one process is writing is not swept when others start beside it.
#[tokio::test]
async fn a_start_sweeps_nothing_of_who_lives() {
    let upstream = filled_upstream().await;
    let home = TempDir::new().expect("a directory");
    let (_living, stays) = start(&upstream, &home).await;
    let path = usual_path("p3", "1.0.0");
    let held = upstream.hold_body(&path, 600_000);
    let thing = Thing::Tarball("p3".to_owned());
    let request = thing.request(stays);
    let asking = tokio::spawn(request.send());
    held.arrived(1).await;
    for _ in 0..3 {
        let (dies, addr) = start(&upstream, &home).await;
        Thing::Tarball("p0".to_owned()).ask(&upstream, addr).await;
        dies.signal("KILL");
        dies.ended().await;
    }
    let (_other, elsewhere) = start(&upstream, &home).await;
    let unfinished = Listing::of(home.path()).temporary;
    assert_eq!(unfinished.iter().filter(|file| *file == "lock").count(), 2, "{unfinished:?}");
    assert_eq!(unfinished.len(), 3, "{unfinished:?}");
    held.release();
    thing.check(&asking.await.expect("an answer"), &upstream, stays);
    // Who asks again is served from the file, or reads along until the index knows it.
    thing.ask(&upstream, stays).await;
    assert_eq!(upstream.count(&path), 1, "it was kept");
    thing.ask(&upstream, elsewhere).await;
    assert_eq!(Listing::of(home.path()).temporary, ["lock", "lock"]);
}
