//! Trouble with a disk: none of its room left, none of one's rights; and a NOPAR that is not root's, who may do
//! everything.
//! Knows nothing of what is kept there.

use std::fs::{self, File, Permissions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::fs::{CWD, Mode, mkfifoat};
use tempfile::TempDir;

use super::binary::{Binary, PROGRAM};

/// `nobody` of most systems; any but root would do.
pub(crate) const NOBODY: u32 = 65_534;
/// Room for a few large tarballs.
const ROOM: &str = "size=3m";

/// Whether the tests are root's.
pub(crate) fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

/// Whether the tests are root's, for a test that says nothing otherwise: what is left out is told, and is a failure where
/// `NOPAR_TEST_ROOT=1` says that nothing may be.
#[track_caller]
pub(crate) fn is_root_or_skipped(why: &str) -> bool {
    let must = std::env::var_os("NOPAR_TEST_ROOT").is_some_and(|it| it == "1");
    assert!(is_root() || !must, "NOPAR_TEST_ROOT=1, and these tests are not root's: {why}");
    if !is_root() {
        eprintln!("skipped: {why}");
    }
    is_root()
}

/// A directory that is nobody's, if we are root.
pub(crate) fn folder() -> TempDir {
    let folder = TempDir::new().expect("a directory");
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).expect("open to all");
    if is_root() {
        chown(folder.path(), Some(NOBODY), Some(NOBODY)).expect("given away");
    }
    folder
}

/// Puts a FIFO in place of a file, if there is one.
pub(crate) fn fifo(path: &Path) {
    let _ = fs::remove_file(path);
    mkfifoat(CWD, path, Mode::RUSR | Mode::WUSR).expect("a FIFO");
}

/// The program where others than root may run it.
pub(crate) struct Program {
    path: PathBuf,
    _folder: TempDir,
}

impl Program {
    pub(crate) fn new() -> Program {
        let folder = folder();
        let path = folder.path().join("nopar");
        if fs::hard_link(PROGRAM, &path).is_err() {
            fs::copy(PROGRAM, &path).expect("a copy of the program");
        }
        Program { path, _folder: folder }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A command that runs it, by a shell that first does what it is told; as another user than root, if asked.
    pub(crate) fn command(&self, first: &str, other: bool) -> Command {
        let mut command = Command::new("/bin/sh");
        command.arg("-c").arg(format!("{first} exec \"$0\"")).arg(&self.path);
        if other && is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    }
}

/// So that who writes too much is told so, and not killed.
pub(crate) const TOLD_OF_LIMITS: &str = "trap '' XFSZ;";

/// How long a file may grow that a process of ours writes: `100000`, `unlimited`.
pub(crate) fn limit_files(binary: &Binary, bytes: &str) {
    let mut command = Command::new("prlimit");
    command.arg(format!("--pid={}", binary.pid())).arg(format!("--fsize={bytes}:"));
    assert!(command.status().expect("prlimit").success());
}

/// A small disk in memory, as long as this lives.
pub(crate) struct SmallDisk(TempDir);

impl SmallDisk {
    /// Or why there can be none: only root can mount.
    pub(crate) fn mount() -> Result<SmallDisk, String> {
        let place = folder();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", ROOM, "tmpfs"]).arg(place.path());
        let done = mount.output().map_err(|error| error.to_string())?;
        match done.status.success() {
            true => {
                let open = Permissions::from_mode(0o777);
                fs::set_permissions(place.path(), open).expect("open to all");
                Ok(SmallDisk(place))
            }
            false => Err(String::from_utf8_lossy(&done.stderr).into_owned()),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Nobody may write to it any more, or everybody again; nobody may be about to.
    pub(crate) fn set_writable(&self, writable: bool) {
        let mut mount = Command::new("mount");
        let how = if writable { "remount,rw" } else { "remount,ro" };
        let done = mount.args(["-o", how]).arg(self.path()).status();
        assert!(done.expect("mount").success(), "{how}");
    }

    /// Writes until there is no room.
    pub(crate) fn fill_up(&self) {
        let mut filler = File::create(self.filler()).expect("a file");
        for piece in [&[1_u8; 4096][..], &[1]] {
            while filler.write_all(piece).is_ok() {}
        }
    }

    /// There is room again.
    pub(crate) fn empty(&self) {
        fs::remove_file(self.filler()).expect("there was one");
    }

    fn filler(&self) -> PathBuf {
        self.path().join("filler")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: the process may still have files open.
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

/// Takes away, or gives back, the right to write anything below `path`.
pub(crate) fn set_writable(path: &Path, writable: bool) {
    let owner = if writable { NOBODY } else { 0 };
    let mode = |open, closed| Permissions::from_mode(if writable { open } else { closed });
    for entry in fs::read_dir(path).expect("a directory") {
        let entry = entry.expect("an entry").path();
        if entry.is_dir() {
            set_writable(&entry, writable);
        } else {
            give(&entry, owner, mode(0o644, 0o444));
        }
    }
    give(path, owner, mode(0o755, 0o555));
}

fn give(path: &Path, owner: u32, permissions: Permissions) {
    if is_root() {
        chown(path, Some(owner), Some(owner)).expect("given to another");
    }
    fs::set_permissions(path, permissions).expect("other rights");
}
