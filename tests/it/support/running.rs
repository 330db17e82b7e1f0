//! A NOPAR that is known by its file with the process id, whoever has started it.
//! Knows nothing of what it serves.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::deadline::once;

/// The file; its process is ended when this is dropped.
pub(crate) struct Running(PathBuf);

impl Running {
    /// That of this directory.
    pub(crate) fn of(run: &Path) -> Self {
        Self(run.join("nopar.pid"))
    }

    /// Its number by now, if there is one.
    pub(crate) fn pid(&self) -> Option<u32> {
        fs::read_to_string(&self.0).ok()?.lines().next()?.parse().ok()
    }

    /// Waits until its number is another one, and returns that.
    pub(crate) async fn pid_after(&self, last: u32) -> u32 {
        once("another process", async || match self.pid() {
            Some(pid) if pid != last => Ok(pid),
            other => Err(format!("{other:?}")),
        })
        .await
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.pid().expect("a process");
        assert!(send(pid, name), "SIG{name} could not be sent to process {pid}");
    }

    /// Waits until that process is gone; its file may stay, where only root may remove it.
    pub(crate) async fn gone(&self, pid: u32) {
        let place = PathBuf::from(format!("/proc/{pid}/exe"));
        once("the end of the process", async || match fs::read_link(&place) {
            Ok(_) => Err(format!("process {pid}")),
            Err(_) => Ok(()),
        })
        .await;
    }

    /// Waits until the file is gone.
    pub(crate) async fn ended(&self) {
        once("the end of the process", async || match self.0.exists() {
            true => Err(format!("{:?}", self.pid())),
            false => Ok(()),
        })
        .await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(pid) = self.pid() {
            send(pid, "KILL");
        }
    }
}

fn send(pid: u32, name: &str) -> bool {
    let status = Command::new("kill").arg(format!("-{name}")).arg(pid.to_string()).status();
    status.is_ok_and(|status| status.success())
}
