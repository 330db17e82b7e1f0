//! NOPAR under a service manager, which this test stands in for.
//! Knows nothing of what is served.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tokio::net::UnixDatagram;

use crate::support::binary::{Binary, PROGRAM};
use crate::support::client::get;
use crate::support::deadline::within;
use crate::support::upstream::FakeUpstream;

/// What a manager hears next.
pub(crate) async fn heard(manager: &UnixDatagram) -> String {
    let mut message = [0; 4096];
    let hearing = manager.recv(&mut message);
    let length = within("the manager to hear something".to_owned(), hearing).await;
    String::from_utf8_lossy(&message[..length.expect("a message")]).into_owned()
}

fn managed(upstream: &str, socket: &Path, more: &[(&str, &str)]) -> Binary {
    let socket = socket.to_str().expect("a path in UTF-8");
    let env = [
        ("NOPAR_HOSTNAME", "127.0.0.1"),
        ("NOPAR_PORT", "0"),
        ("NOPAR_FORWARDER_URL", upstream),
        ("NOTIFY_SOCKET", socket),
    ];
    Binary::start(&[], &[&env[..], more].concat())
}

#[tokio::test]
async fn a_manager_hears_when_it_serves_and_when_it_stops() {
    let upstream = FakeUpstream::start().await;
    let folder = tempfile::tempdir().expect("a directory");
    let socket = folder.path().join("notify");
    let manager = UnixDatagram::bind(&socket).expect("a socket");
    let binary = managed(&upstream.url(), &socket, &[]);
    let ready = heard(&manager).await;
    let status = ready.strip_prefix("READY=1\nSTATUS=listening on http://").expect(&ready);
    let addr = status.trim_end().trim_end_matches('/').parse().expect("an address");
    get(addr, "/-/ping").await.expect(200);
    binary.signal("TERM");
    let stopping = heard(&manager).await;
    assert!(stopping.starts_with("STOPPING=1\n"), "{stopping}");
    assert!(binary.ended().await.success);
    // Nothing else was said: signs of life are for managers that want them.
    let more = manager.try_recv(&mut [0; 64]);
    assert!(more.is_err(), "{more:?}");
}

#[tokio::test]
async fn signs_of_life_are_given_as_often_as_they_are_wanted() {
    let upstream = FakeUpstream::start().await;
    let folder = tempfile::tempdir().expect("a directory");
    let socket = folder.path().join("notify");
    let manager = UnixDatagram::bind(&socket).expect("a socket");
    let binary = managed(&upstream.url(), &socket, &[("WATCHDOG_USEC", "20000")]);
    let mut signs = 0;
    while signs < 5 {
        signs += usize::from(heard(&manager).await == "WATCHDOG=1\n");
    }
    binary.signal("TERM");
    assert!(binary.ended().await.success);
}

/// It is told of once, and NOPAR serves all the same.
#[tokio::test]
async fn a_manager_that_hears_nothing_stops_nothing() {
    let upstream = FakeUpstream::start().await;
    let folder = tempfile::tempdir().expect("a directory");
    let socket = folder.path().join("nobody");
    std::fs::write(&socket, "").expect("a file that is no socket");
    std::fs::set_permissions(&socket, PermissionsExt::from_mode(0o600)).expect("a mode");
    let binary = managed(&upstream.url(), &socket, &[("WATCHDOG_USEC", "20000")]);
    let line = binary.says("listening on http://").await;
    let (_, addr) = line.trim_end().split_once("http://").expect("it was looked for");
    let addr = addr.trim_end_matches('/').parse().expect("an address");
    get(addr, "/-/ping").await.expect(200);
    binary.says("the service manager cannot be told anything").await;
    binary.signal("TERM");
    let ended = binary.ended().await;
    assert!(ended.success);
    assert_eq!(ended.stderr.matches("cannot be told anything").count(), 1, "{}", ended.stderr);
}

/// The command line of the unit, with the program under test in place of the installed one, and another place for the
/// files in /etc.
pub(crate) fn command_of_unit(etc: &Path) -> String {
    let unit = include_str!("../../systemd/nopar.service");
    let line = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).expect("a command");
    let script = line.strip_prefix("/bin/sh -c '").and_then(|rest| rest.strip_suffix("' nopar"));
    let script = script.expect("a script of a shell");
    assert!(
        !script.contains(['\'', '%', '\\']) && !script.contains("${"),
        "systemd would read that another way: {script}"
    );
    script.replace("/etc/", &format!("{}/", etc.display())).replace("/usr/bin/nopar", PROGRAM)
}

/// An old NOPAR's /etc/default/nopar is shell: with `export`, backticks, and a user that NOPAR was to become. Most files of
/// that folder do without `export`.
#[tokio::test]
async fn the_unit_reads_the_settings_of_an_old_nopar() {
    let upstream = FakeUpstream::start().await;
    let folder = tempfile::tempdir().expect("a directory");
    let etc = folder.path().join("etc");
    std::fs::create_dir_all(etc.join("default")).expect("a directory");
    let old = format!(
        "# Settings of NOPAR\nexport NOPAR_HOSTNAME=`echo 127.0.0.1`\nNOPAR_PORT=0\n\
         export NOPAR_FORWARDER_URL=\"{}\"\nexport NOPAR_RUNAS_USER=nopar\nexport NOPAR_LOGFILE=\n",
        upstream.url()
    );
    std::fs::write(etc.join("default/nopar"), old).expect("the settings");
    std::fs::write(etc.join("nopar.toml"), "[upstream]\nuser_agent = \"of the file\"\n")
        .expect("the file");
    let socket = folder.path().join("notify");
    let manager = UnixDatagram::bind(&socket).expect("a socket");
    let mut command = std::process::Command::new("/bin/sh");
    command.args(["-c", &command_of_unit(&etc), "nopar"]);
    let path = std::env::var("PATH").expect("a PATH");
    let env = [("NOTIFY_SOCKET", socket.to_str().expect("a path in UTF-8")), ("PATH", &path)];
    let binary = Binary::start_as(tempfile::tempdir().expect("a directory"), command, &env);
    let ready = heard(&manager).await;
    let status = ready.strip_prefix("READY=1\nSTATUS=listening on http://").expect(&ready);
    let addr = status.trim_end().trim_end_matches('/').parse().expect("an address");
    upstream.package("a").version("1.0.0", |version| version);
    get(addr, "/a").await.expect(200);
    let asked = upstream.requests();
    let agents: Vec<_> = asked[0].headers.all("user-agent").collect();
    assert_eq!(agents, ["of the file"], "both files are read");
    binary.says("NOPAR_RUNAS_USER: NOPAR stays in the foreground").await;
    // It is the process that was started, and hears what the manager says to that.
    binary.signal("TERM");
    let ended = binary.ended().await;
    assert!(ended.success, "{}", ended.stderr);
}
