//! Tests of readers and writers of one growing body.

use super::*;

const K: u64 = 1024;

fn writer(expected: Option<u64>) -> Writer {
    let header = ResponseHeader::build(200, None).unwrap();
    Writer::new(1, header, expected, None)
}

fn bytes(len: u64) -> Bytes {
    Bytes::from((0..len).map(|n| (n % 251) as u8).collect::<Vec<u8>>())
}

/// What can be read now, without waiting for more.
async fn readable(reader: &mut Reader) -> u64 {
    let mut read = 0;
    while reader.at < reader.progress.borrow().readable {
        read += reader.next().await.unwrap().map_or(0, |piece| piece.len() as u64);
    }
    read
}

#[tokio::test]
async fn the_last_bytes_wait_for_the_end() {
    for expected in [Some(200 * K), None] {
        let mut writer = writer(expected);
        let mut reader = writer.growing().reader().unwrap();
        writer.push(bytes(100 * K));
        let first = readable(&mut reader).await;
        assert_eq!(first, if expected.is_some() { 100 * K } else { 36 * K });
        writer.push(bytes(100 * K));
        assert_eq!(first + readable(&mut reader).await, 136 * K);
        writer.end();
        assert_eq!(readable(&mut reader).await, HELD_BACK);
        assert!(reader.next().await.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_writer_that_is_dropped_is_no_end() {
    let mut writer = writer(None);
    let mut reader = writer.growing().reader().unwrap();
    let growing = Arc::clone(writer.growing());
    writer.push(bytes(100 * K));
    readable(&mut reader).await;
    drop(writer);
    assert!(reader.next().await.is_err());
    assert!(reader.next().await.is_err(), "nor the second time");
    let mut late = growing.reader().unwrap();
    assert!(late.next().await.is_ok(), "what was readable is");
    assert!(late.next().await.is_err());
}

#[tokio::test]
async fn readers_learn_what_is_wrong() {
    let writer = writer(Some(10));
    let growing = Arc::clone(writer.growing());
    let mut reader = growing.reader().unwrap();
    let wrong = Wrong::Length { arrived: 9, expected: 10 };
    writer.fail(wrong.clone());
    assert_eq!(growing.begun().await, Err(Some(wrong)));
    assert_eq!(reader.next().await.unwrap_err().to_string(), "9 of 10 bytes arrived");
}

#[tokio::test]
async fn what_is_not_kept_waits_for_its_slowest_reader() {
    let mut writer = writer(None);
    let growing = Arc::clone(writer.growing());
    let (mut fast, mut slow) = (growing.reader().unwrap(), growing.reader().unwrap());
    for _ in 0..3 {
        writer.push(bytes(512 * K));
    }
    readable(&mut fast).await;
    let full = tokio::time::timeout(std::time::Duration::ZERO, writer.room());
    assert!(full.await.is_err(), "the slow one has read nothing");
    readable(&mut slow).await;
    assert!(writer.room().await);
    assert!(growing.reader().is_none(), "the first bytes are gone");
    drop(slow);
    assert!(writer.room().await, "one reads still");
    drop(fast);
    assert!(!writer.room().await, "nobody wants the rest");
}

#[tokio::test]
async fn a_slow_reader_that_leaves_makes_room() {
    let mut writer = writer(None);
    let (mut fast, slow) = (writer.growing().reader().unwrap(), writer.growing().reader().unwrap());
    for _ in 0..3 {
        writer.push(bytes(512 * K));
    }
    readable(&mut fast).await;
    let (room, ()) = tokio::join!(writer.room(), async { drop(slow) });
    assert!(room);
}

#[tokio::test]
async fn pieces_come_from_the_file_and_from_memory() {
    let path = tempfile::NamedTempFile::new().unwrap();
    let file = Arc::new(path.reopen().unwrap());
    let header = ResponseHeader::build(200, None).unwrap();
    let mut writer = Writer::new(1, header, None, Some((Arc::clone(&file), 100)));
    let body = bytes(700 * K);
    let mut reader = writer.growing().reader().unwrap();
    let mut read = Vec::new();
    for piece in body.chunks(70 * K as usize) {
        writer.push(Bytes::copy_from_slice(piece));
        if writer.unwritten_len() > 200 * K {
            let (mut at, pieces) = writer.unwritten();
            for piece in pieces {
                std::os::unix::fs::FileExt::write_all_at(&*file, &piece, 100 + at).unwrap();
                at += piece.len() as u64;
            }
            writer.written();
        }
        if read.len() < 300 * K as usize {
            read.extend_from_slice(&reader.next().await.unwrap_or_default().unwrap_or_default());
        }
    }
    let growing = Arc::clone(writer.growing());
    writer.end();
    while let Some(piece) = reader.next().await.unwrap() {
        read.extend_from_slice(&piece);
    }
    assert!(read == body);
    let mut late = growing.reader().unwrap();
    let mut read = Vec::new();
    while let Some(piece) = late.next().await.unwrap() {
        read.extend_from_slice(&piece);
    }
    assert!(read == body);
}
