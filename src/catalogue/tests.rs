//! Catalogues of real directories.
//! Knows nothing of upstreams and requests.

mod directory;
mod model;

use super::*;
use crate::cache::{Key, PartsWriter};
use crate::document::gunzip;
use crate::npm::NeedKind;
use crate::search::Query;
use bytes::Bytes;
use directory::{Directory, name, packument};
use std::time::SystemTime;

fn names(listing: &Listing) -> Vec<String> {
    listing.packages().iter().map(|held| held.name.to_string()).collect()
}

#[tokio::test]
async fn a_package_is_told_by_its_packument_and_its_tarballs() {
    let mut directory = Directory::new();
    directory.keep("p/@s/ui", packument("@s/ui", "2.0.0", r#""lib":"^1.0.0""#)).await;
    directory.keep("p/lib", packument("lib", "1.5.0", r#""dep":"*""#)).await;
    for version in ["10.0.0", "9.0.0", "9.0.0-rc.1"] {
        directory.keep(&format!("t/lib/lib-{version}.tgz"), vec![Bytes::from_static(b"x")]).await;
    }
    directory.keep("t/lib/other.tar.gz", vec![Bytes::from_static(b"x")]).await;
    directory.keep("t/alone/alone-1.0.0.tgz", vec![Bytes::from_static(b"x")]).await;
    directory.keep("v/lonely", PartsWriter::default().finish(&[])).await;
    directory.keep("a/lib@1.5.0", PartsWriter::default().finish(&[])).await;
    directory.keep("k/keys", PartsWriter::default().finish(&[])).await;
    let listing = directory.listing();
    assert_eq!(names(&listing), ["@s/ui", "alone", "lib"]);
    assert!(listing.is_whole() && !listing.is_empty() && listing.len() == 3);
    let keys = directory.cache.file_of(&directory.key("k/keys").hash()).unwrap().size();
    let lonely = directory.cache.file_of(&directory.key("v/lonely").hash()).unwrap().size();
    assert_eq!(listing.bytes(), directory.cache.size() - keys - lonely);
    let lib = listing.find(&name("lib")).unwrap();
    assert_eq!((lib.latest(), lib.versions()), (Some("1.5.0"), 1));
    assert_eq!(lib.description(), "What lib is for");
    let versions: Vec<&str> = lib.held_versions.iter().map(|version| &**version).collect();
    assert_eq!(versions, ["other.tar.gz", "9.0.0-rc.1", "9.0.0", "10.0.0"]);
    assert!(lib.has_packument());
    let alone = listing.find(&name("alone")).unwrap();
    assert_eq!((alone.latest(), alone.versions(), alone.has_packument()), (None, 0, false));
    assert!(listing.find(&name("lonely")).is_none());
    // What leaves takes what it told with it.
    directory.cache.remove(&directory.key("p/lib"));
    directory.cache.remove(&directory.key("t/alone/alone-1.0.0.tgz"));
    let listing = directory.listing();
    assert_eq!(names(&listing), ["@s/ui", "lib"]);
    let lib = listing.find(&name("lib")).unwrap();
    assert_eq!((lib.latest(), lib.held_versions.len()), (None, 4));
}

#[tokio::test]
async fn packages_are_found_by_words_and_by_whom_they_need() {
    let mut directory = Directory::new();
    for (package, needs) in [
        ("@s/ui", r#""lib":"^1.0.0","ui":"2""#),
        ("ui", r#""library":"1","lib":"~2""#),
        ("lib", ""),
        ("library", ""),
    ] {
        directory.keep(&format!("p/{package}"), packument(package, "1.0.0", needs)).await;
    }
    let listing = directory.listing();
    let found = |text: &str| -> Vec<String> {
        let found = listing.search(&Query::parse(text).unwrap());
        found.iter().map(|held| held.name.to_string()).collect()
    };
    assert_eq!(found("UI"), ["ui", "@s/ui"]);
    assert_eq!(found("lib"), ["lib", "library"]);
    assert_eq!(found("what scope:s"), ["@s/ui"]);
    assert_eq!(found("*").len(), 4);
    let dependents = |package: &str| -> Vec<String> {
        let needed = listing.dependents(&name(package));
        assert!(needed.iter().all(|it| it.kind == NeedKind::Dependency));
        needed.iter().map(|it| format!("{} {}", it.held.name, it.range)).collect()
    };
    assert_eq!(dependents("lib"), ["@s/ui ^1.0.0", "ui ~2"]);
    assert_eq!(dependents("library"), ["ui 1"]);
    assert_eq!(dependents("@s/ui"), [""; 0]);
}

#[tokio::test]
async fn what_was_asked_for_is_known() {
    let mut directory = Directory::new();
    directory.keep("p/a", packument("a", "1.0.0", "")).await;
    directory.keep("t/a/a-1.0.0.tgz", vec![Bytes::from_static(b"x")]).await;
    let hour = Duration::from_secs(3600);
    directory.clock.advance(hour);
    let fetched = directory.listing().packages()[0].fetched;
    let to_seconds = |time: SystemTime| clock::to_millis(time) / 1000;
    let asked = |directory: &mut Directory| {
        let listing = directory.listing();
        (to_seconds(listing.packages()[0].asked), listing.packages()[0].requests)
    };
    assert_eq!(asked(&mut directory), (to_seconds(fetched), 0));
    let entry = directory.cache.get(&directory.key("p/a")).await.unwrap();
    let tarball = directory.cache.get(&directory.key("t/a/a-1.0.0.tgz")).await.unwrap();
    let now = directory.clock.now();
    (0..3).for_each(|_| directory.cache.touch(&entry, now));
    directory.cache.used(&tarball);
    assert_eq!(asked(&mut directory), (to_seconds(now), 4));
    assert_eq!(asked(&mut directory), (to_seconds(now), 4), "each counts once");
    // Another generation begins to count anew, and nothing is lost.
    directory.keep("p/a", packument("a", "1.0.1", "")).await;
    directory.cache.used(&tarball);
    assert_eq!(asked(&mut directory), (to_seconds(now), 5));
    directory.clock.advance(hour);
    assert_eq!(asked(&mut directory).1, 0, "that was an hour ago");
    directory.restart();
    let listing = directory.listing();
    assert!(listing.packages()[0].asked >= fetched, "as far as the files tell");
}

/// All hits since the start came back as those of the present quarter.
#[tokio::test]
async fn what_was_counted_before_everything_is_looked_at_anew_counts_once() {
    let mut directory = Directory::new();
    directory.keep("p/a", packument("a", "1.0.0", "")).await;
    let entry = directory.cache.get(&directory.key("p/a")).await.unwrap();
    directory.clock.advance(Duration::from_secs(3600));
    let now = directory.clock.now();
    (0..7).for_each(|_| directory.cache.touch(&entry, now));
    assert_eq!(directory.listing().packages()[0].requests, 7);
    directory.catalogue.start_anew();
    assert_eq!(directory.listing().packages()[0].requests, 0);
    (0..2).for_each(|_| directory.cache.touch(&entry, now));
    // What came in since was not counted, however late it is looked at.
    directory.clock.advance(Duration::from_secs(1));
    directory.keep("p/b", packument("b", "1.0.0", "")).await;
    let entry = directory.cache.get(&directory.key("p/b")).await.unwrap();
    (0..3).for_each(|_| directory.cache.touch(&entry, now));
    let listing = directory.listing();
    let requests: Vec<u32> = listing.packages().iter().map(|held| held.requests).collect();
    assert_eq!(requests, [2, 3]);
}

/// A copy that was discarded by a button stood on the list that was shown next.
#[tokio::test]
async fn what_somebody_did_is_listed_at_once() {
    let mut directory = Directory::new();
    let hash = |directory: &Directory, package: &str| directory.key(&format!("p/{package}")).hash();
    for package in ["a", "b"] {
        directory.keep(&format!("p/{package}"), packument(package, "1.0.0", "")).await;
    }
    directory.keep("t/a/a-1.0.0.tgz", vec![Bytes::from_static(b"x")]).await;
    directory.follow();
    assert_eq!(names(&directory.catalogue.listing()), ["a", "b"]);
    // Whoever follows does nothing from here on.
    directory.cache.remove(&directory.key("p/a"));
    directory.cache.remove(&directory.key("t/a/a-1.0.0.tgz"));
    directory.keep("p/b", packument("b", "2.0.0", "")).await;
    directory.keep("p/c", packument("c", "1.0.0", "")).await;
    assert_eq!(names(&directory.catalogue.listing()), ["a", "b"]);
    for package in ["a", "b", "c"] {
        directory.catalogue.look_again_at(&name(package), &hash(&directory, package));
    }
    assert!(directory.catalogue.at_rest().is_none());
    {
        // Also where another one is just being made: that may have begun before.
        let _making = directory.catalogue.making.lock();
        assert!(directory.catalogue.at_rest().is_none());
    }
    let listing = directory.catalogue.listing();
    assert_eq!(names(&listing), ["b", "c"]);
    assert_eq!(listing.packages()[0].latest(), Some("2.0.0"));
    assert!(directory.catalogue.at_rest().is_some_and(|it| Arc::ptr_eq(&it, &listing)));
}

/// More packages than have their turn under one lock; and who asks whether a listing is due waits for no lock.
#[tokio::test]
async fn requests_are_heard_of_in_slices() {
    let mut directory = Directory::new();
    let many: Vec<String> = (0..600).map(|number| format!("p{number:03}")).collect();
    for package in &many {
        let key = format!("t/{package}/{package}-1.0.0.tgz");
        directory.keep(&key, vec![Bytes::from_static(b"x")]).await;
        directory.cache.used(&directory.cache.get(&directory.key(&key)).await.unwrap());
    }
    let listing = directory.listing();
    assert_eq!(listing.len(), 600);
    assert!(listing.packages().iter().all(|held| held.requests == 1));
    let mut shelves = directory.catalogue.shelves.lock();
    let last = shelves.hear(directory.cache, 0, None, 256).unwrap();
    assert_eq!(last.as_str(), "p255");
    let last = shelves.hear(directory.cache, 0, Some(&name("p511").into()), 256);
    assert_eq!(last, None);
    let long_ago = Instant::now().checked_sub(Duration::from_secs(2)).unwrap();
    let making = Making { last: Some((long_ago, Duration::ZERO)), seen: u64::MAX };
    *directory.catalogue.making.lock() = making;
    assert!(directory.catalogue.at_rest().is_none());
}

#[tokio::test]
async fn what_came_from_another_upstream_is_not_listed() {
    let mut directory = Directory::new();
    let elsewhere = "https://other.example";
    directory.keep("p/a", packument("a", "1.0.0", "")).await;
    let key = Key::packument(elsewhere, &name("b"));
    directory.cache.keep(key, packument("b", "1.0.0", "")).await.unwrap();
    let key = Key::packument(elsewhere, &name("a"));
    directory.cache.keep(key, packument("a", "9.0.0", "")).await.unwrap();
    let listing = directory.listing();
    assert_eq!(names(&listing), ["a"]);
    assert_eq!(listing.packages()[0].latest(), Some("1.0.0"));
}

#[tokio::test]
async fn what_finds_no_room_is_told_and_comes_when_there_is_some() {
    let mut directory = Directory::new();
    for (most_packages, most_files) in [(2, 100), (100, 2)] {
        directory.catalogue.shelves.lock().limit(most_packages, most_files);
        directory.cache.changes().look_again();
        for package in ["a", "b", "c"] {
            directory.keep(&format!("p/{package}"), packument(package, "1.0.0", "")).await;
        }
        let listing = directory.listing();
        assert!(listing.len() == 2 && !listing.is_whole(), "{most_packages} {most_files}");
        let there = names(&listing);
        directory.cache.remove(&directory.key(&format!("p/{}", there[0])));
        directory.follow();
        assert!(directory.catalogue.shelves.lock().is_to_be_looked_through());
        directory.cache.changes().look_again();
        let listing = directory.listing();
        assert!(listing.len() == 2 && listing.is_whole());
        assert!(!names(&listing).contains(&there[0]));
    }
}

#[tokio::test]
async fn what_is_damaged_is_left_for_who_asks_for_it() {
    let mut directory = Directory::new();
    for package in ["a", "b", "c"] {
        directory.keep(&format!("p/{package}"), packument(package, "1.0.0", "")).await;
    }
    let path = |package: &str| {
        let hash = directory.key(&format!("p/{package}")).hash();
        directory.path_of(&directory.cache.file_of(&hash).unwrap())
    };
    let (a, b) = (path("a"), path("b"));
    directory.spoil(&a, 70);
    // Its head is right, and its document is not.
    directory.spoil(&b, 520);
    directory.restart();
    let listing = directory.listing();
    assert_eq!(names(&listing), ["b", "c"]);
    assert_eq!((listing.packages()[0].latest(), listing.packages()[0].versions()), (None, 0));
    assert_eq!(directory.cache.len(), 3);
    // Who asks finds that out, and the catalogue hears of it.
    assert!(directory.cache.get(&directory.key("p/a")).await.is_none());
    directory.keep("p/b", packument("b", "1.0.1", "")).await;
    let listing = directory.listing();
    assert_eq!(names(&listing), ["b", "c"]);
    assert_eq!(listing.packages()[0].latest(), Some("1.0.1"));
}

/// Entries of an older NOPAR say nothing in short, and are read from their sources.
#[test]
fn what_an_older_nopar_has_kept_is_known_too() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut directory = Directory::new();
    let new: Bytes = packument("a", "3.0.0", r#""b":"1""#).concat().into();
    let parts = crate::cache::Parts::read(&new, 5).unwrap();
    let part = |number: usize| {
        let (at, len) = parts.range(number).unwrap();
        new.slice(at as usize..(at + len) as usize)
    };
    let mut head: serde_json::Value = serde_json::from_slice(&part(0)).unwrap();
    head.as_object_mut().unwrap().remove("brief").unwrap();
    assert!(!gunzip(&part(4), 1 << 20).unwrap().is_empty());
    let writer = PartsWriter::default().part(Bytes::from(serde_json::to_vec(&head).unwrap()));
    let writer = (1..5).fold(writer, |writer, number| writer.part(part(number)));
    runtime.block_on(directory.keep("p/a", writer.finish(&[0, 2, 3, 1, 4])));
    let listing = directory.listing();
    let held = &listing.packages()[0];
    assert_eq!((held.latest(), held.description()), (Some("3.0.0"), "What a is for"));
    assert_eq!(listing.dependents(&name("b")).len(), 1);
}

#[tokio::test]
async fn a_listing_is_made_no_more_often_than_it_may() {
    let mut directory = Directory::new();
    directory.keep("p/a", packument("a", "1.0.0", "")).await;
    let first = directory.catalogue.listing();
    assert!(first.is_empty(), "nobody has followed yet");
    directory.follow();
    assert!(Arc::ptr_eq(&first, &directory.catalogue.listing()));
    {
        let making = directory.catalogue.making.lock();
        // Whoever comes while one is made waits for nothing.
        assert!(Arc::ptr_eq(&first, &directory.catalogue.listing()));
        assert!(!making.is_due(|| u64::MAX));
    }
    let ago = |seconds: u64, took: Duration| {
        let when = Instant::now().checked_sub(Duration::from_secs(seconds)).unwrap();
        Making { last: Some((when, took)), seen: 7 }
    };
    assert!(ago(2, Duration::ZERO).is_due(|| 8));
    assert!(!ago(2, Duration::ZERO).is_due(|| 7), "nothing has changed");
    assert!(ago(11, Duration::ZERO).is_due(|| 7), "but it may have been asked for");
    assert!(!ago(2, Duration::from_millis(200)).is_due(|| 8), "it takes too long for that");
    assert!(directory.catalogue.at_rest().is_some_and(|it| Arc::ptr_eq(&it, &first)));
    *directory.catalogue.making.lock() = ago(2, Duration::ZERO);
    assert!(directory.catalogue.at_rest().is_none());
    assert_eq!(names(&directory.catalogue.listing()), ["a"]);
}

/// Waits until what is listed is that.
fn wait_for(catalogue: &Catalogue, expected: &[&str]) {
    let since = Instant::now();
    while names(&catalogue.listing_now()) != expected {
        assert!(since.elapsed() < Duration::from_secs(30), "{expected:?} is not listed");
        std::thread::yield_now();
    }
}

#[tokio::test]
async fn a_thread_keeps_it_until_it_is_told_not_to() {
    let directory = Directory::new();
    directory.keep("p/a", packument("a", "1.0.0", "")).await;
    drop(directory.catalogue.keep());
    let keeper = directory.catalogue.keep();
    wait_for(&directory.catalogue, &["a"]);
    directory.keep("p/b", packument("b", "1.0.0", "")).await;
    wait_for(&directory.catalogue, &["a", "b"]);
    directory.cache.remove(&directory.key("p/a"));
    wait_for(&directory.catalogue, &["b"]);
    drop(keeper);
    directory.keep("p/c", packument("c", "1.0.0", "")).await;
    assert_eq!(names(&directory.catalogue.listing_now()), ["b"]);
    let keeper = directory.catalogue.keep();
    wait_for(&directory.catalogue, &["b", "c"]);
    drop(keeper);
}

#[test]
fn a_usual_package_takes_few_bytes() {
    let needs =
        r#""one-package":"^1.0.0","another":"^2.3.4","@scope/third":"~1.2.0","fourth":"3.x""#;
    let built = packument("usual-name", "1.2.3", needs).concat();
    let crate::document::Glimpse::Brief(brief) = crate::document::Glimpse::read(&built).unwrap()
    else {
        panic!("it is told in the head")
    };
    let said = held::Said::by(&name("usual-name"), brief);
    assert!(said.size() < 350, "{}", said.size());
    assert!(size_of::<Package>() + size_of::<Held>() < 150);
}
