//! What is read again, what is not, and who waits for whom.
//! Knows nothing of what is in a tarball beyond what it put there.

use super::*;
use bytes::Bytes;
use std::pin::pin;
use std::task::{Context, Waker};
use tar::{Builder, Header};

/// Long enough for anything that ends.
const LONG: Duration = Duration::from_secs(60);

fn tarball(number: u64, files: &[(&str, &[u8])]) -> Arc<Tarball> {
    let mut builder = Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = Header::new_ustar();
        header.set_path(path).unwrap();
        header.set_size(content.len() as u64);
        header.set_cksum();
        builder.append(&header, *content).unwrap();
    }
    in_memory(number, builder.into_inner().unwrap())
}

fn in_memory(number: u64, bytes: Vec<u8>) -> Arc<Tarball> {
    Arc::new(Tarball::in_memory(TarballId::Copied(number), Bytes::from(bytes)))
}

/// The same to who knows it, and something else to who reads it.
fn gone(number: u64) -> Arc<Tarball> {
    in_memory(number, b"gone".to_vec())
}

#[tokio::test]
async fn what_was_shown_is_not_read_again() {
    let reading = Reading::default();
    let first = tarball(1, &[("p/a", b"one"), ("p/b", b"two")]);
    let content = reading.content(&first, "b", LONG).await.unwrap().unwrap();
    assert_eq!(content.text.as_deref(), Some("two"));
    // Nothing is left to be read, and all is known.
    assert_eq!(reading.listing(&gone(1), LONG).await.unwrap().files.len(), 2);
    assert_eq!(reading.content(&gone(1), "b", LONG).await.unwrap(), Some(content));
}

#[tokio::test]
async fn what_is_not_listed_is_not_looked_for() {
    let reading = Reading::default();
    reading.listing(&tarball(1, &[("p/a", b"one")]), LONG).await.unwrap();
    let _places = Arc::clone(&reading.places).acquire_many_owned(AT_ONCE as u32).await.unwrap();
    assert_eq!(reading.content(&gone(1), "b", Duration::ZERO).await, Ok(None));
    // For what is listed, a place is needed.
    let listed = reading.content(&gone(1), "a", Duration::ZERO).await;
    assert_eq!(listed, Err(Unreadable::Busy));
}

#[tokio::test]
async fn that_a_tarball_cannot_be_read_is_remembered() {
    let reading = Reading::default();
    let odd = reading.listing(&gone(1), LONG).await;
    assert!(matches!(odd, Err(Unreadable::Damaged(_))), "{odd:?}");
    // The same number is the same tarball: it is not looked at.
    assert_eq!(reading.listing(&tarball(1, &[("p/a", b"one")]), LONG).await, odd);
}

#[tokio::test]
async fn who_finds_no_place_in_time_goes_and_is_not_remembered() {
    let reading = Reading::default();
    let first = tarball(1, &[("p/a", b"one")]);
    let places = Arc::clone(&reading.places).acquire_many_owned(AT_ONCE as u32).await.unwrap();
    assert_eq!(reading.listing(&first, Duration::ZERO).await, Err(Unreadable::Busy));
    drop(places);
    assert!(reading.listing(&first, LONG).await.is_ok());
}

#[tokio::test]
async fn what_nobody_waits_for_any_more_is_known_to_who_comes_back() {
    let reading = Reading::default();
    let first = tarball(1, &[("p/a", b"one")]);
    {
        // It has a place at once, and is given up.
        let mut hasty = pin!(reading.listing(&first, LONG));
        assert!(hasty.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    // When all places are free again, it is done.
    let _places = Arc::clone(&reading.places).acquire_many_owned(AT_ONCE as u32).await.unwrap();
    assert!(reading.listing(&gone(1), Duration::ZERO).await.is_ok());
}

#[tokio::test]
async fn a_long_listing_has_room() {
    let reading = Reading::default();
    let long: Vec<String> = (0..10_000).map(|number| format!("p/{number:0>80}")).collect();
    let files: Vec<(&str, &[u8])> = long.iter().map(|path| (path.as_str(), &b""[..])).collect();
    reading.listing(&tarball(1, &files), LONG).await.unwrap();
    assert_eq!(reading.listing(&gone(1), LONG).await.unwrap().files.len(), 10_000);
}
