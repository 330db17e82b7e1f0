//! The files of a NOPAR that runs, in NOPAR_RUN_PATH: its process id, and the socket it hears orders on.
//! Knows nothing of what is ordered.
//!
//! `nopar.pid` is locked for as long as a NOPAR runs whose it is, through an upgrade as well: the lock is the open
//! file's, which the next process is given. So a file that was left behind is told from one that is in use, whatever
//! process has that number by now.

use super::ground::is_roots;
use super::look::{Seen, State, look};
use rustix::fs::{FlockOperation, Mode, OFlags, fchmod, flock};
use socket2::{Domain, SockAddr, Socket, Type};
use std::fs::{self, File, Metadata};
use std::io::{self, Read, Seek};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt, OpenOptionsExt};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// The name of the file with the process id.
const PID_FILE: &str = "nopar.pid";
/// The name of the socket.
pub(super) const SOCKET: &str = "nopar.sock";
/// How long one that ends is waited for.
const ENDING: Duration = Duration::from_secs(5);
/// How often it is looked at meanwhile.
const PAUSE: Duration = Duration::from_millis(20);
/// Orders that wait to be heard; they are seldom two.
const BACKLOG: i32 = 16;
/// The file is no longer than a number and an end of line.
const MOST_DIGITS: u64 = 32;

/// Why there are none.
#[derive(Debug, thiserror::Error)]
pub enum RunFilesError {
    /// They are another process's.
    #[error(
        "NOPAR runs already, as process {pid}, with {} for its own files: stop that one, or give this one another directory (NOPAR_RUN_PATH)",
        path.display()
    )]
    Taken {
        /// The process.
        pid: String,
        /// The directory.
        path: PathBuf,
    },
    /// It is about to end.
    #[error(
        "NOPAR is stopping (process {pid}), and {} is still its directory: start again when it has ended, or give this one another (NOPAR_RUN_PATH)",
        path.display()
    )]
    Ending {
        /// The process.
        pid: u32,
        /// The directory.
        path: PathBuf,
    },
    /// It does not say what it is about, nor which process it is.
    #[error(
        "another NOPAR is starting or stopping with {} for its own files: start again when it is done, or give this one another directory (NOPAR_RUN_PATH)",
        path.display()
    )]
    Unsettled {
        /// The directory.
        path: PathBuf,
    },
    /// They cannot be made.
    #[error("{} cannot be made or used: {source} (NOPAR_RUN_PATH)", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl RunFilesError {
    /// Whether another process has them.
    pub(super) fn is_anothers(&self) -> bool {
        !matches!(self, RunFilesError::Unusable { .. })
    }
}

/// What a NOPAR that runs has there.
#[derive(Debug)]
pub(super) struct RunFiles {
    pub(super) folder: PathBuf,
    pub(super) pid_file: File,
    pub(super) socket: UnixListener,
}

impl RunFiles {
    /// Takes the directory for this process; it is made if it is not there. Its process id is not yet in it. Blocks, while
    /// one that had it ends.
    pub(super) fn take(folder: &Path) -> Result<RunFiles, RunFilesError> {
        RunFiles::take_within(folder, ENDING)
    }

    fn take_within(folder: &Path, patience: Duration) -> Result<RunFiles, RunFilesError> {
        let unusable = |path: &Path| {
            let path = path.to_owned();
            move |source| RunFilesError::Unusable { path, source }
        };
        fs::create_dir_all(folder).map_err(unusable(folder))?;
        let path = folder.join(PID_FILE);
        let started = Instant::now();
        let pid_file = loop {
            let mut file = open(&path).map_err(unusable(&path))?;
            if !lock(&file).map_err(unusable(&path))? {
                let seen = look(folder);
                // One that ends is seldom long about it: a stop and a start in one line.
                if !is_settled(&seen) && started.elapsed() < patience {
                    thread::sleep(PAUSE);
                    continue;
                }
                return Err(taken(folder, seen, told(&mut file)));
            }
            // Who had it may have removed it in between.
            if is_still(&file, &path) {
                break file;
            }
        };
        let path = folder.join(SOCKET);
        let socket = socket(&path).map_err(unusable(&path))?;
        Ok(RunFiles { folder: folder.to_owned(), pid_file, socket })
    }

    /// Where the process id is.
    pub(super) fn pid_path(&self) -> PathBuf {
        self.folder.join(PID_FILE)
    }

    /// Where orders are heard.
    pub(super) fn socket_path(&self) -> PathBuf {
        self.folder.join(SOCKET)
    }

    /// Writes down which process this is.
    pub(super) fn note(&self) -> io::Result<()> {
        let pid = format!("{}\n", std::process::id());
        // In one write, and then the end of a longer one before it: whoever reads the first line reads a number.
        self.pid_file.write_all_at(pid.as_bytes(), 0)?;
        self.pid_file.set_len(pid.len() as u64)
    }

    /// The same files, as they are handed on.
    pub(super) fn try_clone(&self) -> io::Result<RunFiles> {
        let (pid_file, socket) = (self.pid_file.try_clone()?, self.socket.try_clone()?);
        Ok(RunFiles { folder: self.folder.clone(), pid_file, socket })
    }

    /// Removes them, if they are still this process's: an upgrade has made them another's.
    pub(super) fn remove(mut self) {
        if told(&mut self.pid_file) != std::process::id().to_string() {
            return;
        }
        self.discard();
    }

    /// Removes them, as nobody has come to use them.
    pub(super) fn discard(self) {
        // In a directory that only root may change, they stay: without a number, and not locked.
        let _ = self.pid_file.set_len(0);
        let path = self.pid_path();
        if is_still(&self.pid_file, &path) {
            let _ = fs::remove_file(self.socket_path());
            let _ = fs::remove_file(path);
        }
    }
}

/// Whether it is there to stay.
fn is_settled(seen: &Seen) -> bool {
    match seen {
        Seen::State(state) => !state.is_stopping,
        Seen::Runs => true,
        Seen::Silent => false,
    }
}

/// Whose the directory is, by what was seen of that one, and the number in the file. A full disk takes no number.
fn taken(folder: &Path, seen: Seen, number: String) -> RunFilesError {
    let path = folder.to_owned();
    match seen {
        Seen::State(State { pid, is_stopping: true }) => RunFilesError::Ending { pid, path },
        Seen::State(State { pid, .. }) => RunFilesError::Taken { pid: pid.to_string(), path },
        Seen::Runs | Seen::Silent if !number.is_empty() => {
            RunFilesError::Taken { pid: number, path }
        }
        Seen::Runs | Seen::Silent => RunFilesError::Unsettled { path },
    }
}

/// The file with the process id, made if it is not there: nobody's else, under no other name.
fn open(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false).mode(0o644);
    // In a directory that others write to, a link of theirs is not followed.
    options.custom_flags(OFlags::NOFOLLOW.bits().cast_signed() | libc::O_CLOEXEC);
    let file = options.open(path)?;
    let there = file.metadata()?;
    if !there.is_file() {
        return Err(io::Error::other("something is there that is no file: remove it"));
    }
    // None at all, if who had it has just removed it.
    if there.nlink() > 1 {
        return Err(io::Error::other("it is another file by a second name: remove that name"));
    }
    match is_trusted(&there, path) {
        true => Ok(file),
        false => Err(io::Error::other("it is another user's: remove it")),
    }
}

/// Whether a file is this user's or root's; or is where only root puts any, whoever they are given to.
fn is_trusted(there: &Metadata, path: &Path) -> bool {
    let user = rustix::process::geteuid();
    let is_root_s_place = || user.is_root() && path.parent().is_some_and(is_roots);
    there.uid() == user.as_raw() || there.uid() == 0 || is_root_s_place()
}

/// Whether it is ours now.
fn lock(file: &File) -> io::Result<bool> {
    match flock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// The number that is in it.
fn told(file: &mut File) -> String {
    let mut text = String::new();
    let _ = file.rewind().and_then(|()| file.take(MOST_DIGITS).read_to_string(&mut text));
    text.lines().next().unwrap_or_default().trim().to_owned()
}

/// Whether this file is what has that name.
fn is_still(file: &File, path: &Path) -> bool {
    let (own, there) = (file.metadata(), fs::symlink_metadata(path));
    own.ok()
        .zip(there.ok())
        .is_some_and(|(own, there)| (own.dev(), own.ino()) == (there.dev(), there.ino()))
}

/// A socket for this user and root alone. One that is there is of a process that is gone: this one holds the lock.
fn socket(path: &Path) -> io::Result<UnixListener> {
    match fs::symlink_metadata(path) {
        Ok(there) if there.file_type().is_socket() => fs::remove_file(path)?,
        Ok(_) => return Err(io::Error::other("something is there that is no socket")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    // The file has the permissions of the socket, less those of the umask: nobody is let in before that, and no path is
    // followed for it.
    fchmod(&socket, Mode::from_raw_mode(0o600))?;
    socket.bind(&SockAddr::unix(path)?)?;
    socket.listen(BACKLOG)?;
    Ok(OwnedFd::from(socket).into())
}

/// Where a NOPAR may have its files: where it is told to, or where a service manager or the user's session has a place
/// for them; or beside its copies, so that a command with the same settings finds it in any case.
pub(super) fn folders(
    told: Option<&Path>,
    cache: Option<&Path>,
    variable: impl Fn(&str) -> Option<String>,
) -> Vec<PathBuf> {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    // The manager names several with colons between them.
    let of_manager = set("RUNTIME_DIRECTORY");
    let of_manager = of_manager.as_deref().and_then(|all| all.split(':').next()).map(PathBuf::from);
    let of_session = set("XDG_RUNTIME_DIR").map(|path| Path::new(&path).join("nopar"));
    let told = told.filter(|path| !path.as_os_str().is_empty()).map(Path::to_owned);
    let beside_copies = cache.map(|path| path.join("run"));
    [told, of_manager, of_session, beside_copies].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::super::control::{Followed, hear};
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::net::UnixStream;

    #[test]
    fn a_directory_is_one_processs_until_it_ends() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("run/nopar");
        let files = RunFiles::take(&folder).unwrap();
        files.note().unwrap();
        let pid = std::process::id().to_string();
        assert_eq!(fs::read_to_string(folder.join(PID_FILE)).unwrap(), format!("{pid}\n"));
        UnixStream::connect(folder.join(SOCKET)).unwrap();
        let mode = fs::metadata(folder.join(SOCKET)).unwrap().mode();
        assert_eq!(mode & 0o777, 0o600);
        let told = RunFiles::take_within(&folder, Duration::ZERO).unwrap_err().to_string();
        assert!(told.contains(&format!("as process {pid}")), "{told}");
        // One that is handed on keeps it.
        let next = files.try_clone().unwrap();
        drop(files);
        RunFiles::take_within(&folder, Duration::ZERO).unwrap_err();
        next.remove();
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
        RunFiles::take(&folder).unwrap();
    }

    #[test]
    fn what_was_left_behind_is_taken_and_what_is_not_ours_is_left() {
        let folder = tempfile::tempdir().unwrap();
        // A number that is longer than this one's, and a socket that nobody hears.
        fs::write(folder.path().join(PID_FILE), "1234567890\n").unwrap();
        drop(UnixListener::bind(folder.path().join(SOCKET)).unwrap());
        let files = RunFiles::take(folder.path()).unwrap();
        files.note().unwrap();
        let pid = format!("{}\n", std::process::id());
        assert_eq!(fs::read_to_string(folder.path().join(PID_FILE)).unwrap(), pid);
        // It is another's by now.
        fs::write(folder.path().join(PID_FILE), "1\n").unwrap();
        files.remove();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);

        fs::remove_file(folder.path().join(SOCKET)).unwrap();
        fs::write(folder.path().join(SOCKET), "mine").unwrap();
        let told = RunFiles::take(folder.path()).unwrap_err().to_string();
        assert!(told.contains("no socket") && told.contains("NOPAR_RUN_PATH"), "{told}");
        assert_eq!(fs::read_to_string(folder.path().join(SOCKET)).unwrap(), "mine");
    }

    /// What a second one hears where this one says that of itself.
    fn told_of(folder: &Path, files: &RunFiles, is_stopping: bool) -> String {
        thread::scope(|scope| {
            let hearing = scope.spawn(|| {
                hear(&files.socket, None, |_, _| {
                    let told = Ok(State::own(is_stopping).to_string());
                    Followed { told, goes_on: false }
                });
            });
            let told = RunFiles::take_within(folder, Duration::ZERO).unwrap_err().to_string();
            hearing.join().unwrap();
            told
        })
    }

    #[test]
    fn who_has_them_is_told_with_what_it_is_about() {
        let folder = tempfile::tempdir().unwrap();
        let files = RunFiles::take(folder.path()).unwrap();
        // It has no number: it is none yet, or none any more, or the disk is full.
        let pid = std::process::id();
        let told = told_of(folder.path(), &files, false);
        assert!(told.starts_with(&format!("NOPAR runs already, as process {pid}, ")), "{told}");
        let told = told_of(folder.path(), &files, true);
        assert!(told.starts_with(&format!("NOPAR is stopping (process {pid}), ")), "{told}");
        // And where nobody answers.
        let told = RunFiles::take_within(folder.path(), Duration::ZERO).unwrap_err().to_string();
        assert!(told.starts_with("another NOPAR is starting or stopping with "), "{told}");
    }

    /// A stop and a start in one line.
    #[test]
    fn one_that_ends_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let files = RunFiles::take(folder.path()).unwrap();
        thread::scope(|scope| {
            scope.spawn(move || {
                hear(&files.socket, None, |_, _| {
                    let told = Ok(State::own(true).to_string());
                    Followed { told, goes_on: false }
                });
                files.discard();
            });
            RunFiles::take(folder.path()).unwrap();
        });
    }

    #[test]
    fn a_file_that_is_another_s_is_not_written_to() {
        let folder = tempfile::tempdir().unwrap();
        let (mine, path) = (folder.path().join("mine"), folder.path().join(PID_FILE));
        fs::write(&mine, "precious").unwrap();
        fs::hard_link(&mine, &path).unwrap();
        let told = RunFiles::take(folder.path()).unwrap_err().to_string();
        assert!(told.contains("by a second name"), "{told}");
        fs::remove_file(&path).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, &path, Mode::RUSR | Mode::WUSR).unwrap();
        let told = RunFiles::take(folder.path()).unwrap_err().to_string();
        assert!(told.contains("that is no file"), "{told}");
        assert_eq!(fs::read_to_string(&mine).unwrap(), "precious");
        if !rustix::process::geteuid().is_root() {
            eprintln!("skipped: only root gives files away");
            return;
        }
        fs::remove_file(&path).unwrap();
        fs::rename(&mine, &path).unwrap();
        let give = |path: &Path, user| std::os::unix::fs::chown(path, Some(user), None).unwrap();
        give(&path, 65_534);
        // Where only root puts any, it may be whoever's.
        fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
        drop(RunFiles::take(folder.path()).unwrap());
        give(folder.path(), 65_534);
        let told = RunFiles::take(folder.path()).unwrap_err().to_string();
        assert!(told.contains("another user's"), "{told}");
    }

    #[test]
    fn a_link_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("target");
        std::os::unix::fs::symlink(&target, folder.path().join(PID_FILE)).unwrap();
        RunFiles::take(folder.path()).unwrap_err();
        assert!(!target.exists());
    }

    #[test]
    fn there_are_several_places_for_them() {
        let none = |_: &str| None;
        assert_eq!(folders(None, None, none), Vec::<PathBuf>::new());
        let both = |name: &str| match name {
            "RUNTIME_DIRECTORY" => Some("/run/nopar:/run/more".to_owned()),
            "XDG_RUNTIME_DIR" => Some("/run/user/7".to_owned()),
            _ => None,
        };
        let all = folders(Some(Path::new("/var/run")), Some(Path::new("cache")), both);
        let expected = ["/var/run", "/run/nopar", "/run/user/7/nopar", "cache/run"];
        assert_eq!(all, expected.map(PathBuf::from));
        let empty = folders(Some(Path::new("")), None, |_| Some(String::new()));
        assert_eq!(empty, Vec::<PathBuf>::new());
    }
}
