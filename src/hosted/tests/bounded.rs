//! Crowds that ask for long documents: who reads them, and how many are in memory at once.
//! Knows nothing of bytes of memory: documents are counted from when they are read until they are gone.

use super::*;
use std::thread::available_parallelism;

const CROWD: usize = 60;
/// Longer than what is worked on where it is asked for.
const LONG: usize = 20 << 10;

fn x() -> PackageName {
    "x".parse().unwrap()
}

/// The members of a long document with as many versions as there are in a crowd.
fn long(number: usize) -> String {
    let versions: Vec<String> = (0..CROWD)
        .map(|patch| format!(r#""1.0.{patch}":{{"name":"x","version":"1.0.{patch}"}}"#))
        .collect();
    let (text, versions) = ("x".repeat(LONG), versions.join(","));
    format!(r#""number":{number},"text":"{text}","versions":{{{versions}}}"#)
}

/// What all of a crowd get who ask whose the name is at once: the generation, or why not.
async fn ask_all(hosted: &Arc<Hosted>) -> Vec<Result<u64, String>> {
    let mut crowd = JoinSet::new();
    for _ in 0..CROWD {
        let hosted = Arc::clone(hosted);
        crowd.spawn(async move {
            match hosted.authority(&x()).await {
                Ok(Authority::Own(package)) => Ok(package.id()),
                Ok(other) => panic!("{other:?}"),
                Err(error) => Err(error.to_string()),
            }
        });
    }
    crowd.join_all().await
}

#[tokio::test]
async fn a_crowd_reads_a_document_once_after_a_change() {
    let (store, hosted) = hosted();
    let mut before = None;
    for number in 0..3 {
        put(&store, &x(), &long(number), None).await;
        let told = ask_all(&hosted).await;
        assert!(told.iter().all(|one| one.is_ok() && *one == told[0]), "{told:?}");
        assert_ne!(before.as_ref(), told.first(), "a generation of its own");
        before = told.first().cloned();
        assert_eq!(store.read().0, 1);
    }
}

/// Each of those who waited tries it again in its turn, until one succeeds.
#[tokio::test]
async fn a_reading_that_fails_is_told_to_one_and_not_remembered() {
    let (store, hosted) = hosted();
    put(&store, &x(), &long(0), None).await;
    store.failing.store(2, Ordering::Relaxed);
    let told = ask_all(&hosted).await;
    assert_eq!(told.iter().filter(|one| one.is_err()).count(), 2);
    assert_eq!(store.read().0, 3);
    assert!(ask_all(&hosted).await.iter().all(Result::is_ok));
    assert_eq!(store.read().0, 0);
}

/// As many are read at once as there are cores, and of those that are longer than half of the room one.
#[tokio::test]
async fn sixty_manifests_of_a_document_are_made_by_turns() {
    let cores = available_parallelism().map_or(2, usize::from).max(2);
    for (claimed, most) in [(0, cores), (40 << 20, 1)] {
        let (store, hosted) = hosted();
        put(&store, &x(), &long(0), None).await;
        store.claimed.store(claimed, Ordering::Relaxed);
        let package = own(&hosted, &x()).await;
        store.read();
        let mut crowd = JoinSet::new();
        for patch in 0..CROWD {
            let (hosted, package) = (Arc::clone(&hosted), Arc::clone(&package));
            let wanted = Want::Manifest(format!("1.0.{patch}").parse().unwrap());
            let ask = ask(&x(), wanted);
            crowd.spawn(async move { hosted.view(&package, &ask).await.unwrap().body.len() });
        }
        assert!(crowd.join_all().await.iter().all(|len| *len > 0));
        assert_eq!(store.read().0, CROWD);
        let held = store.hands.most.load(Ordering::SeqCst);
        assert!((1..=most).contains(&held), "{held} at once, of {claimed} bytes each");
        assert_eq!(store.hands.now.load(Ordering::SeqCst), 0, "all are gone");
    }
}

/// A stamp may be that of the document before: what is long is worked on elsewhere all the same, and takes room.
#[tokio::test]
async fn what_has_become_long_meanwhile_takes_room() {
    let (store, hosted) = hosted();
    put(&store, &x(), &long(0), None).await;
    store.claimed.store(1, Ordering::Relaxed);
    let here = std::thread::current().id();
    let worked = hosted.work_on(&x(), 0, |_| std::thread::current().id()).await.unwrap().unwrap();
    assert!(worked.done != here && worked.room.is_some());
    drop(worked);
    // What is short takes none, unless there is much beside it.
    put(&store, &x(), r#""versions":{"1.0.0":{}}"#, None).await;
    for (beside, is_long) in [(0, false), (LONG, true)] {
        let worked = hosted.work_on(&x(), beside, |_| ()).await.unwrap().unwrap();
        assert_eq!(worked.room.is_some(), is_long, "{beside}");
    }
}
