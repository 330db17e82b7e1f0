//! Sockets that a service manager has bound (sd_listen_fds(3)).

use std::io::Write;
use std::net::{TcpListener, UdpSocket};
use std::path::Path;
use std::process::Command;

use nopar::app::{App, Stop};
use nopar::clock::Clock;
use nopar::config::{Config, Sources};
use nopar::listen::{Given, Sockets};

use super::{held, passed, said};
use crate::support::binary::{Binary, PROGRAM};
use crate::support::client::get;
use crate::support::deadline::within;
use crate::support::tls::Certificate;
use crate::support::upstream::FakeUpstream;

/// It serves there, and nowhere else, whatever the settings say.
#[tokio::test]
async fn it_serves_on_what_it_is_passed_and_binds_nothing() {
    let upstream = FakeUpstream::start().await;
    let (socket, addr) = held();
    // Binding this one would be an error.
    let (_other, taken) = held();
    let (host, port) = (taken.ip().to_string(), taken.port().to_string());
    let listen = taken.to_string();
    let env = [
        ("NOPAR_HOSTNAME", &*host),
        ("NOPAR_PORT", &*port),
        ("NOPAR_LISTEN", &*listen),
        ("NOPAR_FORWARDER_URL", &upstream.url()),
    ];
    let binary = passed(socket, &env);
    assert_eq!(binary.listening().await, addr);
    get(addr, "/-/ping").await.expect(200);
    binary.signal("TERM");
    let ended = binary.ended().await;
    let told = "the sockets are the service manager's: NOPAR_HOSTNAME, NOPAR_PORT and NOPAR_LISTEN are left aside";
    assert_eq!(ended.stderr.matches(told).count(), 1, "{}", ended.stderr);
    assert_eq!(ended.stderr.matches("listening on ").count(), 1, "{}", ended.stderr);
}

#[tokio::test]
async fn it_speaks_tls_there_if_it_has_a_certificate() {
    let (upstream, certificate) = (FakeUpstream::start().await, Certificate::new());
    let (socket, addr) = held();
    let env = [
        ("NOPAR_TLS_CERT", &*certificate.cert()),
        ("NOPAR_TLS_KEY", &*certificate.key()),
        ("NOPAR_FORWARDER_URL", &upstream.url()),
    ];
    let _binary = passed(socket, &env);
    certificate.connect(addr, &[b"http/1.1"]).await;
}

/// The variables of another process are not this one's.
#[tokio::test]
async fn sockets_for_another_process_are_left_alone() {
    let upstream = FakeUpstream::start().await;
    let env = [("LISTEN_PID", "1"), ("LISTEN_FDS", "1"), ("LISTEN_FDNAMES", "npm")];
    let (binary, addr) = Binary::serving(&upstream.url(), &env).await;
    get(addr, "/-/ping").await.expect(200);
    assert!(!binary.stderr().contains("service manager"), "{}", binary.stderr());
}

#[tokio::test]
async fn what_cannot_be_listened_on_is_an_error_that_names_it() {
    let udp = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let ended = passed(udp, &[]).ended().await;
    let words = "file 3 (unknown), which was passed to listen on, is no stream socket";
    assert!(!ended.success && ended.stderr.contains(words), "{}", ended.stderr);
    let (socket, _) = held();
    let ended = passed(socket, &[("LISTEN_FDNAMES", "one:two")]).ended().await;
    let words = "the sockets of the service manager cannot be taken: ";
    assert!(!ended.success && ended.stderr.contains(words), "{}", ended.stderr);
    let (socket, _) = held();
    let ended = passed(socket, &[("LISTEN_FDNAMES", "metrics")]).ended().await;
    assert!(
        !ended.success && ended.stderr.contains("there is none for the registry"),
        "{}",
        ended.stderr
    );
}

/// More are told of than there are: what NOPAR opens itself meanwhile is never taken for one of them.
#[tokio::test]
async fn sockets_that_are_not_open_are_an_error() {
    for count in [2, 3, 4, 6, 9, 30] {
        let (socket, _) = held();
        let script = format!("LISTEN_PID=$$ LISTEN_FDS={count} exec \"$0\" 3<&0 0</dev/null");
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &script, PROGRAM]);
        let folder = tempfile::tempdir().expect("a directory");
        let socket = std::os::fd::OwnedFd::from(socket).into();
        let ended = Binary::start_with(folder, command, &[], socket).ended().await;
        let words =
            "the sockets of the service manager cannot be taken: not all of them are open (LISTEN_";
        assert!(!ended.success && ended.stderr.contains(words), "{count}: {}", ended.stderr);
    }
}

/// systemd's own, which starts it when the first client comes.
#[tokio::test]
async fn systemd_s_own_socket_activation_starts_it() {
    const SYSTEMD: &str = "/usr/bin/systemd-socket-activate";
    if !Path::new(SYSTEMD).exists() {
        // Not by a macro: the words of a test that passes are not shown.
        let words = "NOT CHECKED: there is no systemd-socket-activate here (Debian: apt-get install systemd)";
        writeln!(std::io::stderr(), "{words}").expect("standard error");
        return;
    }
    let upstream = FakeUpstream::start().await;
    let folder = tempfile::tempdir().expect("a directory");
    // It takes no port 0, so these are unix sockets.
    let paths = ["one", "two"].map(|name| folder.path().join(name));
    let mut command = Command::new(SYSTEMD);
    for path in &paths {
        command.arg("-l").arg(path);
    }
    command.arg("--fdname=nopar.socket:nopar.socket");
    command.arg(format!("-ENOPAR_FORWARDER_URL={}", upstream.url())).arg(PROGRAM);
    let env = [("SYSTEMD_LOG_TARGET", "console"), ("SYSTEMD_LOG_LEVEL", "info")];
    let binary = Binary::start_as(tempfile::tempdir().expect("a directory"), command, &env);
    binary.says_times(2, "Listening on ").await;
    for path in &paths {
        let answer = said(path, "GET", "/-/ping", &[("Host", "npm.example")]).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }
    binary.signal("TERM");
    let ended = binary.ended().await;
    assert!(ended.success, "{}", ended.stderr);
    assert!(paths.iter().all(|path| path.exists()), "the sockets are systemd's to remove");
}

/// That one, and no other, whatever the settings say.
#[tokio::test]
async fn metrics_are_served_on_the_socket_that_is_called_so() {
    let folder = tempfile::tempdir().expect("a directory");
    let ((registry, addr), (metrics, metrics_addr), (_other, taken)) = (held(), held(), held());
    let home = folder.path().to_str().expect("a path in UTF-8").to_owned();
    let env = [("NOPAR_HOME", home), ("NOPAR_METRICS_LISTEN", taken.to_string())];
    let env = env.map(|(name, value)| (name.to_owned(), value)).into();
    let (handle, stop) = Stop::channel();
    // An App is run where it was made.
    let running = std::thread::spawn(move || {
        let given =
            |socket: TcpListener, name: &str| Given { fd: socket.into(), name: name.to_owned() };
        let given = vec![given(registry, "nopar.socket"), given(metrics, "metrics")];
        let sockets = Sockets::inherited(given).expect("two sockets");
        let sources = Sources { env, file: None, ignore_saved: false };
        let config = Config::load(&sources).expect("a configuration");
        App::on(config, Clock::system(), sockets).expect("an app").run(stop);
    });
    get(addr, "/-/ping").await.expect(200);
    let text = get(metrics_addr, "/metrics").await.expect(200).text();
    assert!(text.contains("nopar_build_info"), "{text}");
    handle.stop();
    let ended = tokio::task::spawn_blocking(move || running.join());
    within("its end".to_owned(), ended).await.expect("no panic").expect("no panic");
}
