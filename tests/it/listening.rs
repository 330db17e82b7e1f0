//! Where NOPAR listens: by unix sockets, on sockets of a service manager, behind other servers.
//! Knows nothing of what is served there in every case: other tests do, by TCP.

mod activated;
mod examples;
mod restarts;
mod unix;

use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::Command;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use crate::support::binary::{Binary, PROGRAM};
use crate::support::deadline::within;

/// Somebody who holds a socket before NOPAR does.
fn held() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let addr = listener.local_addr().expect("an address");
    (listener, addr)
}

/// Starts NOPAR as a service manager would that has this socket for it.
fn passed(socket: impl Into<OwnedFd>, env: &[(&str, &str)]) -> Binary {
    // The variable names the process that a shell becomes.
    let script = "LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" 3<&0 0</dev/null";
    let mut command = Command::new("/bin/sh");
    command.args(["-c", script, PROGRAM]);
    let folder = tempfile::tempdir().expect("a directory");
    Binary::start_with(folder, command, env, socket.into().into())
}

/// What is answered to these lines by a unix socket, whose client has no address.
pub(crate) async fn said(
    path: &Path,
    method: &str,
    target: &str,
    lines: &[(&str, &str)],
) -> String {
    let asking = async {
        let mut stream = UnixStream::connect(path).await.expect("a connection");
        let mut head = format!("{method} {target} HTTP/1.1\r\nConnection: close\r\n");
        for (name, value) in lines {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        stream.write_all(head.as_bytes()).await.expect("sent");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.expect("an answer");
        String::from_utf8_lossy(&answer).into_owned()
    };
    within(format!("{method} {target} by {}", path.display()), asking).await
}
