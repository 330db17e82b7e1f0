//! A writer over something that takes as much as the test likes.
//! Knows nothing of threads.

use super::*;
use parking_lot::Mutex;
use std::sync::Arc;

/// A disk with so much room, and what is on it, by calls.
#[derive(Clone, Default)]
struct Disk(Arc<Mutex<(usize, Vec<Vec<u8>>)>>);

impl Disk {
    fn with_room(room: usize) -> (Disk, Writer) {
        let disk = Disk::default();
        disk.make_room(room);
        let output = Output { path: None, to: Box::new(disk.clone()) };
        // Whatever another test of this process has lines look like.
        (disk, Writer { format: || LogFormat::Text, ..Writer::new(output) })
    }

    fn make_room(&self, room: usize) {
        self.0.lock().0 = room;
    }

    fn calls(&self) -> usize {
        self.0.lock().1.len()
    }

    fn lines(&self) -> Vec<String> {
        let text = String::from_utf8(self.0.lock().1.concat()).unwrap();
        text.lines().map(str::to_owned).collect()
    }
}

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let (room, written) = &mut *self.0.lock();
        let length = bytes.len().min(*room);
        if length == 0 {
            return Err(ErrorKind::StorageFull.into());
        }
        *room -= length;
        written.push(bytes[..length].to_vec());
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn loss(lost: u64) -> String {
    format!(
        " WARN  nopar::telemetry] {lost} lines of the log were lost: they could not be written, \
         or not as fast as they came"
    )
}

#[test]
fn a_batch_is_one_call() {
    let (disk, mut writer) = Disk::with_room(1000);
    writer.write(&mut b"a\nb\nc\n".to_vec(), 0);
    assert_eq!((disk.calls(), disk.lines()), (1, vec!["a".into(), "b".into(), "c".into()]));
}

#[test]
fn lines_without_room_are_told_of_once() {
    let (disk, mut writer) = Disk::with_room(1000);
    writer.write(&mut b"a\n".to_vec(), 7);
    writer.write(&mut b"b\n".to_vec(), 0);
    let lines = disk.lines();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines[1].ends_with(&loss(7)), "{lines:?}");
    assert_eq!(lines[2], "b");
}

#[test]
fn where_lines_are_json_so_is_that_of_a_loss() {
    let (disk, writer) = Disk::with_room(1000);
    let mut writer = Writer { format: || LogFormat::Json, ..writer };
    writer.write(&mut b"{}\n".to_vec(), 7);
    let line = &disk.lines()[1];
    let told =
        r#""level":"WARN","target":"nopar::telemetry","message":"7 lines of the log were lost"#;
    assert!(line.contains(told) && line.ends_with("as fast as they came\"}"), "{line}");
}

/// Nothing of it was written, then a part of it, then it works again.
#[test]
fn a_full_disk_loses_lines_and_counts_them() {
    let (disk, mut writer) = Disk::with_room(0);
    writer.write(&mut b"one\ntwo\n".to_vec(), 3);
    assert!(writer.failing);
    disk.make_room(6);
    writer.write(&mut b"three\nfour\nfive\n".to_vec(), 0);
    writer.write(&mut b"six\n".to_vec(), 0);
    disk.make_room(2);
    writer.write(&mut b"seven\n".to_vec(), 0);
    assert!(writer.failing);
    disk.make_room(1000);
    writer.write(&mut b"eight\n".to_vec(), 0);
    assert!(!writer.failing);
    writer.write(&mut b"nine\n".to_vec(), 0);
    let lines = disk.lines();
    assert_eq!(lines.len(), 5, "{lines:?}");
    assert_eq!(lines[..3], ["three", "se", "eight"]);
    assert!(lines[3].ends_with(&loss(2 + 3 + 2 + 1 + 1)), "{lines:?}");
    assert_eq!(lines[4], "nine");
}
