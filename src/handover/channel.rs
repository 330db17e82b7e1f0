//! Messages between two processes, with open files beside them.
//! Knows nothing of what they mean.

use rustix::io::retry_on_intr;
use rustix::net::sockopt::{self, Timeout};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags,
    SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recvmsg,
    sendmsg, socketpair,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::time::Duration;

/// Longest message in bytes.
const LONGEST: usize = 64 << 10;
/// Most files with one message; Linux takes 253.
const MOST_FILES: usize = 128;
/// Room for them, as the system wants it.
const ROOM: usize = rustix::cmsg_space!(ScmRights(MOST_FILES));

/// One end of a pair of sockets that keep messages apart.
#[derive(Debug)]
pub(super) struct Channel(OwnedFd);

/// Why nothing was heard.
#[derive(Debug)]
pub(super) enum Unheard {
    /// Nobody said anything for as long as was waited.
    Silent,
    /// The other end is closed: its process has ended.
    Ended,
    /// It was no message of ours, or the system gives none.
    Broken(io::Error),
}

impl Channel {
    /// Two ends. Neither is left open in processes that are started, but by who is given one.
    pub(super) fn pair() -> io::Result<(Channel, OwnedFd)> {
        let (kind, flags) = (SocketType::SEQPACKET, SocketFlags::CLOEXEC);
        let (ours, theirs) = socketpair(AddressFamily::UNIX, kind, flags, None)?;
        Ok((Channel(ours), theirs))
    }

    /// What another process gave us, if it can be one.
    pub(super) fn of(end: OwnedFd) -> Option<Channel> {
        let is_one = sockopt::socket_domain(&end).is_ok_and(|it| it == AddressFamily::UNIX)
            && sockopt::socket_type(&end).is_ok_and(|it| it == SocketType::SEQPACKET);
        is_one.then_some(Channel(end))
    }

    pub(super) fn send(
        &self,
        message: &impl Serialize,
        files: &[BorrowedFd<'_>],
    ) -> io::Result<()> {
        let text = serde_json::to_vec(message)?;
        let mut room = [MaybeUninit::uninit(); ROOM];
        let mut beside = SendAncillaryBuffer::new(&mut room);
        if !files.is_empty() && !beside.push(SendAncillaryMessage::ScmRights(files)) {
            return Err(io::Error::other(format!("{} files are too many", files.len())));
        }
        let text = [IoSlice::new(&text)];
        retry_on_intr(|| sendmsg(&self.0, &text, &mut beside, SendFlags::NOSIGNAL))?;
        Ok(())
    }

    /// Waits for a message, for at most `patience`.
    pub(super) fn receive<M: DeserializeOwned>(
        &self,
        patience: Duration,
    ) -> Result<(M, Vec<OwnedFd>), Unheard> {
        let broken = |error: rustix::io::Errno| Unheard::Broken(error.into());
        sockopt::set_socket_timeout(&self.0, Timeout::Recv, Some(patience)).map_err(broken)?;
        let mut text = vec![0; LONGEST];
        let mut room = [MaybeUninit::uninit(); ROOM];
        let mut beside = RecvAncillaryBuffer::new(&mut room);
        let received = retry_on_intr(|| {
            let text = &mut [IoSliceMut::new(&mut text)];
            recvmsg(&self.0, text, &mut beside, RecvFlags::CMSG_CLOEXEC)
        });
        let received = match received {
            Err(rustix::io::Errno::AGAIN) => return Err(Unheard::Silent),
            Err(rustix::io::Errno::CONNRESET) => return Err(Unheard::Ended),
            received => received.map_err(broken)?,
        };
        let files = beside.drain().filter_map(|beside| match beside {
            RecvAncillaryMessage::ScmRights(files) => Some(files),
            _ => None,
        });
        let files: Vec<OwnedFd> = files.flatten().collect();
        if received.bytes == 0 {
            return Err(Unheard::Ended);
        }
        if received.flags.intersects(ReturnFlags::TRUNC | ReturnFlags::CTRUNC) {
            return Err(Unheard::Broken(io::Error::other("more was sent than there is room for")));
        }
        let message = serde_json::from_slice(&text[..received.bytes]);
        Ok((message.map_err(|error| Unheard::Broken(error.into()))?, files))
    }
}
