//! A disk that fails at any step, and a process that ends there.
//! Knows nothing of which steps there are: it tries them one after the other until none is left.

use super::{DiskStore, Step, directory, everything, open};
use crate::npm::PackageName;
use crate::store::conformance::{bytes_of, name, publish, unpublish, versions};
use crate::store::{Store, StoreError};
use parking_lot::Mutex;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tempfile::TempDir;

/// What is done while the disk fails, to a package that has 1.0.0 and 1.1.0, or to a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    Publish,
    PublishFirst,
    PublishFirstOfScope,
    Unpublish,
}

const ALL: [Work; 4] =
    [Work::Publish, Work::PublishFirst, Work::PublishFirstOfScope, Work::Unpublish];

impl Work {
    fn name(self) -> PackageName {
        name(match self {
            Work::Publish | Work::Unpublish => "x",
            Work::PublishFirst => "new",
            Work::PublishFirstOfScope => "@s/new",
        })
    }

    async fn carry_out(self, store: &DiskStore) -> Result<(), StoreError> {
        match self {
            Work::Unpublish => unpublish(store, &self.name(), "1.0.0").await,
            _ => publish(store, &self.name(), "2.0.0", &bytes_of("2.0.0")).await.map(drop),
        }
    }

    fn before(self) -> &'static [&'static str] {
        if self.name() == name("x") { &["1.0.0", "1.1.0"] } else { &[] }
    }

    fn after(self) -> &'static [&'static str] {
        match self {
            Work::Publish => &["1.0.0", "1.1.0", "2.0.0"],
            Work::Unpublish => &["1.1.0"],
            _ => &["2.0.0"],
        }
    }
}

async fn prepared() -> (TempDir, DiskStore) {
    let home = directory();
    let store = open(home.path());
    for version in ["1.0.0", "1.1.0"] {
        publish(&store, &name("x"), version, &bytes_of(version)).await.unwrap();
    }
    (home, store)
}

/// The same, once more: copied, which waits for no disk.
fn prepared_like(home: &TempDir) -> (TempDir, DiskStore) {
    let copy = directory();
    std::fs::create_dir(copy.path().join("x")).unwrap();
    for (path, bytes) in
        everything(home.path()).iter().filter(|(path, _)| path.extension().is_some())
    {
        std::fs::write(copy.path().join(path), bytes).unwrap();
    }
    let store = open(copy.path());
    // Makes the folder of unfinished files: that is no step.
    store.inner.workspace().unwrap();
    (copy, store)
}

/// Which of the steps from now on fail.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Failing {
    /// This one alone.
    One(usize),
    /// These two: the second one perhaps while the change is taken back.
    Two(usize, usize),
    /// This one and all after it, as after a crash, and as on a disk that is gone.
    From(usize),
}

/// Lets steps fail; returns the first that did.
pub(super) fn fail(
    store: &DiskStore,
    failing: Failing,
    code: i32,
) -> Arc<Mutex<Option<(Step, PathBuf)>>> {
    let number = AtomicUsize::new(0);
    let failed: Arc<Mutex<Option<(Step, PathBuf)>>> = Arc::default();
    let first = Arc::clone(&failed);
    store.watch(Some(Arc::new(move |step: Step, path: &Path| {
        let number = number.fetch_add(1, Ordering::SeqCst);
        let fails = match failing {
            Failing::One(one) => number == one,
            Failing::Two(one, other) => number == one || number == other,
            Failing::From(from) => number >= from,
        };
        if !fails {
            return Ok(());
        }
        first.lock().get_or_insert_with(|| (step, path.to_owned()));
        Err(io::Error::from_raw_os_error(code))
    })));
    failed
}

fn is_kind_of(error: &StoreError, code: i32) -> bool {
    match code {
        libc::ENOSPC => matches!(error, StoreError::Full { .. }),
        libc::EROFS => matches!(error, StoreError::Denied { .. }),
        _ => matches!(error, StoreError::Io { .. }),
    }
}

#[tokio::test]
async fn a_fault_at_any_step_leaves_what_was_there() {
    for code in [libc::ENOSPC, libc::EIO, libc::EROFS] {
        for work in ALL {
            let (home, store) = prepared().await;
            for number in 0.. {
                let before = everything(home.path());
                let failed = fail(&store, Failing::One(number), code);
                let done = work.carry_out(&store).await;
                store.watch(None);
                store.tidied().await;
                let Some((step, path)) = failed.lock().clone() else {
                    done.unwrap();
                    assert!(number >= 5, "{work:?} has only {number} steps");
                    break;
                };
                let at = format!("{work:?}, step {number}: {step:?} {}", path.display());
                if (step, work) == (Step::Remove, Work::Unpublish) {
                    // After the commit point: the tarball stays, and nothing names it.
                    done.expect(&at);
                    assert_eq!(versions(&store, &work.name()).await, work.after(), "{at}");
                    break;
                }
                let error = done.expect_err(&at);
                assert!(is_kind_of(&error, code), "{at}: {error}");
                let shown = error.to_string();
                assert!(
                    !shown.contains(home.path().to_str().unwrap()) || path == home.path().join("")
                );
                let mut after = everything(home.path());
                // A scope without packages is nothing.
                after.retain(|path, _| path != Path::new("@s") || before.contains_key(path));
                assert!(after == before, "{at} left {:?}, not {:?}", after.keys(), before.keys());
                assert_eq!(versions(&store, &work.name()).await, work.before(), "{at}");
            }
            assert_eq!(versions(&store, &work.name()).await, work.after(), "{work:?}");
        }
    }
}

/// Nothing can be taken back either. What is there is the old or the new, and an answer is never wrong.
#[tokio::test]
async fn after_a_crash_at_any_step_a_change_is_complete_or_absent() {
    let (first, _) = prepared().await;
    for work in ALL {
        for number in 0.. {
            let (home, store) = prepared_like(&first);
            let failed = fail(&store, Failing::From(number), libc::EIO);
            let done = work.carry_out(&store).await;
            store.tidied().await;
            let Some((step, path)) = failed.lock().clone() else {
                done.unwrap();
                break;
            };
            let at = format!("{work:?}, step {number}: {step:?} {}", path.display());
            // The system lets go of its locks; its files stay, as it may not remove anything.
            drop(store);
            let store = open(home.path());
            let found = versions(&store, &work.name()).await;
            assert!(found == work.before() || found == work.after(), "{at}: {found:?}");
            if done.is_ok() {
                assert_eq!(found, work.after(), "{at}");
            }
            let unfinished =
                everything(home.path()).into_keys().filter(|it| it.starts_with(".nopar"));
            assert_eq!(unfinished.collect::<Vec<_>>(), Vec::<PathBuf>::new(), "{at}");
            let folders = std::fs::read_dir(home.path().join(".nopar/tmp")).unwrap().count();
            assert_eq!(folders, 0, "{at}");
            // And it goes on from there.
            if found != work.after() {
                work.carry_out(&store).await.expect(&at);
            }
            assert_eq!(versions(&store, &work.name()).await, work.after(), "{at}");
            let report = store.report().unwrap();
            assert!(report.problems.is_empty(), "{at}: {:?}", report.problems);
        }
    }
}

/// A change that can neither be made nor be taken back is made or not, and never half. If it may be made, the error says
/// so.
#[tokio::test]
async fn a_fault_while_a_change_is_taken_back_leaves_no_half() {
    let (first, _) = prepared().await;
    for work in [Work::Publish, Work::PublishFirst] {
        let (mut number, mut doubts) = (0, 0);
        loop {
            // As many steps as there can be between a fault and the end of what is done about it.
            let mut done = false;
            for later in 1..8 {
                let (home, store) = prepared_like(&first);
                let failed = fail(&store, Failing::Two(number, number + later), libc::EIO);
                let outcome = work.carry_out(&store).await;
                done = outcome.is_ok();
                let is_in_doubt = matches!(outcome, Err(StoreError::InDoubt { .. }));
                doubts += usize::from(is_in_doubt);
                store.tidied().await;
                store.watch(None);
                let at = format!("{work:?}, {number} and {later} later: {:?}", failed.lock());
                assert_eq!(done, failed.lock().is_none(), "{at}");
                for store in [&store, &open(home.path())] {
                    let found = versions(store, &work.name()).await;
                    assert!(found == work.before() || found == work.after(), "{at}: {found:?}");
                    let is_known = done || is_in_doubt || found == work.before();
                    assert!(is_known, "{at}: it was made, and said to have failed");
                }
            }
            if done {
                assert!(doubts > 0, "{work:?} was never in doubt");
                break;
            }
            number += 1;
        }
    }
}

/// The tarball of a publish that never was is not in the way of the next one, nor of its bytes.
#[tokio::test]
async fn a_tarball_that_no_document_names_is_replaced() {
    let (home, store) = prepared().await;
    let x = name("x");
    std::fs::write(home.path().join("x/x-2.0.0.tgz"), "half of a").unwrap();
    assert_eq!(versions(&store, &x).await, ["1.0.0", "1.1.0"]);
    assert!(publish(&store, &x, "2.0.0", &bytes_of("2.0.0")).await.unwrap());
    assert_eq!(versions(&store, &x).await, ["1.0.0", "1.1.0", "2.0.0"]);
}

/// An upload to a disk that failed is of no use, also when the disk works again.
#[tokio::test]
async fn an_upload_that_failed_stays_failed() {
    use crate::store::conformance::{file, upload};
    use crate::store::{Change, Upload};
    let (home, store) = prepared().await;
    let x = name("x");
    let before = everything(home.path());
    let mut begun = upload(&store, b"the beginning").await.unwrap();
    let failed = fail(&store, Failing::One(0), libc::ENOSPC);
    let bytes = bytes::Bytes::from(bytes_of("2.0.0"));
    let full = begun.write(bytes.clone()).await;
    assert!(matches!(full, Err(StoreError::Full { .. })) && failed.lock().is_some());
    store.watch(None);
    assert!(begun.write(bytes.slice(..9)).await.is_err());
    assert!(begun.write(bytes).await.is_err());
    let stored = store.document(&x).await.unwrap().unwrap();
    let add: Vec<(_, Box<dyn Upload>)> = vec![(file(&x, "2.0.0"), begun)];
    let change = Change { document: stored.document, add, remove: Vec::new() };
    assert!(store.commit(&x, Some(&stored.tag), change).await.is_err());
    store.tidied().await;
    assert_eq!(everything(home.path()), before);
}
