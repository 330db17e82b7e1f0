//! NOPAR_RUNAS_USER: root starts it, and another user's process serves in the background. Needs root.
//! Knows nothing of what is served.

use std::fs::{self, Permissions};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use tempfile::TempDir;

use crate::start::file_with;
use crate::support::binary::{Binary, Ended};
use crate::support::client::get;
use crate::support::deadline::once;
use crate::support::disk::{Program, is_root_or_skipped};
use crate::support::publish::Publish;
use crate::support::running::Running;
use crate::support::upstream::FakeUpstream;

/// `nobody` of most systems.
const NOBODY: u32 = 65_534;

/// A machine's directories, as root has them.
struct Machine {
    home: TempDir,
    program: Program,
    upstream: FakeUpstream,
}

impl Machine {
    /// `None` where we are not root.
    async fn new() -> Option<Machine> {
        if !is_root_or_skipped("only root becomes another user") {
            return None;
        }
        let home = tempfile::tempdir().expect("a directory");
        fs::set_permissions(home.path(), Permissions::from_mode(0o755)).expect("open to all");
        for folder in ["run", "log"] {
            fs::create_dir(home.path().join(folder)).expect("a directory");
        }
        let upstream = FakeUpstream::start().await;
        upstream.package("a").version("1.0.0", |version| version);
        Some(Machine { home, program: Program::new(), upstream })
    }

    fn path(&self, name: &str) -> String {
        self.home.path().join(name).to_str().expect("UTF-8").to_owned()
    }

    /// Starts it; what became of the process that was started.
    async fn start(&self, more: &[(&str, &str)]) -> Ended {
        let url = self.upstream.url();
        let of_home = ["lib", "cache", "run", "log/nopar.log"].map(|name| self.path(name));
        let [registry, cache, run, log] = of_home.each_ref().map(String::as_str);
        let env = [
            ("NOPAR_HOSTNAME", "127.0.0.1"),
            ("NOPAR_PORT", "0"),
            ("NOPAR_FORWARDER_URL", url.as_str()),
            ("NOPAR_LOCAL_PACKAGES", "@acme/*"),
            ("NOPAR_RUNAS_USER", "nobody"),
            ("NOPAR_REGISTRY_PATH", registry),
            ("NOPAR_CACHE_PATH", cache),
            ("NOPAR_RUN_PATH", run),
            ("NOPAR_LOGFILE", log),
        ];
        let folder = tempfile::tempdir().expect("a directory");
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).expect("open to all");
        let command = self.program.command("", false);
        Binary::start_as(folder, command, &[&env[..], more].concat()).ended().await
    }

    fn running(&self) -> Running {
        Running::of(&self.home.path().join("run"))
    }

    /// Where it listens, by its log.
    async fn addr(&self) -> SocketAddr {
        let log = file_with(Path::new(&self.path("log/nopar.log")), "listening on http://").await;
        let (_, addr) = log.rsplit_once("listening on http://").expect("it was looked for");
        let addr = addr.lines().next().unwrap_or_default().trim_end_matches('/');
        addr.parse().expect("an address")
    }
}

/// A line of /proc/PID/status.
fn status(pid: u32, name: &str) -> String {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).expect("a process");
    let line = text.lines().find_map(|line| line.strip_prefix(name)).expect(name);
    line.trim().to_owned()
}

#[tokio::test]
async fn another_user_serves_in_the_background() {
    let Some(machine) = Machine::new().await else { return };
    let started = machine.start(&[]).await;
    assert!(started.success, "{}{}", started.stdout, started.stderr);
    let running = machine.running();
    let pid = running.pid().expect("a process");
    let nobody = vec![NOBODY.to_string(); 4].join("\t");
    assert_eq!((status(pid, "Uid:"), status(pid, "Gid:")), (nobody.clone(), nobody));
    assert_eq!((status(pid, "Groups:"), status(pid, "CapEff:")), (String::new(), "0".repeat(16)));
    // It has a session of its own: no terminal ends it.
    let session = rustix::process::getsid(rustix::process::Pid::from_raw(pid.cast_signed()));
    assert_eq!(session.expect("a session").as_raw_pid(), pid.cast_signed());
    let addr = machine.addr().await;
    get(addr, "/a").await.expect(200);
    Publish::of("@acme/ui", "1.0.0").succeed(addr).await;
    let mut all = 0;
    for name in ["lib", "cache", "log/nopar.log", "lib/@acme"] {
        assert_eq!(fs::metadata(machine.path(name)).expect(name).uid(), NOBODY, "{name}");
        all += 1;
    }
    assert_eq!(all, 4);
    // Its log is rotated as any other.
    let (log, moved) = (machine.path("log/nopar.log"), machine.path("log/nopar.log.1"));
    fs::rename(&log, &moved).expect("the log is moved");
    fs::write(&log, "").expect("a new one, as logrotate makes it");
    std::os::unix::fs::chown(&log, Some(NOBODY), Some(NOBODY)).expect("given away");
    running.signal("USR1");
    once("a line in the new file", async || {
        get(addr, "/-/after").await.expect(404);
        let text = fs::read_to_string(&log).expect("text");
        if text.contains("GET /-/after 404 ") { Ok(()) } else { Err(text) }
    })
    .await;
    // Once more: it is told who runs, and nothing is harmed.
    let second = machine.start(&[]).await;
    let told = format!("NOPAR runs already, as process {pid}");
    assert!(!second.success && second.stderr.contains(&told), "{}", second.stderr);
    get(addr, "/-/ping").await.expect(200);
    running.signal("TERM");
    running.gone(pid).await;
    let next = machine.start(&[]).await;
    assert!(next.success, "{}", next.stderr);
    let document = get(machine.addr().await, "/@acme%2fui").await.expect(200).json();
    assert!(document["versions"]["1.0.0"].is_object(), "{document}");
}

/// Root binds what only root may.
#[tokio::test]
async fn a_low_port_is_bound_by_root() {
    let Some(machine) = Machine::new().await else { return };
    let free = (600..1024).find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    let port = free.expect("a free port below 1024").to_string();
    let started = machine.start(&[("NOPAR_PORT", &port)]).await;
    assert!(started.success, "{}{}", started.stdout, started.stderr);
    let running = machine.running();
    let addr = machine.addr().await;
    assert_eq!(addr.port().to_string(), port);
    get(addr, "/-/ping").await.expect(200);
    assert!(status(running.pid().expect("a process"), "Uid:").starts_with("65534"));
}

/// An upgrade of it keeps its user and its sockets.
#[tokio::test]
async fn it_can_be_upgraded() {
    let Some(machine) = Machine::new().await else { return };
    let started = machine.start(&[]).await;
    assert!(started.success, "{}{}", started.stdout, started.stderr);
    let running = machine.running();
    let first = running.pid().expect("a process");
    let addr = machine.addr().await;
    let (run, program) = (machine.path("run"), machine.program.path().display().to_string());
    let env = [("NOPAR_RUN_PATH", run.as_str())];
    let ordered = Binary::start(&["upgrade", "--binary", &program], &env).ended().await;
    assert!(ordered.success, "{}{}", ordered.stdout, ordered.stderr);
    let next = running.pid_after(first).await;
    assert!(status(next, "Uid:").starts_with("65534"));
    get(addr, "/a").await.expect(200);
}

/// Whoever starts it hears what is wrong, and nothing is left in the background.
#[tokio::test]
async fn what_is_wrong_is_told_to_who_starts_it() {
    let Some(machine) = Machine::new().await else { return };
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let secret = machine.path("secret");
    fs::write(&secret, "x").expect("a file");
    fs::set_permissions(&secret, Permissions::from_mode(0o600)).expect("root's own");
    let cases: [(&[(&str, &str)], &str); 3] = [
        (&[("NOPAR_RUNAS_USER", "no-such-user")], "there is no user no-such-user"),
        (&[("NOPAR_PORT", &port)], &format!("127.0.0.1:{port}")),
        // What only the other user finds out.
        (&[("NOPAR_FORWARDER_TOKEN_FILE", &secret)], "Permission denied"),
    ];
    for (env, told) in cases {
        let started = machine.start(env).await;
        assert!(!started.success && started.stderr.contains(told), "{told}: {}", started.stderr);
    }
    assert_eq!(machine.running().pid(), None);
}

/// Neither who is not root nor who is looked after becomes another; that is told once, and no failure.
#[tokio::test]
async fn others_stay_in_the_foreground() {
    let upstream = FakeUpstream::start().await;
    let program = Program::new();
    let env = [("NOPAR_RUNAS_USER", "nobody")];
    let folder = crate::support::disk::folder();
    let command = program.command("", true);
    let more: &[(&str, &str)] = match crate::support::disk::is_root() {
        true => &[],
        false => &[("NOTIFY_SOCKET", "/nowhere")],
    };
    let env = [&env[..], more].concat();
    let (binary, addr) = Binary::serving_as(folder, command, &upstream.url(), &env).await;
    get(addr, "/-/ping").await.expect(200);
    binary.signal("TERM");
    let ended = binary.ended().await;
    assert!(ended.success);
    assert_eq!(ended.stderr.matches("NOPAR_RUNAS_USER: ").count(), 1, "{}", ended.stderr);
}
