//! Which way of sending costs this machine less.
//! Knows nothing of what is sent.
//!
//! A few megabytes are sent over loopback in both ways, in turns, and the CPU time of each is compared: it takes
//! about as long as one large tarball does.

use super::{Live, Pages};
use bytes::Bytes;
use rustix::time::{ClockId, clock_gettime};
use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

/// Bytes that are sent at once, as large as the pieces of tarballs.
const PIECE: usize = 256 << 10;
/// How many different ones there are: more than the processor's own caches hold, as in a cache that serves many
/// clients. A single one, which stays there, is copied at half the price of what it costs in use.
const PIECES: usize = 32;
/// How many are sent in a row, in each way.
const IN_A_ROW: usize = 4;
/// How often the ways take turns; the fastest turn of each counts, as others may use the machine.
/// With four turns, and a tenth to be gained, one start in eight chose otherwise than the rest.
const TURNS: usize = 16;

/// Whether bytes in a file cost less CPU than bytes that are copied. Blocks for some milliseconds.
///
/// # Errors
/// When there is no loopback, or no such file.
pub fn is_cheaper() -> io::Result<bool> {
    let pieces: Vec<Pages> = (0..PIECES)
        .map(|n| Pages::sealed(&Bytes::from(vec![n as u8; PIECE]), &Live::default()))
        .collect::<io::Result<_>>()?;
    let mut next = pieces.iter().cycle();
    let mut next = || next.next().expect("there is always one");
    let mut socket = drained()?;
    let (mut copied, mut sent) = (Duration::MAX, Duration::MAX);
    for _ in 0..TURNS {
        copied = copied.min(cpu_time(|| socket.write_all(next()))?);
        sent = sent.min(cpu_time(|| next().file().map_or(Ok(()), |file| send(&socket, file)))?);
    }
    Ok(sent < copied)
}

/// A connection whose other end takes everything.
fn drained() -> io::Result<TcpStream> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let socket = TcpStream::connect(listener.local_addr()?)?;
    let own = socket.local_addr()?;
    let mut other = loop {
        let (other, from) = listener.accept()?;
        // Whoever else finds this port in the moment that it is there is not the one.
        if from == own {
            break other;
        }
    };
    socket.set_write_timeout(Some(Duration::from_secs(5)))?;
    thread::Builder::new().name("measure".to_owned()).spawn(move || {
        let mut buffer = vec![0; 64 << 10];
        while matches!(other.read(&mut buffer), Ok(1..)) {}
    })?;
    Ok(socket)
}

fn send(socket: &TcpStream, file: &File) -> io::Result<()> {
    let mut at = 0;
    while at < PIECE as u64 {
        let left = PIECE - at as usize;
        if rustix::fs::sendfile(socket, file, Some(&mut at), left)? == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
    }
    Ok(())
}

/// The CPU time of this thread that it takes to do something several times.
fn cpu_time(mut what: impl FnMut() -> io::Result<()>) -> io::Result<Duration> {
    let now = || {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
    };
    let since = now();
    for _ in 0..IN_A_ROW {
        what()?;
    }
    Ok(now().saturating_sub(since))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_can_be_compared() {
        // Which of them it is depends on the machine; that there is an answer does not.
        assert!(is_cheaper().is_ok());
    }
}
