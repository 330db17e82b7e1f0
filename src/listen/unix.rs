//! Unix sockets: made in the file system, in the place of one that nobody listens on any more, and removed at the end.
//! Knows nothing of TCP. What is there and is no socket is never removed.

use super::ListenError;
use super::address::Address;
use super::sockets::Listener;
use log::{info, warn};
use rustix::fs::{FileType, FlockOperation, Mode, OFlags, fchmod, flock, fstat, open};
use rustix::process::geteuid;
use socket2::{Domain, SockAddr, Socket, Type};
use std::fs::{self, Permissions};
use std::io::{self, ErrorKind};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// For its owner and group: a proxy in front is let in by its group.
const MODE: u32 = 0o660;

/// Connections that wait to be taken: as many as the system allows.
const BACKLOG: i32 = i32::MAX;

/// The file of a socket. Dropping it removes the file, if it is still that one.
#[derive(Debug)]
pub(super) struct File {
    path: PathBuf,
    /// Its device and number; `None` if it is not there.
    identity: Option<(u64, u64)>,
}

impl File {
    /// The one that is there now.
    pub(super) fn at(path: &Path) -> File {
        File { path: path.to_owned(), identity: identity(path) }
    }

    /// Leaves it where it is.
    pub(super) fn leave(mut self) {
        self.identity = None;
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let Some(own) = self.identity else { return };
        let _turn = turn(&self.path);
        // Another one may have taken the place.
        if identity(&self.path) == Some(own)
            && let Err(error) = fs::remove_file(&self.path)
        {
            warn!("unix:{} cannot be removed: {error}", self.path.display());
        }
    }
}

/// Makes a socket there that listens.
pub(super) fn bind(path: &Path) -> Result<Listener, ListenError> {
    let failed = |problem| ListenError::Unix { path: path.to_owned(), problem };
    let _turn = turn(path).map_err(|error| failed(format!("its directory: {error}")))?;
    make_room(path).map_err(failed)?;
    let socket = made(path).map_err(|error| failed(error.to_string()))?;
    let listener = Listener::new(socket.into(), Address::Unix(path.to_owned()));
    Ok(listener.with_file(File::at(path)))
}

fn made(path: &Path) -> io::Result<Socket> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    // The file has no more permissions than this from its first moment on, and no fewer in the end: the umask takes some.
    fchmod(&socket, Mode::from_raw_mode(MODE))?;
    socket.bind(&SockAddr::unix(path)?)?;
    let permitted = permit(path);
    let listening = permitted.and_then(|()| socket.set_nonblocking(true));
    let listening = listening.and_then(|()| socket.listen(BACKLOG));
    if listening.is_err() {
        // The turn is held: nobody else has made it.
        let _ = fs::remove_file(path);
    }
    listening.map(|()| socket)
}

/// Gives a socket of this user's that is there its permissions. A link that took its place is not followed, nor is
/// anything else changed that did: who may write to the directory is not to have other files opened for a group.
fn permit(path: &Path) -> io::Result<()> {
    let it = open(path, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
    let there = fstat(&it)?;
    let is_ours = FileType::from_raw_mode(there.st_mode) == FileType::Socket
        && there.st_nlink == 1
        && there.st_uid == geteuid().as_raw();
    if !is_ours {
        return Err(io::Error::other("something else took its place as soon as it was made"));
    }
    // By its number, as a file that is opened for its path alone can be changed in no other way.
    let path = format!("/proc/self/fd/{}", it.as_raw_fd());
    fs::set_permissions(path, Permissions::from_mode(MODE))
}

/// Removes a socket that nobody listens on; what else is in the way, as the rest of a sentence.
fn make_room(path: &Path) -> Result<(), String> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.to_string()),
        Ok(there) if !there.file_type().is_socket() => {
            return Err(
                "something is there that is no socket: move it, or name another place".to_owned()
            );
        }
        Ok(_) => {}
    }
    match knock(path) {
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
            fs::remove_file(path).map_err(|error| {
                format!(
                    "what is left of another socket is in its place, and cannot be removed: {error}"
                )
            })?;
            info!("unix:{} was left behind by who listened there: it is replaced", path.display());
            Ok(())
        }
        // Its queue is full: somebody has one.
        Ok(()) => Err(IN_USE.to_owned()),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Err(IN_USE.to_owned()),
        Err(error) => Err(format!(
            "a socket is there, and whether somebody listens on it cannot be told: {error}"
        )),
    }
}

const IN_USE: &str = "somebody else listens there: end that one, or name another place";

fn knock(path: &Path) -> io::Result<()> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    socket.connect(&SockAddr::unix(path)?)
}

/// One at a time looks into the directory and changes it: two that start at once would each remove the other's socket.
fn turn(path: &Path) -> io::Result<OwnedFd> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let directory = directory.unwrap_or_else(|| Path::new("/"));
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let directory = open(directory, flags, Mode::empty())?;
    flock(&directory, FlockOperation::LockExclusive)?;
    Ok(directory)
}

fn identity(path: &Path) -> Option<(u64, u64)> {
    let there = fs::symlink_metadata(path).ok()?;
    there.file_type().is_socket().then(|| (there.dev(), there.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
    use tempfile::{TempDir, tempdir};

    fn place() -> (TempDir, PathBuf) {
        let directory = tempdir().unwrap();
        let path = directory.path().join("nopar.http");
        (directory, path)
    }

    fn refused(path: &Path) -> String {
        bind(path).unwrap_err().to_string()
    }

    #[test]
    fn it_is_there_for_owner_and_group_until_it_is_dropped() {
        let (_directory, path) = place();
        let bound = bind(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, MODE);
        UnixStream::connect(&path).unwrap();
        drop(bound);
        assert!(!path.exists());
    }

    #[test]
    fn one_that_nobody_listens_on_is_replaced() {
        let (_directory, path) = place();
        drop(UnixListener::bind(&path).unwrap());
        assert!(path.exists());
        let _bound = bind(&path).unwrap();
        UnixStream::connect(&path).unwrap();
    }

    #[test]
    fn one_that_somebody_listens_on_is_theirs() {
        let (_directory, path) = place();
        let theirs = bind(&path).unwrap();
        let error = refused(&path);
        assert!(error.contains("somebody else listens there"), "{error}");
        assert!(error.ends_with("(NOPAR_LISTEN)"), "{error}");
        UnixStream::connect(&path).unwrap();
        drop(theirs);
        // One whose queue is full is in use as well.
        let full = made(&path).unwrap();
        full.listen(0).unwrap();
        while knock(&path).is_ok() {}
        assert_eq!(knock(&path).unwrap_err().kind(), ErrorKind::WouldBlock);
        assert!(refused(&path).contains("somebody else listens there"));
    }

    #[test]
    fn what_is_no_such_socket_stays() {
        let (directory, path) = place();
        fs::write(&path, "precious").unwrap();
        assert!(refused(&path).contains("something is there that is no socket"));
        assert_eq!(fs::read(&path).unwrap(), b"precious");
        // Nor is a link followed, wherever it leads.
        let link = directory.path().join("link");
        std::os::unix::fs::symlink(directory.path().join("nowhere"), &link).unwrap();
        assert!(refused(&link).contains("something is there that is no socket"));
        let other = directory.path().join("other");
        let _packets = UnixDatagram::bind(&other).unwrap();
        assert!(refused(&other).contains("whether somebody listens on it cannot be told"));
        assert!(other.exists());
    }

    #[test]
    fn nothing_else_is_opened_for_a_group() {
        let (directory, path) = place();
        let secret = directory.path().join("secret");
        fs::write(&secret, "").unwrap();
        fs::set_permissions(&secret, Permissions::from_mode(0o600)).unwrap();
        let _socket = UnixListener::bind(&path).unwrap();
        for name in ["link", "same"] {
            let other = directory.path().join(name);
            match name {
                "link" => std::os::unix::fs::symlink(&path, &other).unwrap(),
                _ => fs::hard_link(&path, &other).unwrap(),
            }
            permit(&other).unwrap_err();
            fs::remove_file(&other).unwrap();
        }
        permit(&secret).unwrap_err();
        assert_eq!(fs::metadata(&secret).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        permit(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, MODE);
    }

    #[test]
    fn a_directory_that_is_not_there_is_named() {
        let (directory, _) = place();
        let error = refused(&directory.path().join("none/nopar.http"));
        assert!(error.contains("its directory: ") && error.contains("none/nopar.http"), "{error}");
    }

    #[test]
    fn what_took_its_place_is_not_removed() {
        let (_directory, path) = place();
        let bound = bind(&path).unwrap();
        fs::remove_file(&path).unwrap();
        let other = UnixListener::bind(&path).unwrap();
        drop(bound);
        assert!(path.exists());
        drop(other);
    }
}
