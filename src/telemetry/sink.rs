//! Lines on their way from the threads that serve to the one that writes.
//! Knows nothing of files, nor of what a line says.

use parking_lot::{Condvar, Mutex, MutexGuard};
use std::mem;
use std::time::{Duration, Instant};

/// Bytes of lines that may wait; as many may be in the writer's hands. What finds no room is lost and
/// counted: requests wait for nobody who reads the log. At full speed, 100,000 lines of 100 bytes a
/// second, it is a tenth of a second of lines.
const ROOM: usize = 1 << 20;

/// Bytes that are worth a system call before their time: what a pipe holds.
const BATCH: usize = 64 << 10;

/// Where lines wait to be written.
#[derive(Default)]
pub(super) struct Sink {
    state: Mutex<State>,
    wake: Condvar,
    written: Condvar,
}

#[derive(Default)]
struct State {
    lines: Vec<u8>,
    /// Lines that found no room since the last batch was taken.
    lost: u64,
    /// The writer waits for a line, and not only for time to pass.
    idle: bool,
    /// Somebody waits for a line that is here.
    hurry: bool,
    /// What is written to is to be opened again.
    reopen: bool,
    /// Batches taken by the writer, and those it is done with.
    taken: u64,
    done: u64,
}

/// What comes with a batch.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Taken {
    /// How many more lines found no room.
    pub(super) lost: u64,
    /// What is written to is to be opened again, once the batch is written.
    pub(super) reopen: bool,
}

impl Sink {
    /// Appends a line, with its end, or counts it as lost. Never waits for the writer.
    pub(super) fn append(&self, line: &[u8]) {
        let mut state = self.state.lock();
        let before = state.lines.len();
        let after = before + line.len();
        if after > ROOM {
            state.lost += 1;
            return;
        }
        state.lines.extend_from_slice(line);
        if state.idle || (before < BATCH && after >= BATCH) {
            self.wake(state);
        }
    }

    /// Has what is here written now.
    pub(super) fn hurry(&self) {
        let mut state = self.state.lock();
        if !state.lines.is_empty() {
            state.hurry = true;
            self.wake(state);
        }
    }

    /// Has what is here written now, and what comes then to what is opened again.
    pub(super) fn reopen(&self) {
        let mut state = self.state.lock();
        (state.reopen, state.hurry) = (true, true);
        self.wake(state);
    }

    /// Has what is here written, and waits for it, at most for `patience`.
    pub(super) fn flush(&self, patience: Duration) {
        let until = Instant::now() + patience;
        self.hurry();
        let mut state = self.state.lock();
        let wanted = state.taken + u64::from(!state.lines.is_empty());
        while state.done < wanted {
            if self.written.wait_until(&mut state, until).timed_out() {
                return;
            }
        }
    }

    /// Waits for lines, and until `gather` unless there are many, or in a hurry. Puts them in place
    /// of `batch`, which is empty; there are none if all that is wanted is to open the output again.
    pub(super) fn take(&self, batch: &mut Vec<u8>, gather: Instant) -> Taken {
        let mut state = self.state.lock();
        while !state.hurry && state.lines.len() < BATCH {
            if self.wake.wait_until(&mut state, gather).timed_out() {
                break;
            }
        }
        while state.lines.is_empty() && !state.reopen {
            state.idle = true;
            self.wake.wait(&mut state);
        }
        state.idle = false;
        state.hurry = false;
        state.taken += 1;
        mem::swap(&mut state.lines, batch);
        Taken { lost: mem::take(&mut state.lost), reopen: mem::take(&mut state.reopen) }
    }

    /// The batch taken last is where it belongs, or given up.
    pub(super) fn done(&self) {
        let mut state = self.state.lock();
        state.done = state.taken;
        drop(state);
        self.written.notify_all();
    }

    fn wake(&self, mut state: MutexGuard<'_, State>) {
        // Who comes next need not wake it again.
        state.idle = false;
        drop(state);
        self.wake.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn soon() -> Instant {
        Instant::now()
    }

    #[test]
    fn a_batch_is_all_there_is_in_order() {
        let sink = Sink::default();
        (0..1000).for_each(|n| sink.append(format!("{n}\n").as_bytes()));
        let mut batch = Vec::new();
        assert_eq!(sink.take(&mut batch, soon()).lost, 0);
        let expected: String = (0..1000).map(|n| format!("{n}\n")).collect();
        assert_eq!(String::from_utf8_lossy(&batch), expected);
    }

    #[test]
    fn what_finds_no_room_is_counted() {
        let sink = Sink::default();
        let line = vec![b'x'; ROOM / 4];
        (0..7).for_each(|_| sink.append(&line));
        let mut batch = Vec::new();
        assert_eq!(sink.take(&mut batch, soon()).lost, 3);
        assert_eq!(batch.len(), ROOM);
        batch.clear();
        sink.append(b"room again\n");
        assert_eq!(sink.take(&mut batch, soon()).lost, 0);
        assert_eq!(batch, b"room again\n");
    }

    #[test]
    fn to_open_again_needs_no_line_and_comes_once() {
        let sink = Sink::default();
        let mut batch = Vec::new();
        sink.reopen();
        assert_eq!(sink.take(&mut batch, soon()), Taken { lost: 0, reopen: true });
        assert!(batch.is_empty());
        sink.append(b"before\n");
        sink.reopen();
        sink.append(b"after\n");
        let hour = Instant::now() + Duration::from_secs(3600);
        assert_eq!(sink.take(&mut batch, hour), Taken { lost: 0, reopen: true });
        assert_eq!(batch, b"before\nafter\n");
        batch.clear();
        sink.append(b"later\n");
        assert_eq!(sink.take(&mut batch, soon()), Taken { lost: 0, reopen: false });
    }

    /// The hour would be far past the tests' patience.
    #[test]
    fn much_and_hurry_end_the_gathering() {
        let hour = Instant::now() + Duration::from_secs(3600);
        let sink = Sink::default();
        let mut batch = Vec::new();
        sink.append(&vec![b'x'; BATCH]);
        sink.take(&mut batch, hour);
        assert_eq!(batch.len(), BATCH);
        batch.clear();
        sink.append(b"now\n");
        sink.hurry();
        sink.take(&mut batch, hour);
        assert_eq!(batch, b"now\n");
    }

    #[test]
    fn little_is_gathered_for_a_while() {
        let sink = Sink::default();
        let (begun, gather) = (Instant::now(), Duration::from_millis(20));
        sink.append(b"a\n");
        sink.take(&mut Vec::new(), begun + gather);
        assert!(begun.elapsed() >= gather);
    }

    #[test]
    fn a_flush_ends_when_all_is_written_or_patience_ends() {
        let sink = Sink::default();
        sink.flush(Duration::from_secs(3600));
        sink.append(b"a\n");
        let begun = Instant::now();
        sink.flush(Duration::from_millis(20));
        assert!(begun.elapsed() >= Duration::from_millis(20), "nobody wrote it");
        let order = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut batch = Vec::new();
                sink.take(&mut batch, soon());
                order.lock().push(batch.len());
                sink.done();
            });
            sink.flush(Duration::from_secs(3600));
            order.lock().push(0);
        });
        assert_eq!(*order.lock(), [2, 0]);
    }
}
