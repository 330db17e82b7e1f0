//! What keeps NOPAR from starting: said at once, in full, and before anything listens.
//! Knows nothing of settings that are right.

use std::net::{SocketAddr, TcpListener, TcpStream};

use super::run;
use crate::support::binary::{Binary, Ended};

/// A port that nobody else has while the listener lives.
fn taken() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let addr = listener.local_addr().expect("an address");
    (listener, addr)
}

/// A port in use is an error that names it.
#[tokio::test]
async fn a_port_in_use_is_an_error_that_names_it() {
    let (_listener, addr) = taken();
    let port = addr.port().to_string();
    for host in ["127.0.0.1", "localhost"] {
        let env = [("NOPAR_HOSTNAME", host), ("NOPAR_PORT", port.as_str())];
        let ended = run(&[], &env).await;
        assert!(!ended.success);
        assert!(ended.stderr.contains(&format!("127.0.0.1:{port}")), "{}", ended.stderr);
        assert!(ended.stderr.contains("NOPAR_PORT"), "{}", ended.stderr);
    }
}

/// All mistakes are told at once, each with its name; nothing listens and nothing is made.
#[tokio::test]
async fn all_mistakes_are_told_at_once() {
    let (listener, addr) = taken();
    drop(listener);
    let port = addr.port().to_string();
    let folder = tempfile::tempdir().expect("a directory");
    let file = "[cache]\nsize = \"lots\"\n[log]\nlevel = \"chatty\"\n[upstream]\nulr = \"x\"\n[nonsense]\na = 1\n";
    std::fs::write(folder.path().join("bad.toml"), file).expect("a file");
    let env = [
        ("NOPAR_HOSTNAME", "127.0.0.1"),
        ("NOPAR_PORT", port.as_str()),
        ("NOPAR_META_TTL", "soon"),
        ("NOPAR_AUTO_FORWARD", "maybe"),
        ("NOPAR_FORWARDER_URL", "ftp://registry.example"),
        ("NOPAR_PROXY_URL", "proxy.example:3128"),
        ("NOPAR_BASE_URL", "http://npm.example/?x"),
        ("NOPAR_TRUSTED_PROXIES", "10.0.0.0/33"),
        ("NOPAR_THREADS", "several"),
        ("NOPAR_CA_FILE", "missing.pem"),
        ("NOPAR_STOP_TIMEOUT", "-1s"),
    ];
    let binary = Binary::start_in(folder, &["--config", "bad.toml"], &env);
    let ended = binary.ended().await;
    assert!(!ended.success);
    let names = env.iter().skip(2).map(|(name, _)| *name);
    for name in names.chain(["cache.size", "log.level", "ulr", "nonsense"]) {
        let lines: Vec<&str> = ended.stderr.lines().filter(|line| line.contains(name)).collect();
        assert_eq!(lines.len(), 1, "{name}: {}", ended.stderr);
    }
    assert!(TcpStream::connect(addr).is_err(), "something listens");
    assert!(!binary.folder().join("cache").exists());
}

/// Secrets are not repeated when something is wrong with them.
#[tokio::test]
async fn mistakes_do_not_show_secrets() {
    let env = [
        ("NOPAR_PORT", "0"),
        ("NOPAR_FORWARDER_TOKEN", "hush hush\u{7}"),
        ("NOPAR_PROXY_URL", "https://user:hush@proxy.example"),
    ];
    let ended = run(&["--check-config"], &env).await;
    assert!(!ended.success);
    assert!(ended.stderr.contains("NOPAR_FORWARDER_TOKEN"), "{}", ended.stderr);
    assert!(ended.stderr.contains("NOPAR_PROXY_URL"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("hush"), "{}", ended.stderr);
}

/// A file that is not there, or no TOML, is an error that names it.
#[tokio::test]
async fn a_file_that_cannot_be_read_is_an_error_that_names_it() {
    let ended = run(&["--config", "nowhere.toml"], &[("NOPAR_PORT", "0")]).await;
    assert!(!ended.success && ended.stderr.contains("nowhere.toml"), "{}", ended.stderr);
    let folder = tempfile::tempdir().expect("a directory");
    std::fs::write(folder.path().join("odd.toml"), "[server\nport = ").expect("a file");
    let binary = Binary::start_in(folder, &["--config", "odd.toml"], &[]);
    let ended = binary.ended().await;
    assert!(!ended.success && ended.stderr.contains("odd.toml"), "{}", ended.stderr);
}

/// An upstream that is NOPAR itself is refused, by whichever of its names.
#[tokio::test]
async fn an_upstream_that_is_nopar_itself_is_refused() {
    for (host, name, path) in [
        ("localhost", "localhost", "/"),
        ("localhost", "127.0.0.1", ""),
        ("127.0.0.1", "localhost", "/"),
        ("0.0.0.0", "127.0.0.1", "/npm"),
    ] {
        let ended = on_a_free_port(host, name, path).await;
        assert!(!ended.success, "{host} {name}{path}");
        assert!(ended.stderr.contains("NOPAR_FORWARDER_URL"), "{}", ended.stderr);
        assert!(ended.stderr.contains("itself"), "{}", ended.stderr);
    }
    let base = [
        ("NOPAR_PORT", "0"),
        ("NOPAR_BASE_URL", "https://npm.example/"),
        ("NOPAR_FORWARDER_URL", "https://npm.example"),
    ];
    let ended = run(&[], &base).await;
    assert!(!ended.success && ended.stderr.contains("itself"), "{}", ended.stderr);
}

/// What becomes of a NOPAR at `host` whose upstream is called `name` and has the same port. Whoever takes that
/// port in between is somebody else's business: then it is another port's turn.
async fn on_a_free_port(host: &str, name: &str, path: &str) -> Ended {
    for _ in 0..20 {
        let (listener, addr) = taken();
        drop(listener);
        let port = addr.port().to_string();
        let upstream = format!("http://{name}:{port}{path}");
        let env = [
            ("NOPAR_HOSTNAME", host),
            ("NOPAR_PORT", port.as_str()),
            ("NOPAR_FORWARDER_URL", upstream.as_str()),
        ];
        let ended = run(&[], &env).await;
        if !ended.stderr.contains("in use") {
            return ended;
        }
    }
    panic!("twenty free ports were taken by others at once");
}

/// A cache that cannot be made is an error that names its path.
#[tokio::test]
async fn a_cache_that_cannot_be_made_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().expect("a directory");
    std::fs::write(folder.path().join("occupied"), "a file, not a directory").expect("a file");
    let env = [("NOPAR_PORT", "0"), ("NOPAR_CACHE_PATH", "occupied")];
    let ended = Binary::start_in(folder, &[], &env).ended().await;
    assert!(!ended.success && ended.stderr.contains("occupied"), "{}", ended.stderr);
}

/// So is a log file that cannot be opened.
#[tokio::test]
async fn a_log_file_that_cannot_be_opened_is_an_error() {
    let env = [("NOPAR_PORT", "0"), ("NOPAR_LOGFILE", "no/such/folder/nopar.log")];
    let ended = run(&[], &env).await;
    assert!(!ended.success && ended.stderr.contains("NOPAR_LOGFILE"), "{}", ended.stderr);
}

/// A misspelt variable does not pass unseen.
#[tokio::test]
async fn a_misspelt_variable_is_warned_of() {
    let ended = run(&["--check-config"], &[("NOPAR_PROT", "80")]).await;
    assert!(ended.success, "{}", ended.stderr);
    assert!(
        ended.stderr.contains("NOPAR_PROT") && ended.stderr.contains("NOPAR_PORT"),
        "{}",
        ended.stderr
    );
}
