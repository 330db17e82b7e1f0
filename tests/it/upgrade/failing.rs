//! Upgrades that come to nothing: the NOPAR that runs goes on.
//! Knows nothing of load.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::{Scene, run};
use crate::support::binary::{Binary, PROGRAM};
use crate::support::client::{Connection, Request, get};
use crate::support::upstream::Hold;

/// A tarball that is asked for, of which the upstream has sent a part.
async fn begin_download(scene: &Scene) -> (Hold<'_>, Connection) {
    const TARBALL: &str = "/a/-/a-1.0.0.tgz";
    scene.upstream.package("a").version("1.0.0", |version| version.tarball_size(8_000_000));
    let hold = scene.upstream.hold_body(TARBALL, 1_000_000);
    let mut download = Connection::open(scene.addr).await.expect("a connection");
    let request = Request::get(scene.addr, TARBALL);
    download.send(&request).await.expect("a request on its way");
    hold.arrived(1).await;
    (hold, download)
}

/// The settings of another NOPAR that would have the same files.
fn beside<'a>(run: &'a Path, port: &'a str) -> [(&'static str, &'a str); 3] {
    let run = run.to_str().expect("UTF-8");
    [("NOPAR_RUN_PATH", run), ("NOPAR_HOSTNAME", "127.0.0.1"), ("NOPAR_PORT", port)]
}

/// It serves as before, and can still be upgraded.
async fn goes_on(scene: Scene) {
    get(scene.addr, "/-/ping").await.expect(200);
    assert_eq!(scene.running.pid(), Some(scene.first.pid()));
    assert!(!scene.first.has_ended(), "{}", scene.first.stderr());
    scene.upgrade().await;
    get(scene.addr, "/-/ping").await.expect(200);
    scene.end().await;
}

#[tokio::test]
async fn programs_that_do_not_serve_change_nothing() {
    let scene = Scene::new(&[], &[]).await;
    let script = scene.home.path().join("script");
    fs::write(&script, "#!/bin/sh\nexit 7\n").expect("a script");
    let script_path = script.to_str().expect("UTF-8");
    let ordered = scene.order(Some(script_path)).await;
    assert!(!ordered.success && ordered.stderr.contains("cannot be run"), "{}", ordered.stderr);
    fs::set_permissions(&script, Permissions::from_mode(0o755)).expect("a mode");
    let ordered = scene.order(Some(script_path)).await;
    let told = "it ended before it could serve (exit status: 7)";
    assert!(!ordered.success && ordered.stderr.contains(told), "{}", ordered.stderr);
    scene.first.says(&format!("did not take over: {told}")).await;
    let ordered = scene.order(Some("/nowhere/nopar")).await;
    assert!(!ordered.success && ordered.stderr.contains("/nowhere/nopar"), "{}", ordered.stderr);
    goes_on(scene).await;
}

/// One that has the sockets already, and cannot serve all the same, takes nothing with it.
#[tokio::test]
async fn a_unix_socket_stays_when_an_upgrade_fails_late() {
    let home = tempfile::tempdir().expect("a directory");
    let (file, socket) = (home.path().join("nopar.toml"), home.path().join("http.sock"));
    fs::write(&file, "").expect("a file");
    let arguments = ["--config", file.to_str().expect("UTF-8")].map(str::to_owned);
    let listen = format!("unix:{}", socket.display());
    let env = [("NOPAR_LISTEN", listen.as_str())];
    let scene = Scene::in_home(home, &arguments.each_ref().map(String::as_str), &env).await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address");
    fs::write(&file, format!("[metrics]\nlisten = \"{address}\"\n")).expect("a file");
    let ordered = scene.order(None).await;
    let told = format!("cannot listen on {address}");
    assert!(!ordered.success && ordered.stderr.contains(&told), "{}", ordered.stderr);
    std::os::unix::net::UnixStream::connect(&socket).expect("somebody listens there");
    fs::write(&file, "").expect("a file");
    for _ in 0..2 {
        scene.upgrade().await;
        std::os::unix::net::UnixStream::connect(&socket).expect("somebody listens there");
    }
    // The last of them removes it.
    scene.end().await;
    assert!(!socket.exists());
}

/// Who is asked to stop meanwhile stops, and nobody takes over.
#[tokio::test]
async fn a_stop_ends_an_upgrade_that_is_under_way() {
    let scene = Scene::new(&[], &[]).await;
    let (hold, mut download) = begin_download(&scene).await;
    let (script, go) = (scene.home.path().join("script"), scene.home.path().join("go"));
    let text = format!(
        "#!/bin/sh\nwhile ! [ -e {} ]; do sleep 0.05; done\nexec {PROGRAM} \"$@\"\n",
        go.display()
    );
    fs::write(&script, text).expect("a script");
    fs::set_permissions(&script, Permissions::from_mode(0o755)).expect("a mode");
    let path = run(scene.home.path());
    let env = [("NOPAR_RUN_PATH", path.to_str().expect("UTF-8"))];
    let script = script.to_str().expect("UTF-8");
    let ordering = Binary::start(&["upgrade", "--binary", script], &env);
    scene.first.says("starts as process").await;
    scene.first.signal("TERM");
    scene.first.says("stopping: ").await;
    fs::write(&go, "").expect("a file");
    ordering.says("NOPAR is stopping").await;
    assert!(!ordering.ended().await.success);
    hold.release();
    let body = download.receive().await.expect("an answer").expect(200);
    assert!(body.complete, "{:?}", body.fault);
    assert!(scene.first.ended().await.success);
    assert_eq!(scene.running.pid(), None);
}

/// When the one that serves is gone before the one before it has left, that one goes as well: whoever looks after the
/// service sees that nothing is left of it, and another can be started.
#[tokio::test]
async fn the_end_of_a_successor_is_the_end_of_all() {
    let scene = Scene::new(&[], &[]).await;
    let (_hold, _download) = begin_download(&scene).await;
    let next = scene.upgrade().await;
    scene.running.signal("KILL");
    scene.first.says(&format!("process {next}, which had taken over, has ended")).await;
    scene.first.ended().await;
    let path = run(scene.home.path());
    let port = scene.addr.port().to_string();
    let env = beside(&path, &port);
    let again = Binary::start(&[], &env);
    get(again.listening().await, "/-/ping").await.expect(200);
    again.signal("TERM");
    assert!(again.ended().await.success);
}

/// What is otherwise listened on needs a restart, which is told.
#[tokio::test]
async fn other_ports_are_told_to_need_a_restart() {
    let home = tempfile::tempdir().expect("a directory");
    let file = home.path().join("nopar.toml");
    fs::write(&file, "").expect("a file");
    let arguments = ["--config", file.to_str().expect("UTF-8")].map(str::to_owned);
    let scene = Scene::in_home(home, &arguments.each_ref().map(String::as_str), &[]).await;
    fs::write(&file, "[server]\nlisten = \"127.0.0.1:1\"\n").expect("a file");
    scene.upgrade().await;
    let line = scene.first.says("other places need a restart").await;
    assert!(line.contains(&scene.addr.to_string()), "{line}");
    get(scene.addr, "/-/ping").await.expect(200);
    scene.end().await;
}

/// The 30 seconds that are given to it.
#[tokio::test]
async fn a_program_that_says_nothing_is_ended() {
    let scene = Scene::new(&[], &[]).await;
    let script = scene.home.path().join("script");
    fs::write(&script, "#!/bin/sh\nexec sleep 1000\n").expect("a script");
    fs::set_permissions(&script, Permissions::from_mode(0o755)).expect("a mode");
    let env_run = run(scene.home.path());
    let env = [("NOPAR_RUN_PATH", env_run.to_str().expect("UTF-8"))];
    let script = script.to_str().expect("UTF-8");
    let ordering = Binary::start(&["upgrade", "--binary", script], &env);
    scene.first.says("starts as process").await;
    // Meanwhile it serves.
    get(scene.addr, "/-/ping").await.expect(200);
    let told = "it said nothing for 30 s, and was ended";
    // Longer than the deadline of one wait.
    let _ = crate::support::deadline::in_time(std::future::pending::<()>()).await;
    ordering.says(told).await;
    assert!(!ordering.ended().await.success);
    goes_on(scene).await;
}

#[tokio::test]
async fn a_configuration_that_has_become_wrong_is_told() {
    let home = tempfile::tempdir().expect("a directory");
    let file = home.path().join("nopar.toml");
    fs::write(&file, "[upstream]\nuser_agent = \"first\"\n").expect("a file");
    let arguments = ["--config", file.to_str().expect("UTF-8")].map(str::to_owned);
    let scene = Scene::in_home(home, &arguments.each_ref().map(String::as_str), &[]).await;
    fs::write(&file, "[upstream]\nuser_agemt = \"second\"\n").expect("a file");
    let ordered = scene.order(None).await;
    assert!(!ordered.success && ordered.stderr.contains("user_agemt"), "{}", ordered.stderr);
    // What is found out later than that.
    fs::write(&file, "[cache]\npath = \"/proc/nowhere\"\n").expect("a file");
    let ordered = scene.order(None).await;
    assert!(!ordered.success && ordered.stderr.contains("/proc/nowhere"), "{}", ordered.stderr);
    fs::write(&file, "[upstream]\nuser_agent = \"third\"\n").expect("a file");
    scene.upgrade().await;
    scene.upstream.package("a").version("1.0.0", |version| version);
    get(scene.addr, "/a").await.expect(200);
    let asked = scene.upstream.requests();
    let agents: Vec<_> = asked[0].headers.all("user-agent").collect();
    assert_eq!(agents, ["third"]);
    scene.end().await;
}

#[tokio::test]
async fn where_no_nopar_runs_there_is_none_to_upgrade() {
    let home = tempfile::tempdir().expect("a directory");
    let path = run(home.path());
    let env = [("NOPAR_RUN_PATH", path.to_str().expect("UTF-8"))];
    let ordered = Binary::start(&["upgrade"], &env).ended().await;
    let told = format!("nothing listens on {}", path.join("nopar.sock").display());
    assert!(!ordered.success && ordered.stderr.contains(&told), "{}", ordered.stderr);
}

/// Two cannot have the same files; a NOPAR that was killed leaves them to the next.
#[tokio::test]
async fn files_are_one_nopars_until_its_end() {
    let scene = Scene::new(&[], &[]).await;
    let path = run(scene.home.path());
    let env = beside(&path, "0");
    let second = Binary::start(&[], &env).ended().await;
    let told = format!("NOPAR runs already, as process {}", scene.first.pid());
    assert!(!second.success && second.stderr.contains(&told), "{}", second.stderr);
    get(scene.addr, "/-/ping").await.expect(200);
    scene.first.signal("KILL");
    scene.first.ended().await;
    assert_eq!(scene.running.pid(), Some(scene.first.pid()));
    let next = Binary::start(&[], &env);
    let addr = next.listening().await;
    get(addr, "/-/ping").await.expect(200);
    assert_eq!(scene.running.pid(), Some(next.pid()));
    next.signal("TERM");
    assert!(next.ended().await.success);
    assert_eq!(fs::read_dir(&path).expect("a directory").count(), 0);
}

/// One that leaves may take long for a download: it has handed on its files, and keeps them from nobody.
#[tokio::test]
async fn who_leaves_keeps_no_files() {
    let scene = Scene::new(&[], &[]).await;
    let (_hold, mut download) = begin_download(&scene).await;
    assert_eq!(download.receive_head().await.expect("a head").status, 200);
    let second = scene.upgrade().await;
    scene.running.signal("TERM");
    scene.running.gone(second).await;
    assert!(!scene.first.has_ended(), "{}", scene.first.stderr());
    let path = run(scene.home.path());
    let env = beside(&path, "0");
    let next = Binary::start(&[], &env);
    get(next.listening().await, "/-/ping").await.expect(200);
    assert_eq!(scene.running.pid(), Some(next.pid()));
    next.signal("TERM");
    assert!(next.ended().await.success);
}

/// One that is asked to end, and finishes a download, is told apart from one that goes on.
#[tokio::test]
async fn who_is_stopping_is_told_so() {
    let scene = Scene::new(&[], &[("NOPAR_STOP_TIMEOUT", "60s")]).await;
    let (_hold, mut download) = begin_download(&scene).await;
    assert_eq!(download.receive_head().await.expect("a head").status, 200);
    scene.first.signal("TERM");
    scene.first.says("stopping: ").await;
    let path = run(scene.home.path());
    let env = beside(&path, "0");
    let second = Binary::start(&[], &env).ended().await;
    let told = format!("NOPAR is stopping (process {})", scene.first.pid());
    assert!(!second.success && second.stderr.contains(&told), "{}", second.stderr);
    scene.first.signal("TERM");
    scene.first.ended().await;
    let next = Binary::start(&[], &env);
    get(next.listening().await, "/-/ping").await.expect(200);
    next.signal("TERM");
    assert!(next.ended().await.success);
}

/// They are elsewhere then, and a line says so once, with the reason.
#[tokio::test]
async fn a_place_that_cannot_be_had_is_told_of_once() {
    let home = tempfile::tempdir().expect("a directory");
    let path = home.path().join("file");
    fs::write(&path, "precious").expect("a file");
    let path = path.to_str().expect("UTF-8");
    let env = [("NOPAR_RUN_PATH", path), ("NOPAR_HOSTNAME", "127.0.0.1"), ("NOPAR_PORT", "0")];
    let binary = Binary::start(&[], &env);
    get(binary.listening().await, "/-/ping").await.expect(200);
    binary.signal("TERM");
    let ended = binary.ended().await;
    let told: Vec<&str> =
        ended.stderr.lines().filter(|line| line.contains("NOPAR_RUN_PATH")).collect();
    assert!(ended.success && told.len() == 1, "{}", ended.stderr);
    let words = format!("nopar.pid and nopar.sock are in cache/run: {path} cannot be made");
    assert!(told[0].contains("WARN") && told[0].contains(&words), "{told:?}");
}
