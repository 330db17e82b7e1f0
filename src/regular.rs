//! Regular files, opened by name.
//! Knows nothing of what is in them, nor of where they are.
//!
//! Whoever opens a FIFO waits until somebody opens its other end, which may be never; a device may let its reader wait
//! as long. Such a wait holds a thread, and with it the end of the process. So nothing is waited for here (O_NONBLOCK,
//! open(2), which changes nothing of a regular file), and what is no file is not read.

pub mod owned;
mod stamp;

pub use stamp::Stamp;

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// What is there is a folder, a FIFO, a socket or a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is not a file")]
pub struct NoFile;

/// Opens a file to read it. Links are followed.
///
/// # Errors
/// As the system says; [`NoFile`] in an error of its own, see [`is_no_file`].
pub fn open(path: &Path) -> io::Result<File> {
    open_with(File::options().read(true), path)
}

/// Opens a file in another way.
///
/// # Errors
/// As [`open`].
pub fn open_with(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    let file = match options.custom_flags(libc::O_NONBLOCK).open(path) {
        Err(error) if is_said_of_others(&error) => return Err(io::Error::other(NoFile)),
        opened => opened?,
    };
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other(NoFile)) }
}

/// All bytes of a file.
///
/// # Errors
/// As [`open`], and when it cannot be read.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// All of a file that is text.
///
/// # Errors
/// As [`read`], and when it is no UTF-8.
pub fn read_to_string(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    open(path)?.read_to_string(&mut text)?;
    Ok(text)
}

/// A folder by a name that it can be opened by: the one above a bare file name has none.
pub fn folder(path: &Path) -> &Path {
    if path == Path::new("") { Path::new(".") } else { path }
}

/// Opens a folder, to lock it or to have its names on the disk; what is none is not waited for. Links are followed.
///
/// # Errors
/// As the system says, `NotADirectory` among that.
pub fn open_folder(path: &Path) -> io::Result<File> {
    File::options().read(true).custom_flags(libc::O_DIRECTORY).open(folder(path))
}

/// Waits until the names in a folder are on the disk.
///
/// # Errors
/// As the system says.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    open_folder(path)?.sync_all()
}

/// Whether an error says that what is there is no file.
pub fn is_no_file(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<NoFile>())
}

/// Makes an error of what is no file name it: for who tells of it under the name of something else.
pub fn naming(path: &Path) -> impl FnOnce(io::Error) -> io::Error {
    move |error| match is_no_file(&error) {
        true => io::Error::other(format!("{} is not a file", path.display())),
        false => error,
    }
}

/// Whether the system says this of what is no file alone: of a socket, of a FIFO that nobody reads, of a folder that is
/// opened to write.
fn is_said_of_others(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENXIO | libc::EISDIR))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{CWD, Mode, mkfifoat};
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    /// What comes of opening it to write, and of opening it to read; fails the test if one of them waits.
    fn opened(path: &Path) -> [io::Result<File>; 2] {
        let (tell, told) = mpsc::channel();
        let path = path.to_owned();
        thread::spawn(move || {
            let written = open_with(File::options().write(true), &path);
            tell.send([written, open(&path)])
        });
        told.recv_timeout(Duration::from_secs(30)).expect("nobody is waited for")
    }

    #[test]
    fn what_is_no_file_is_not_waited_for() {
        let home = tempfile::tempdir().unwrap();
        let place = |name: &str| home.path().join(name);
        fs::create_dir(place("folder")).unwrap();
        mkfifoat(CWD, place("fifo"), Mode::RUSR | Mode::WUSR).unwrap();
        let _socket = UnixListener::bind(place("socket")).unwrap();
        symlink("fifo", place("link")).unwrap();
        symlink("/dev/null", place("device")).unwrap();
        for name in ["folder", "fifo", "socket", "link", "device"] {
            for opened in opened(&place(name)) {
                let error = opened.expect_err(name);
                assert!(is_no_file(&error), "{name}: {error}");
                assert_eq!(error.to_string(), "it is not a file");
            }
        }
        for name in ["fifo", "socket", "device"] {
            let error = open_folder(&place(name)).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::NotADirectory, "{name}: {error}");
        }
        open_folder(&place("folder")).unwrap();
        assert!(is_no_file(&read(&place("fifo")).unwrap_err()));
        assert!(is_no_file(&read_to_string(&place("folder")).unwrap_err()));
        let named = open(&place("fifo")).map_err(naming(Path::new("a/b"))).unwrap_err();
        assert_eq!(named.to_string(), "a/b is not a file");
    }

    #[test]
    fn files_are_opened_and_so_is_what_links_to_them() {
        let home = tempfile::tempdir().unwrap();
        let [file, link, none] = ["file", "link", "none"].map(|name| home.path().join(name));
        fs::write(&file, "text").unwrap();
        symlink("file", &link).unwrap();
        for path in [&file, &link] {
            assert!(opened(path).iter().all(Result::is_ok), "{}", path.display());
            assert_eq!(read(path).unwrap(), b"text");
            assert_eq!(read_to_string(path).unwrap(), "text");
        }
        for error in opened(&none).map(Result::unwrap_err) {
            assert!(error.kind() == io::ErrorKind::NotFound && !is_no_file(&error), "{error}");
            assert_eq!(naming(&none)(error).kind(), io::ErrorKind::NotFound);
        }
    }
}
