//! Reloads while NOPAR is asked, and while its settings are saved.
//! Knows nothing of what else can be reloaded.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::*;
use crate::reload::tables::users;
use crate::settings::filled;
use crate::support::client::Connection;
use crate::support::publish::Publish;

/// How many reloads.
const TIMES: u64 = 200;

/// What is hidden and shown: packages of the upstream, one of which is claimed while it is hidden, and one of NOPAR's own.
const PATHS: [&str; 5] = ["/a", "/a/-/a-1.0.0.tgz", "/@acme%2fui", "/own", "/own/-/own-1.0.0.tgz"];

const HIDDEN: &str = "[[rule]]\npackages = [\"a\", \"@acme/*\", \"own\"]\nread = [\"eve\"]\n";

/// How many reloads have begun and how many are over, together: odd while one goes on.
type Turns = Arc<AtomicU64>;

/// The status that everybody hears after so many turns.
fn right_after(turns: u64) -> u16 {
    if turns / 2 % 2 == 1 { 404 } else { 200 }
}

/// Asks again and again, until it is over. How many answers came between two reloads, which are right then.
async fn read(addr: SocketAddr, first: usize, turns: Turns, over: Arc<AtomicBool>) -> u64 {
    let mut connection = Connection::open(addr).await.expect("a connection");
    let mut between = 0;
    for path in PATHS.iter().cycle().skip(first) {
        if over.load(Ordering::SeqCst) {
            break;
        }
        let before = turns.load(Ordering::SeqCst);
        let status = connection.get(path).await.status;
        let after = turns.load(Ordering::SeqCst);
        assert!([200, 404].contains(&status), "{path}: {status}");
        if before == after && before.is_multiple_of(2) {
            assert_eq!(status, right_after(before), "{path} after {before} turns");
            between += 1;
        }
    }
    between
}

#[tokio::test]
async fn nobody_sees_what_is_hidden_once_a_reload_is_over() {
    let scene = users(&[]).await;
    let addr = scene.nopar.addr();
    scene.upstream.package("@acme/ui").version("1.0.0", |version| version);
    let ann = crate::access::login(addr, "ann").await;
    let own = Publish::of("own", "1.0.0").to(addr).header("Authorization", &ann);
    own.send().await.expect(201);
    scene.upstream.clear();
    let (turns, over) = (Turns::default(), Arc::new(AtomicBool::default()));
    let reader = |first| tokio::spawn(read(addr, first, Arc::clone(&turns), Arc::clone(&over)));
    let readers: Vec<_> = (0..4).map(reader).collect();
    let mut here = Connection::open(addr).await.expect("a connection");
    for turn in 0..TIMES {
        turns.fetch_add(1, Ordering::SeqCst);
        let rules = if turn % 2 == 0 { HIDDEN } else { "" };
        assert_eq!(scene.reload(&[], rules).await.as_deref(), Ok("changed: [[rule]]"));
        let now = turns.fetch_add(1, Ordering::SeqCst) + 1;
        for path in PATHS {
            assert_eq!(here.get(path).await.status, right_after(now), "{path} after {now}");
        }
    }
    over.store(true, Ordering::SeqCst);
    let mut between = 0;
    for reader in readers {
        between += reader.await.expect("every answer is right");
    }
    assert!(between > TIMES, "only {between} answers came between reloads");
    let asked = |path| scene.upstream.count(path);
    assert_eq!((asked("/a"), asked("/@acme%2fui"), asked("/own")), (1, 1, 0));
}

/// Each of both is there afterwards.
#[tokio::test]
async fn a_page_saves_while_the_file_is_read() {
    let scene = Scene::with(&[]).await;
    let addr = scene.nopar.addr();
    for round in 0..20 {
        let (agent, is_claimed) = (format!("agent/{round}"), round % 2 == 0);
        let form = filled(addr, &[("upstream.user_agent", &agent)]).await;
        let claims = if is_claimed { "a" } else { "b" };
        let settings = [("store.local_packages", claims)];
        let (saved, read) = tokio::join!(form.send(), scene.reload(&settings, ""));
        assert_eq!(saved.expect(303).header("location"), Some("/-/settings?done=saved"));
        let read = read.expect("it is right");
        assert!(read.contains(&format!("store.local_packages = {claims}")), "{read}");
        assert_eq!(scene.status("/a").await, if is_claimed { 404 } else { 200 }, "{round}");
        scene.nopar.get(&format!("/new-{round}")).await.expect(404);
        let asked = scene.upstream.requests();
        let last = asked.last().expect("it was asked");
        assert_eq!(last.header("user-agent"), Some(agent.as_str()), "{round}");
    }
    // What is saved goes before the file.
    let told = scene.reload(&[("upstream.user_agent", "of the file")], "").await;
    assert!(!told.expect("it is right").contains("user_agent"));
    scene.nopar.get("/newer").await.expect(404);
    let asked = scene.upstream.requests();
    assert_eq!(asked.last().expect("it was asked").header("user-agent"), Some("agent/19"));
}
