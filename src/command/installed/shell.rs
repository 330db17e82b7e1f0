//! Variables in a file of shell, which a shell reads, as the unit has it done.
//! Knows nothing of what they are for.
//!
//! Whoever may change that file would have whoever runs a command do what they like: so it has to be root's alone.

use super::Variables;
use crate::service;
use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// What the file prints is not mistaken for a variable: it goes where complaints go.
const SCRIPT: &str = "exec 3>&1 >&2; file=$1; shift; set -a; . \"$file\"; exec /usr/bin/env -0 >&3";
/// As systemd has it for a service.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// How long the file may take: it may look up the name of the machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// Why there are none.
#[derive(Debug, thiserror::Error)]
pub(super) enum ShellError {
    /// It could be anybody's.
    #[error(
        "{} was not read: users other than root may change it, or a directory above it (chown root, chmod go-w)",
        .0.display()
    )]
    Unsafe(PathBuf),
    /// This user may not read it, or there is no shell.
    #[error("{} cannot be read: {source}; root can (sudo)", path.display())]
    Unread {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The shell does not get to its end.
    #[error("a shell cannot read {}: {words}", path.display())]
    Failed {
        /// The file.
        path: PathBuf,
        /// What the shell said.
        words: String,
    },
    /// Nor within its time.
    #[error("a shell did not finish reading {} within {} seconds", .0.display(), .1.as_secs())]
    Slow(PathBuf, Duration),
    /// A setting is no text.
    #[error("{name} in {}: its value is not UTF-8", path.display())]
    NoText {
        /// The file.
        path: PathBuf,
        /// The variable.
        name: String,
    },
}

/// The variables after a shell that began with these has read the file. Blocks.
pub(super) fn variables(
    path: &Path,
    env: &Variables,
    patience: Duration,
) -> Result<Variables, ShellError> {
    if !service::is_roots(path) {
        return Err(ShellError::Unsafe(path.to_owned()));
    }
    let unread = |source| ShellError::Unread { path: path.to_owned(), source };
    crate::regular::open(path).map_err(unread)?;
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", SCRIPT, "nopar"]).arg(path).current_dir("/");
    shell.env_clear().env("PATH", PATH).envs(env);
    let output = output(shell, patience).map_err(unread)?;
    let output = output.ok_or_else(|| ShellError::Slow(path.to_owned(), patience))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let words = match said.trim() {
            "" => format!("it ends with {}", output.status),
            said => said.escape_debug().to_string().replace("\\n", "; "),
        };
        return Err(ShellError::Failed { path: path.to_owned(), words });
    }
    let no_text = |name: String| ShellError::NoText { path: path.to_owned(), name };
    super::super::texts(output.stdout.split(|byte| *byte == 0).filter_map(pair)).map_err(no_text)
}

/// `NAME=value`.
fn pair(bytes: &[u8]) -> Option<(OsString, OsString)> {
    let at = bytes.iter().position(|byte| *byte == b'=')?;
    let text = |bytes: &[u8]| OsString::from_vec(bytes.to_vec());
    Some((text(&bytes[..at]), text(&bytes[at + 1..])))
}

/// What a command prints until it ends, if it does in time.
fn output(mut command: Command, patience: Duration) -> io::Result<Option<Output>> {
    let (stdin, stdout, stderr) = (Stdio::null(), Stdio::piped(), Stdio::piped());
    let child = command.stdin(stdin).stdout(stdout).stderr(stderr).spawn()?;
    let process = rustix::process::Pid::from_child(&child);
    let (tell, told) = mpsc::channel();
    thread::spawn(move || tell.send(child.wait_with_output()));
    match told.recv_timeout(patience) {
        Ok(output) => output.map(Some),
        Err(_) => {
            let _ = rustix::process::kill_process(process, rustix::process::Signal::KILL);
            Ok(None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{CWD, Mode, mkfifoat};
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, chown};
    use tempfile::TempDir;

    /// `nobody` of most systems; any but root would do.
    const NOBODY: u32 = 65_534;

    /// A file of root's with this text; `None`, with the reason told, where we are not root.
    fn file(text: impl AsRef<[u8]>) -> Option<(TempDir, PathBuf)> {
        if !rustix::process::geteuid().is_root() {
            eprintln!("skipped: only what is root's is run");
            return None;
        }
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("default");
        fs::write(&path, text).unwrap();
        Some((home, path))
    }

    fn read(path: &Path) -> Result<Variables, ShellError> {
        let env = [("NOPAR_HOME", "/home"), ("NOPAR_PORT", "1")];
        let env = env.map(|(name, value)| (name.to_owned(), value.to_owned()));
        variables(path, &Variables::from(env), Duration::from_secs(30))
    }

    #[test]
    fn a_file_is_read_as_the_unit_reads_it() {
        let text = "# old\nexport NOPAR_HOSTNAME=`echo a`\nNOPAR_PLAIN=1\nNOPAR_PORT=\"4 0\"\nexport NOPAR_X='a\nb'\n\
                    echo NOPAR_PRINTED=1; echo complaint >&2; [ $# = 0 ] && export NOPAR_ARGS=none\nfalse\n";
        let Some((_home, path)) = file(text) else { return };
        let found = read(&path).unwrap();
        assert_eq!(found["NOPAR_HOSTNAME"], "a");
        // As in other files of /etc/default, no export is needed.
        assert_eq!(found["NOPAR_PLAIN"], "1");
        assert_eq!((found["NOPAR_PORT"].as_str(), found["NOPAR_HOME"].as_str()), ("4 0", "/home"));
        assert_eq!(found["NOPAR_X"], "a\nb");
        assert_eq!(found["NOPAR_ARGS"], "none");
        assert!(!found.contains_key("NOPAR_PRINTED"));
        assert!(!found.contains_key("CARGO"), "the caller's variables are not the service's");
    }

    #[test]
    fn what_others_may_change_is_not_run() {
        let Some((home, path)) = file("touch \"$HOME_OF_TEST/run\"; exit 0\n") else { return };
        let refused = || {
            let told = read(&path).unwrap_err().to_string();
            assert!(told.contains("was not read: users other than root may change it"), "{told}");
        };
        for mode in [0o666, 0o664, 0o646] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            refused();
        }
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        chown(&path, Some(NOBODY), None).unwrap();
        refused();
        chown(&path, Some(0), None).unwrap();
        fs::set_permissions(home.path(), Permissions::from_mode(0o777)).unwrap();
        refused();
        assert!(!home.path().join("run").exists());
    }

    #[test]
    fn what_a_shell_cannot_read_is_told_in_its_words() {
        for (text, words) in [
            ("if\n", "yntax error"),
            ("echo no such host >&2; exit 3\n", "default: no such host"),
            ("exit 3\n", "exit status: 3"),
        ] {
            let Some((_home, path)) = file(text) else { return };
            let told = read(&path).unwrap_err().to_string();
            assert!(told.contains(words) && !told.contains('\n'), "{told}");
        }
    }

    #[test]
    fn a_setting_that_is_no_text_is_named_and_what_is_no_setting_may_be_anything() {
        let Some((_home, path)) = file(b"export NOPAR_X=\xff\n") else { return };
        let told = read(&path).unwrap_err().to_string();
        assert!(told.starts_with("NOPAR_X in ") && told.contains("not UTF-8"), "{told}");
        let Some((_home, path)) = file(b"export OTHER=\xff\n") else { return };
        assert!(read(&path).is_ok());
    }

    #[test]
    fn a_file_that_never_ends_is_not_waited_for() {
        let Some((home, path)) = file("") else { return };
        let fifo = home.path().join("fifo");
        mkfifoat(CWD, &fifo, Mode::RUSR | Mode::WUSR).unwrap();
        fs::write(&path, format!("exec < {}\n", fifo.display())).unwrap();
        let slow = variables(&path, &Variables::new(), Duration::from_millis(50)).unwrap_err();
        assert!(slow.to_string().contains("did not finish reading"), "{slow}");
        // Nor is what is no file opened.
        let told = read(&fifo).unwrap_err().to_string();
        assert!(told.contains("it is not a file"), "{told}");
    }
}
