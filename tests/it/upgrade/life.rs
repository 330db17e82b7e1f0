//! The life of a service, by the unit's own command line, with sockets that the manager holds: started, reloaded, upgraded,
//! restarted, killed, started again, while clients ask, download and publish.
//! Knows nothing of systemd but what a service hears of it.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::load::{Load, UPGRADES};
use crate::service::command_of_unit;
use crate::support::binary::{Binary, Ended};
use crate::support::client::{Connection, Request, get};
use crate::support::manager::Manager;
use crate::support::running::Running;
use crate::support::upstream::FakeUpstream;

/// A tarball that fits no buffer.
const LARGE: &str = "/large/-/large-1.0.0.tgz";

/// What systemd has of the service: its directories, its socket, and where it hears it.
struct Service {
    home: TempDir,
    socket: TcpListener,
    addr: SocketAddr,
    manager: Manager,
    upstream: FakeUpstream,
    running: Running,
}

impl Service {
    async fn new() -> Self {
        let home = tempfile::tempdir().expect("a directory");
        for folder in ["etc/default", "lib", "cache", "run"] {
            fs::create_dir_all(home.path().join(folder)).expect("a directory");
        }
        let upstream = FakeUpstream::start().await;
        upstream.package("a").version("1.0.0", |version| version);
        upstream.package("large").version("1.0.0", |version| version.tarball_size(8_000_000));
        // As the NOPAR of old had it.
        let old = format!(
            "export NOPAR_HOSTNAME=`echo localhost`\nexport NOPAR_RUNAS_USER=nopar\nexport NOPAR_LOCAL_PACKAGES=@acme/*\n\
             export NOPAR_FORWARDER_URL=\"{}\"\n",
            upstream.url()
        );
        fs::write(home.path().join("etc/default/nopar"), old).expect("the settings");
        let socket = TcpListener::bind("127.0.0.1:0").expect("a port");
        let addr = socket.local_addr().expect("an address");
        let running = Running::of(&home.path().join("run"));
        let service = Self { home, socket, addr, manager: Manager::new(), upstream, running };
        service.configure("first");
        service
    }

    fn configure(&self, agent: &str) {
        let text = format!("[upstream]\nuser_agent = \"{agent}\"\n");
        fs::write(self.home.path().join("etc/nopar.toml"), text).expect("a file");
    }

    /// The unit's environment, in directories of this test.
    fn environment(&self) -> Vec<(String, String)> {
        let unit = include_str!("../../../systemd/nopar.service");
        let line = unit.lines().find_map(|line| line.strip_prefix("Environment=")).expect("some");
        let home = self.home.path().display().to_string();
        let own = |value: &str| match value {
            "/var/lib/nopar" => format!("{home}/lib"),
            "/var/cache/nopar" => format!("{home}/cache"),
            "/run/nopar" => format!("{home}/run"),
            other => panic!("the unit has another directory: {other}"),
        };
        let all = line.split(' ').filter_map(|one| one.split_once('='));
        let mut all: Vec<_> = all.map(|(name, value)| (name.to_owned(), own(value))).collect();
        let notify = self.manager.path().display().to_string();
        let path = std::env::var("PATH").expect("a PATH");
        let more = [
            ("NOTIFY_SOCKET", notify.as_str()),
            ("WATCHDOG_USEC", "2000000"),
            ("PATH", &path),
            ("NOPAR_CACHE_MIN_FREE", "0"),
        ];
        all.extend(more.map(|(name, value)| (name.to_owned(), value.to_owned())));
        all
    }

    /// Starts it, and waits until it is ready.
    async fn start(&self) -> Binary {
        // The variable names the process that both shells become.
        let script = "LISTEN_PID=$$ LISTEN_FDS=1 exec /bin/sh -c \"$0\" nopar 3<&0 0</dev/null";
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script, &command_of_unit(&self.home.path().join("etc"))]);
        let env = self.environment();
        let env: Vec<(&str, &str)> = env.iter().map(|(name, value)| (&**name, &**value)).collect();
        let socket = std::os::fd::OwnedFd::from(self.socket.try_clone().expect("the socket"));
        let folder = tempfile::tempdir().expect("a directory");
        let binary = Binary::start_with(folder, command, &env, socket.into());
        let ready = self.manager.hears_of("READY=1\n").await;
        assert!(ready.contains(&format!("listening on http://{}/", self.addr)), "{ready}");
        assert_eq!(self.running.pid(), Some(binary.pid()));
        binary
    }

    async fn order_upgrade(&self) -> Ended {
        let run = self.home.path().join("run");
        let env = [("NOPAR_RUN_PATH", run.to_str().expect("UTF-8"))];
        Binary::start(&["upgrade"], &env).ended().await
    }

    async fn upgrade(&self) -> u32 {
        let ordered = self.order_upgrade().await;
        assert!(ordered.success, "{}{}", ordered.stdout, ordered.stderr);
        let main = self.manager.hears_of("MAINPID=").await;
        let main = main.trim_end().trim_start_matches("MAINPID=").parse().expect("a number");
        self.manager.hears_of("READY=1\n").await;
        assert_eq!(self.running.pid(), Some(main));
        main
    }
}

/// A download that has begun, of whose bytes few fit on the way: what a graceful step must not lose.
struct Begun {
    download: Connection,
}

impl Begun {
    async fn new(service: &Service) -> Self {
        let mut download = Connection::open_narrow(service.addr, 4096).await.expect("a connection");
        download.send(&Request::get(service.addr, LARGE)).await.expect("a request on its way");
        assert_eq!(download.receive_head().await.expect("a head").status, 200);
        Self { download }
    }

    async fn ends_well(mut self, service: &Service) {
        let body = self.download.receive_body(usize::MAX).await.expect("a whole body");
        assert!(body == service.upstream.tarball("large", "1.0.0"), "{} bytes", body.len());
    }
}

async fn published(service: &Service) -> usize {
    let document = get(service.addr, "/@acme%2fui").await.expect(200).json();
    document["versions"].as_object().expect("versions").len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_loses_nothing_in_any_graceful_step() {
    let service = Service::new().await;
    let first = service.start().await;
    get(service.addr, LARGE).await.expect(200);
    let load = Load::begin(service.addr, 4);
    load.goes_on(50).await;

    service.configure("second");
    first.signal("HUP");
    service.manager.hears_of("RELOADING=1\n").await;
    let reloaded = service.manager.hears_of("READY=1\n").await;
    assert!(reloaded.contains("upstream.user_agent = second"), "{reloaded}");
    load.goes_on(50).await;

    for _ in 0..UPGRADES {
        let begun = Begun::new(&service).await;
        let pid = service.upgrade().await;
        assert!(pid != first.pid());
        load.goes_on(50).await;
        begun.ends_well(&service).await;
    }

    // One that cannot serve changes nothing.
    let before = service.running.pid();
    fs::write(service.home.path().join("etc/nopar.toml"), "[upstream\n").expect("a file");
    let failed = service.order_upgrade().await;
    assert!(!failed.success && failed.stderr.contains("nopar.toml"), "{}", failed.stderr);
    load.goes_on(50).await;
    assert_eq!(service.running.pid(), before);
    service.configure("third");

    // A restart: those who connect meanwhile wait.
    let begun = Begun::new(&service).await;
    service.running.signal("TERM");
    service.manager.hears_of("STOPPING=1\n").await;
    begun.ends_well(&service).await;
    let ended = first.ended().await;
    assert!(ended.success && !ended.stderr.contains("unfinished"), "{}", ended.stderr);
    let second = service.start().await;
    load.goes_on(50).await;
    let (repeated, count) = load.end().await;
    eprintln!("{repeated} requests were repeated, {count} versions published");
    assert_eq!(published(&service).await, count);

    // No end that is graceful: what was acknowledged is there.
    second.signal("KILL");
    second.ended().await;
    assert!(!PathBuf::from(format!("/proc/{}/exe", second.pid())).exists());
    let third = service.start().await;
    assert_eq!(published(&service).await, count);
    let held = get(service.addr, LARGE).await.expect(200);
    assert_eq!(held.header("x-cache"), Some("hit"));
    third.signal("TERM");
    assert!(third.ended().await.success);
    assert!(is_empty(&service.home.path().join("run")), "its files are gone");
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).expect("a directory").count() == 0
}
