//! Another program takes the place of a NOPAR that runs: under load, and when it cannot.
//! Knows nothing of how they talk to each other.

mod failing;
mod life;
mod load;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::support::binary::{Binary, Ended};
use crate::support::manager::Manager;
use crate::support::running::Running;
use crate::support::upstream::FakeUpstream;

/// A NOPAR whose files are in a directory of their own, and the manager that looks after it.
struct Scene {
    upstream: FakeUpstream,
    manager: Manager,
    /// The first process; what all say comes out of it.
    first: Binary,
    addr: SocketAddr,
    running: Running,
    home: TempDir,
}

impl Scene {
    async fn new(arguments: &[&str], more: &[(&str, &str)]) -> Self {
        Self::in_home(tempfile::tempdir().expect("a directory"), arguments, more).await
    }

    async fn in_home(home: TempDir, arguments: &[&str], more: &[(&str, &str)]) -> Self {
        let upstream = FakeUpstream::start().await;
        let manager = Manager::new();
        let (run, socket) = (run(home.path()), manager.path());
        let env = [
            ("NOPAR_HOSTNAME", "127.0.0.1"),
            ("NOPAR_PORT", "0"),
            ("NOPAR_FORWARDER_URL", &upstream.url()),
            ("NOPAR_RUN_PATH", run.to_str().expect("UTF-8")),
            ("NOTIFY_SOCKET", socket.to_str().expect("UTF-8")),
        ];
        let first = Binary::start(arguments, &[&env[..], more].concat());
        let addr = first.listening().await;
        let ready = manager.hears().await;
        assert!(ready.starts_with("READY=1\n"), "{ready}");
        let running = Running::of(&run);
        assert_eq!(running.pid(), Some(first.pid()));
        Self { upstream, manager, first, addr, running, home }
    }

    /// Orders an upgrade to this program (`None`: to the one that orders it).
    async fn order(&self, program: Option<&str>) -> Ended {
        let run = run(self.home.path());
        let env = [("NOPAR_RUN_PATH", run.to_str().expect("UTF-8"))];
        let more: &[&str] = match program {
            Some(program) => &["upgrade", "--binary", program],
            None => &["upgrade"],
        };
        Binary::start(more, &env).ended().await
    }

    /// Has the next process take over; its number.
    async fn upgrade(&self) -> u32 {
        let last = self.running.pid().expect("a process");
        let ordered = self.order(None).await;
        assert!(ordered.success, "{}{}\n{}", ordered.stdout, ordered.stderr, self.first.stderr());
        let pid = self.running.pid().filter(|pid| *pid != last).expect("another process");
        let told = format!("process {pid} serves from now on");
        assert!(ordered.stdout.ends_with(&format!("{told}\n")), "{}", ordered.stdout);
        let heard = [self.manager.hears().await, self.manager.hears().await];
        assert_eq!(heard[0], format!("MAINPID={pid}\n"));
        assert!(heard[1].starts_with("READY=1\nSTATUS=listening on http://127."), "{heard:?}");
        pid
    }

    /// Ends the process that serves; what all of them said.
    async fn end(self) -> String {
        self.running.signal("TERM");
        self.running.ended().await;
        let ended = self.first.ended().await;
        assert!(ended.success, "{}", ended.stderr);
        ended.stderr
    }
}

fn run(home: &Path) -> PathBuf {
    home.join("run")
}
