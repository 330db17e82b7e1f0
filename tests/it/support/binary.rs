//! The real binary as a process of its own: started, read, signalled and waited for.
//! Knows nothing of NOPAR's inside; it is told by arguments, environment and signals.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::thread::JoinHandle;

use tempfile::TempDir;
use tokio::sync::watch;

use super::deadline::within;

/// The program itself.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_nopar");

/// What a process wrote so far, by lines.
#[derive(Clone)]
struct Output(Arc<watch::Sender<Vec<String>>>);

/// A process in a working directory of its own, which vanishes with it.
pub(crate) struct Binary {
    pid: u32,
    stdout: Output,
    stderr: Output,
    exit: watch::Receiver<Option<ExitStatus>>,
    folder: TempDir,
}

/// What became of a process that ended.
pub(crate) struct Ended {
    pub(crate) success: bool,
    /// Its exit code; `None` if a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Binary {
    /// Starts it in an empty directory, with these variables and hardly any others.
    pub(crate) fn start(arguments: &[&str], env: &[(&str, &str)]) -> Self {
        Self::start_in(tempfile::tempdir().expect("a directory"), arguments, env)
    }

    /// The same in a directory that may hold something already.
    pub(crate) fn start_in(folder: TempDir, arguments: &[&str], env: &[(&str, &str)]) -> Self {
        let mut command = Command::new(PROGRAM);
        command.args(arguments);
        Self::start_as(folder, command, env)
    }

    /// The same by any command that ends up as NOPAR: through a shell, as another user.
    pub(crate) fn start_as(folder: TempDir, command: Command, env: &[(&str, &str)]) -> Self {
        Self::start_with(folder, command, env, Stdio::null())
    }

    /// The same with something to read, or to listen on.
    pub(crate) fn start_with(
        folder: TempDir,
        mut command: Command,
        env: &[(&str, &str)],
        input: Stdio,
    ) -> Self {
        let mut child = command
            .env_clear()
            .envs(env.iter().copied())
            .current_dir(folder.path())
            .stdin(input)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let (stdout, all_out) = Output::of(child.stdout.take().expect("a pipe"));
        let (stderr, all_err) = Output::of(child.stderr.take().expect("a pipe"));
        let (pid, exit) = (child.id(), watch_exit(child, [all_out, all_err]));
        Self { pid, stdout, stderr, exit, folder }
    }

    /// Starts it on a free port of 127.0.0.1 with this upstream, and waits until it listens.
    pub(crate) async fn serving(upstream: &str, env: &[(&str, &str)]) -> (Self, SocketAddr) {
        let folder = tempfile::tempdir().expect("a directory");
        Self::serving_as(folder, Command::new(PROGRAM), upstream, env).await
    }

    /// The same by any command that ends up as NOPAR, in a directory of the caller's choice.
    pub(crate) async fn serving_as(
        folder: TempDir,
        command: Command,
        upstream: &str,
        env: &[(&str, &str)],
    ) -> (Self, SocketAddr) {
        let usual = [
            ("NOPAR_HOSTNAME", "127.0.0.1"),
            ("NOPAR_PORT", "0"),
            ("NOPAR_FORWARDER_URL", upstream),
            // How full the disk of this machine is, is no matter of the tests.
            ("NOPAR_CACHE_MIN_FREE", "0"),
        ];
        let binary = Self::start_as(folder, command, &[&usual, env].concat());
        let addr = binary.listening().await;
        (binary, addr)
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// Waits until it says where it listens; the first address it names.
    pub(crate) async fn listening(&self) -> SocketAddr {
        let line = self.says("listening on http://").await;
        let (_, rest) = line.split_once("listening on http://").expect("it was looked for");
        // Where lines are JSON, more follows.
        let addr = rest.split('/').next().unwrap_or_default().parse();
        addr.unwrap_or_else(|error| panic!("no address in {line:?}: {error}"))
    }

    /// Waits for a line on standard error that holds this text, and returns it.
    pub(crate) async fn says(&self, text: &str) -> String {
        let mut lines = self.stderr.0.subscribe();
        let mut exit = self.exit.clone();
        let said = |lines: &Vec<String>| lines.iter().any(|line| line.contains(text));
        let waiting = async {
            tokio::select! {
                biased;
                lines = lines.wait_for(said) => {
                    drop(lines);
                    true
                }
                _ = exit.wait_for(Option::is_some) => false,
            }
        };
        let came = within(format!("{text:?} from the binary"), waiting).await;
        let line = self.stderr.0.borrow().iter().find(|line| line.contains(text)).cloned();
        line.unwrap_or_else(|| {
            panic!("it never said {text:?} (ended: {}): {}", !came, self.stderr.text())
        })
    }

    /// Waits until so many lines on standard error hold this text, and returns them all; more may
    /// follow.
    pub(crate) async fn says_times(&self, n: usize, text: &str) -> Vec<String> {
        let with = |lines: &Vec<String>| -> Vec<String> {
            lines.iter().filter(|line| line.contains(text)).cloned().collect()
        };
        let mut lines = self.stderr.0.subscribe();
        let waiting = lines.wait_for(|lines| with(lines).len() >= n);
        let what = format!("{n} lines with {text:?} from the binary");
        let said = within(what, waiting).await.expect("its reader lives as long as it does");
        with(&said)
    }

    /// Sends `TERM`, `INT` or another signal to this very process.
    pub(crate) fn signal(&self, name: &str) {
        let sent = self.try_signal(name);
        assert!(sent, "SIG{name} could not be sent to process {}", self.pid);
    }

    fn try_signal(&self, name: &str) -> bool {
        let status =
            Command::new("kill").arg(format!("-{name}")).arg(self.pid.to_string()).status();
        status.is_ok_and(|status| status.success())
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&self) -> bool {
        self.exit.borrow().is_some()
    }

    /// Waits for its end.
    pub(crate) async fn ended(&self) -> Ended {
        let mut exit = self.exit.clone();
        let waiting = async move { exit.wait_for(Option::is_some).await.map(|status| *status) };
        let status = within("the end of the binary".to_owned(), waiting).await;
        let status = status.expect("its watcher lives as long as it does");
        Ended {
            success: status.is_some_and(|status| status.success()),
            code: status.and_then(|status| status.code()),
            stdout: self.stdout.text(),
            stderr: self.stderr.text(),
        }
    }

    /// Everything on standard error so far.
    pub(crate) fn stderr(&self) -> String {
        self.stderr.text()
    }

    /// Its working directory.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// Has it run to its end with nobody who reads what it writes; its exit code, `None` if a signal ended it. Blocks.
pub(crate) fn unread(arguments: &[&str], env: &[(&str, &str)]) -> Option<i32> {
    let closed = || {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        Stdio::from(writer)
    };
    let folder = tempfile::tempdir().expect("a directory");
    let mut command = Command::new(PROGRAM);
    command.args(arguments).env_clear().envs(env.iter().copied()).current_dir(folder.path());
    command.stdin(Stdio::null()).stdout(closed()).stderr(closed());
    command.status().expect("the binary starts").code()
}

impl Drop for Binary {
    fn drop(&mut self) {
        if !self.has_ended() {
            self.try_signal("KILL");
        }
    }
}

impl Output {
    /// What comes out of `pipe`, and the thread that reads it to its end.
    fn of(pipe: impl Read + Send + 'static) -> (Self, JoinHandle<()>) {
        let output = Self(Arc::new(watch::Sender::new(Vec::new())));
        let lines = Arc::clone(&output.0);
        let reading = std::thread::spawn(move || {
            for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                lines.send_modify(|all| all.push(line));
            }
        });
        (output, reading)
    }

    fn text(&self) -> String {
        self.0.borrow().iter().map(|line| format!("{line}\n")).collect()
    }
}

/// Waits for the process on a thread (it has to be reaped, whatever the test does) and for all it
/// wrote.
fn watch_exit(
    mut child: Child,
    readers: [JoinHandle<()>; 2],
) -> watch::Receiver<Option<ExitStatus>> {
    let (sender, receiver) = watch::channel(None);
    std::thread::spawn(move || {
        let status = child.wait();
        for reader in readers {
            let _ = reader.join();
        }
        if let Ok(status) = status {
            let _ = sender.send(Some(status));
        }
    });
    receiver
}
