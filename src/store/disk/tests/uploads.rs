//! What uploads take of memory, and which threads remove what nobody wants.
//! Knows nothing of commits.

use super::{DiskStore, Step, directory, everything, is_unfinished, open};
use crate::store::Upload;
use crate::store::conformance::upload;
use crate::store::disk::gathered::{LARGE, LARGE_ONES, SMALL};
use crate::store::disk::upload::DiskUpload;
use bytes::Bytes;
use parking_lot::Mutex;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::thread::{self, ThreadId};

/// Four hundred who sent 255,000 bytes each, and then nothing, took 170 MB.
#[tokio::test]
async fn many_who_stall_take_bounded_memory() {
    let home = directory();
    let store = open(home.path());
    let workspace = store.inner.workspace().unwrap();
    let sent: Bytes = (0..255_000_u32).map(|number| (number % 251) as u8).collect();
    let mut uploads = Vec::new();
    for _ in 0..200 {
        let mut upload = DiskUpload::begin(&workspace).unwrap();
        for piece in sent.chunks(48 << 10) {
            upload.write(sent.slice_ref(piece)).await.unwrap();
        }
        uploads.push(upload);
    }
    let held: Vec<usize> = uploads.iter().map(DiskUpload::held).collect();
    assert!(held.iter().all(|held| *held <= SMALL || *held == LARGE), "{held:?}");
    let large = held.iter().filter(|held| **held == LARGE).count();
    assert!(large <= LARGE_ONES, "{large} have large buffers");
    // With a large buffer or without, the bytes are those that were sent.
    for (number, held) in [(0, held[0]), (199, held[199])] {
        let upload = &mut uploads[number];
        upload.settle().unwrap();
        assert_eq!(upload.held(), 0, "a buffer of {held} is held to no end");
        let place = home.path().join(number.to_string());
        upload.name(&place).unwrap();
        assert!(fs::read(place).unwrap() == sent, "with a buffer of {held}");
    }
}

fn unfinished(root: &Path) -> usize {
    everything(root).keys().filter(|path| is_unfinished(path)).count()
}

/// Notes which threads remove files.
fn removers(store: &DiskStore) -> Arc<Mutex<Vec<ThreadId>>> {
    let removers: Arc<Mutex<Vec<ThreadId>>> = Arc::default();
    let heard = Arc::clone(&removers);
    store.watch(Some(Arc::new(move |step: Step, _: &Path| {
        if step == Step::Remove {
            heard.lock().push(thread::current().id());
        }
        Ok(())
    })));
    removers
}

/// The files of refused publishes of some hundred megabytes were removed by threads that answer others.
#[tokio::test]
async fn who_drops_an_upload_does_not_wait_for_the_disk() {
    let home = directory();
    let store = open(home.path());
    let removers = removers(&store);
    let begun = upload(&store, b"bytes").await.unwrap();
    assert_eq!(unfinished(home.path()), 1);
    drop(begun);
    store.tidied().await;
    assert_eq!(unfinished(home.path()), 0);
    let removers = removers.lock().clone();
    assert_eq!(removers.len(), 1);
    assert_ne!(removers[0], thread::current().id());
}

#[test]
fn without_a_runtime_an_upload_is_removed_in_place() {
    let home = directory();
    let store = open(home.path());
    let removers = removers(&store);
    let begin = |runtime: &tokio::runtime::Runtime| {
        let begun = runtime.block_on(upload(&store, b"bytes")).unwrap();
        assert_eq!(unfinished(home.path()), 1);
        begun
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    drop(begin(&runtime));
    assert_eq!(unfinished(home.path()), 0);
    // One that has ended takes no more work; nothing stays for that.
    let begun = begin(&runtime);
    let ended = runtime.handle().clone();
    drop(runtime);
    let entered = ended.enter();
    drop(begun);
    drop(entered);
    assert_eq!(unfinished(home.path()), 0);
    assert_eq!(*removers.lock(), [thread::current().id(); 2]);
}
