//! NOPAR_RUNAS_USER: root starts it, and another user's process serves in the background. Needs root.
//! Knows nothing of what is served.

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::listening::said;
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
        self.start_by(self.program.command("", false), more).await
    }

    /// The same by any command that ends up as NOPAR.
    async fn start_by(&self, command: Command, more: &[(&str, &str)]) -> Ended {
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
        Binary::start_as(folder, command, &[&env[..], more].concat()).ended().await
    }

    fn running(&self) -> Running {
        Running::of(&self.home.path().join("run"))
    }

    /// The machine has been started anew: where processes have their files, there are none.
    fn boots(&self) {
        fs::remove_dir_all(self.home.path().join("run")).expect("there was one");
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
    let groups = Command::new("id").args(["-G", "nobody"]).output().expect("id runs").stdout;
    let groups = String::from_utf8(groups).expect("numbers");
    let sorted =
        |groups: &str| groups.split_whitespace().map(str::to_owned).collect::<BTreeSet<_>>();
    assert_eq!(sorted(&status(pid, "Groups:")), sorted(&groups));
    for rights in ["CapPrm:", "CapEff:", "CapInh:", "CapAmb:"] {
        assert_eq!(status(pid, rights), "0".repeat(16), "{rights}");
    }
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

/// What a group of its own may read, such as a key that is `root:ssl-cert`, is the user's to read.
#[tokio::test]
async fn it_is_in_all_groups_of_its_user() {
    let Some(machine) = Machine::new().await else { return };
    const OF_KEYS: u32 = 64_999;
    let secret = machine.path("secret");
    fs::write(&secret, "x").expect("a file");
    fs::set_permissions(&secret, Permissions::from_mode(0o640)).expect("a group's to read");
    std::os::unix::fs::chown(&secret, Some(0), Some(OF_KEYS)).expect("given away");
    // For this process and those it starts, the machine has this group more.
    let mut groups = fs::read_to_string("/etc/group").expect("groups");
    groups.push_str(&format!("nopar-test-keys:x:{OF_KEYS}:nobody\n"));
    fs::write(machine.path("group"), groups).expect("a file");
    let script = "mount --bind \"$1\" /etc/group && exec \"$0\"";
    let mut command = Command::new("unshare");
    command.args(["--mount", "/bin/sh", "-c", script]);
    command.arg(machine.program.path()).arg(machine.path("group"));
    let env = [("NOPAR_FORWARDER_TOKEN_FILE", &*secret)];
    let started = machine.start_by(command, &env).await;
    if started.stderr.contains("unshare: ") || started.stderr.contains("mount: ") {
        return skipped(&started.stderr);
    }
    assert!(started.success, "{}{}", started.stdout, started.stderr);
    let (running, addr) = (machine.running(), machine.addr().await);
    let first = running.pid().expect("a process");
    let groups = format!("{OF_KEYS} {NOBODY}");
    assert_eq!(status(first, "Groups:"), groups);
    get(addr, "/-/ping").await.expect(200);
    // And stays in them; nor has root left a word that it is to become anybody.
    let (run, program) = (machine.path("run"), machine.program.path().display().to_string());
    let env = [("NOPAR_RUN_PATH", run.as_str())];
    let ordered = Binary::start(&["upgrade", "--binary", &program], &env).ended().await;
    assert!(ordered.success, "{}{}", ordered.stdout, ordered.stderr);
    let next = running.pid_after(first).await;
    assert_eq!(status(next, "Groups:"), groups);
    let environment = fs::read(format!("/proc/{next}/environ")).expect("an environment");
    assert!(!String::from_utf8_lossy(&environment).contains("TAKES_OVER_AS"));
}

/// Where even root may mount nothing.
fn skipped(why: &str) {
    let words = format!("NOT CHECKED: groups of a daemon's user: {why}");
    writeln!(std::io::stderr(), "{words}").expect("standard error");
}

/// Unix sockets are made by the user's process, in a directory that is there by then, with a port or without.
#[tokio::test]
async fn unix_sockets_are_the_users() {
    let Some(machine) = Machine::new().await else { return };
    let socket = format!("{}/nopar.http", machine.path("run"));
    let listen = format!("unix:{socket}");
    machine.boots();
    // Neither host nor port: this is the only place.
    let alone = [("NOPAR_HOSTNAME", ""), ("NOPAR_PORT", ""), ("NOPAR_LISTEN", &*listen)];
    let both = [("NOPAR_LISTEN", &*listen), ("NOPAR_METRICS_LISTEN", "127.0.0.1:0")];
    for more in [&alone[..], &both] {
        let started = machine.start(more).await;
        assert!(started.success, "{}{}", started.stdout, started.stderr);
        let file = fs::symlink_metadata(&socket).expect("a socket");
        assert_eq!((file.uid(), file.gid(), file.mode() & 0o7777), (NOBODY, NOBODY, 0o660));
        let answer = said(Path::new(&socket), "GET", "/a", &[("Host", "npm.example")]).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        let running = machine.running();
        let pid = running.pid().expect("a process");
        running.signal("TERM");
        running.gone(pid).await;
        assert!(!Path::new(&socket).exists(), "it is its own to remove");
        let log = fs::read_to_string(machine.path("log/nopar.log")).expect("text");
        assert!(!log.contains("WARN"), "{log}");
        machine.boots();
    }
    // What only that process finds out is told to who starts it.
    let listen = format!("unix:{}/run/none/nopar.http", machine.home.path().display());
    let started = machine.start(&[("NOPAR_LISTEN", &listen)]).await;
    assert!(!started.success && started.stderr.contains("its directory: "), "{}", started.stderr);
    // Nor may root be had to make it elsewhere.
    let listen = format!("unix:{}", machine.path("nopar.http"));
    let started = machine.start(&[("NOPAR_LISTEN", &listen)]).await;
    assert!(!started.success && started.stderr.contains("Permission denied"), "{}", started.stderr);
}

/// The name that the start script of the NOPAR of old has for it.
#[tokio::test]
async fn the_other_spelling_of_its_user_is_as_good() {
    let Some(machine) = Machine::new().await else { return };
    let env = [("NOPAR_RUNAS_USER", ""), ("NOPAR_RUN_AS_USER", "nobody")];
    let started = machine.start(&env).await;
    assert!(started.success, "{}{}", started.stdout, started.stderr);
    let pid = machine.running().pid().expect("a process");
    assert!(status(pid, "Uid:").starts_with("65534"));
}

/// Who may not become another serves as nobody.
#[tokio::test]
async fn only_root_becomes_another() {
    let program = Program::new();
    let command = program.command("", true);
    let env = [("TAKES_OVER_AS", "root"), ("NOPAR_PORT", "0")];
    let ended = Binary::start_as(crate::support::disk::folder(), command, &env).ended().await;
    let told = "NOPAR_RUNAS_USER: NOPAR cannot become root: ";
    assert!(!ended.success && ended.stderr.contains(told), "{}", ended.stderr);
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
