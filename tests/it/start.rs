//! How NOPAR starts, or says why not, before it listens.
//! Knows nothing of single settings' meanings.

mod foreign;
mod log;
mod log_lines;
mod log_output;
mod log_rotation;
mod refusal;

pub(crate) use self::log_output::file_with;

use std::net::{Ipv6Addr, SocketAddr, TcpListener};

use crate::support::binary::{Binary, Ended};
use crate::support::client::get;
use crate::support::upstream::FakeUpstream;

/// Runs it to its end.
async fn run(arguments: &[&str], env: &[(&str, &str)]) -> Ended {
    Binary::start(arguments, env).ended().await
}

/// Without file and variables (but a free port) it serves, and keeps its things where it was started.
#[tokio::test]
async fn it_works_without_any_configuration() {
    let binary = Binary::start(&[], &[("NOPAR_PORT", "0")]);
    let addr = binary.listening().await;
    get(addr, "/-/ping").await.expect(200);
    get(addr, "/").await.expect(200);
    assert!(addr.ip().is_loopback(), "{addr}");
    if TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok() {
        let six = SocketAddr::from((Ipv6Addr::LOCALHOST, addr.port()));
        get(six, "/-/ping").await.expect(200);
    }
    assert!(binary.folder().join("cache").is_dir());
    binary.signal("TERM");
    assert!(binary.ended().await.success);
}

/// Who listens to more than the machine itself is told what that means, and nobody else.
#[tokio::test]
async fn a_listener_that_others_reach_is_warned_of() {
    const WARNING: &str = "everyone who reaches this address may use the registry";
    for (host, is_open) in [("0.0.0.0", true), ("127.0.0.1", false)] {
        let binary = Binary::start(&[], &[("NOPAR_PORT", "0"), ("NOPAR_HOSTNAME", host)]);
        binary.listening().await;
        binary.signal("TERM");
        let said = binary.ended().await.stderr;
        assert_eq!(said.contains(WARNING), is_open, "{host}: {said}");
    }
}

/// The documented default file is the one NOPAR prints, and NOPAR takes it.
#[tokio::test]
async fn the_default_file_is_what_it_prints() {
    let package = std::env::var("CARGO_MANIFEST_DIR").expect("cargo says where the package is");
    let path = format!("{package}/conf/nopar.toml");
    let file = std::fs::read_to_string(&path).expect("conf/nopar.toml");
    let printed = run(&["--print-default-config"], &[]).await;
    assert!(printed.success && printed.stderr.is_empty(), "{}", printed.stderr);
    assert!(printed.stdout == file, "conf/nopar.toml is not what --print-default-config says");
    let checked = run(&["--config", &path, "--check-config"], &[]).await;
    assert!(checked.success && checked.stderr.is_empty(), "{}", checked.stderr);
    // Every line uncommented is valid too: the keys are keys and the defaults are allowed. Examples have
    // a space behind their #.
    let settings = file.lines().map(|line| line.strip_prefix('#').unwrap_or(line));
    let settings = settings
        .filter(|line| line.starts_with('[') || (line.contains(" = ") && !line.starts_with(' ')));
    let folder = tempfile::tempdir().expect("a directory");
    let all = folder.path().join("all.toml");
    let text: String = settings.map(|line| format!("{line}\n")).collect();
    std::fs::write(&all, text).expect("a file");
    let all = all.to_str().expect("a path in UTF-8");
    let checked = run(&["--config", all, "--check-config"], &[]).await;
    assert!(checked.success && checked.stderr.is_empty(), "{}", checked.stderr);
}

/// `--check-config` says yes or no, and does nothing else.
#[tokio::test]
async fn a_configuration_can_be_checked() {
    let binary = Binary::start(&["--check-config"], &[("NOPAR_PORT", "0")]);
    let good = binary.ended().await;
    assert!(good.success && good.stdout.contains("valid"), "{}{}", good.stdout, good.stderr);
    let left: Vec<_> = std::fs::read_dir(binary.folder()).expect("a directory").collect();
    assert!(left.is_empty(), "{left:?}");
    let bad = run(&["--check-config"], &[("NOPAR_PORT", "many")]).await;
    assert!(!bad.success && bad.stderr.contains("NOPAR_PORT"), "{}", bad.stderr);
}

/// The command line explains itself.
#[tokio::test]
async fn help_and_version_are_printed() {
    let version = run(&["--version"], &[]).await;
    assert!(version.success);
    assert_eq!(version.stdout.trim(), format!("nopar {}", env!("CARGO_PKG_VERSION")));
    let help = run(&["--help"], &[]).await;
    assert!(help.success);
    for word in ["--config", "--check-config", "--print-default-config", "--version", "NOPAR_PORT"]
    {
        assert!(help.stdout.contains(word), "{word}: {}", help.stdout);
    }
    let unknown = run(&["--prot", "80"], &[]).await;
    assert!(!unknown.success && unknown.stderr.contains("--prot"), "{}", unknown.stderr);
}

/// Environment goes before file, file before default, and `--config` before NOPAR_CONFIG.
#[tokio::test]
async fn environment_goes_before_file_before_default() {
    let upstream = FakeUpstream::start().await;
    upstream.package("a").version("1.0.0", |v| v);
    let folder = tempfile::tempdir().expect("a directory");
    let write = |name: &str, text: String| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path.to_str().expect("a path in UTF-8").to_owned()
    };
    let rest = "[server]\nhostname = \"127.0.0.1\"\nport = 0\n[cache]\npath = \"elsewhere\"\n";
    let one = write("one.toml", format!("[upstream]\nurl = \"{}\"\n{rest}", upstream.url()));
    let two = write("two.toml", "[upstream]\nurl = \"http://two.invalid\"\n".to_owned());
    for (arguments, env) in [
        (vec!["--config", &one], vec![("NOPAR_CONFIG", two.as_str())]),
        (vec![], vec![("NOPAR_CONFIG", one.as_str())]),
    ] {
        let env = [env, vec![("NOPAR_CACHE_PATH", "by-environment")]].concat();
        let binary = Binary::start(&arguments, &env);
        let addr = binary.listening().await;
        get(addr, "/a").await.expect(200);
        assert!(binary.folder().join("by-environment").is_dir());
        assert!(!binary.folder().join("elsewhere").exists());
    }
}

/// Relative paths start at NOPAR_HOME, which need not be where it was started.
#[tokio::test]
async fn relative_paths_start_at_home() {
    let upstream = FakeUpstream::start().await;
    let url = upstream.url();
    let home = tempfile::tempdir().expect("a directory");
    let path = home.path().to_str().expect("a path in UTF-8");
    let env = [("NOPAR_HOME", path), ("NOPAR_CACHE_PATH", "c"), ("NOPAR_LOGFILE", "nopar.log")];
    let env = [
        &env[..],
        &[
            ("NOPAR_HOSTNAME", "127.0.0.1"),
            ("NOPAR_PORT", "0"),
            ("NOPAR_FORWARDER_URL", url.as_str()),
        ],
    ]
    .concat();
    let binary = Binary::start(&[], &env);
    let log = home.path().join("nopar.log");
    let listening = async {
        loop {
            let text = std::fs::read_to_string(&log).unwrap_or_default();
            if text.contains("listening on") {
                return;
            }
            assert!(!binary.has_ended(), "{}", binary.stderr());
            tokio::task::yield_now().await;
        }
    };
    crate::support::deadline::within("the log file".to_owned(), listening).await;
    assert!(home.path().join("c").is_dir());
    assert!(!binary.folder().join("cache").exists());
    binary.signal("TERM");
    assert!(binary.ended().await.success);
}
