//! The limit of the cache directory: what was used longest ago leaves.
//! Knows nothing of memory.

use crate::asking::{WAYS, eventually};
use crate::support::nopar::TestNopar;
use crate::support::upstream::{FakeUpstream, made_up};

const LIMIT: u64 = 1 << 20;
const PACKAGES: usize = 30;

/// Bytes of all entries' files.
fn size(nopar: &TestNopar) -> u64 {
    let files = nopar.cache_files().into_iter();
    let bytes = files.filter(|file| file.as_bytes().get(2) == Some(&b'/'));
    let bytes = bytes.map(|file| nopar.cache_path().join(file));
    // One that leaves meanwhile has no size.
    bytes.filter_map(|file| Some(std::fs::metadata(file).ok()?.len())).sum()
}

async fn filled() -> (FakeUpstream, TestNopar) {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).env("NOPAR_CACHE_SIZE", "1MiB");
    let nopar = nopar.start().await;
    for number in 0..PACKAGES {
        let name = format!("p{number}");
        let package = upstream.package(&name);
        package.version("1.0.0", |v| v.tarball_size(100_000));
        nopar.get(&format!("/{name}")).await.expect(200);
        nopar.get(&super::path(&name)).await.expect(200);
        // Waits for the fill.
        nopar.get(&super::path(&name)).await.expect(200);
        let small = || size(&nopar) <= LIMIT;
        eventually(&nopar, "a directory below its limit", small).await;
    }
    (upstream, nopar)
}

/// The directory stays below its limit, most of what fits is held, and what left is fetched again,
/// right.
#[tokio::test]
async fn the_directory_stays_below_its_limit() {
    let (upstream, nopar) = filled().await;
    assert!(size(&nopar) > LIMIT / 2, "{} bytes are held", size(&nopar));
    upstream.clear();
    for number in 0..PACKAGES {
        let name = format!("p{number}");
        let tarball = nopar.get(&super::path(&name)).await.expect(200);
        assert!(tarball.body == upstream.tarball(&name, "1.0.0"), "{name}");
        nopar.get(&format!("/{name}")).await.expect(200);
    }
    let again = upstream.count_all();
    assert!(again >= PACKAGES / 2, "{again} things had left");
    assert!(again <= 2 * PACKAGES);
    let small = || size(&nopar) <= LIMIT;
    eventually(&nopar, "a directory below its limit", small).await;
}

/// The limit holds over a restart, also a smaller one.
#[tokio::test]
async fn the_limit_holds_after_a_restart() {
    let (upstream, mut nopar) = filled().await;
    nopar.restart().await;
    assert!(size(&nopar) <= LIMIT);
    assert!(size(&nopar) > LIMIT / 2);
    let tarball = nopar.get(&super::path("p0")).await.expect(200);
    assert!(tarball.body == upstream.tarball("p0", "1.0.0"));
    let small = || size(&nopar) <= LIMIT;
    eventually(&nopar, "a directory below its limit", small).await;
}

/// Something larger than the whole limit is passed on, and leaves again.
#[tokio::test]
async fn what_is_larger_than_the_limit_is_passed_on() {
    let upstream = FakeUpstream::start().await;
    let package = upstream.package("huge");
    package.version("1.0.0", |v| v.tarball_size(3 << 20));
    let nopar = TestNopar::with(&upstream).env("NOPAR_CACHE_SIZE", "1MiB");
    let nopar = nopar.start().await;
    for _ in 0..2 {
        let answer = nopar.get(&super::path("huge")).await.expect(200);
        assert!(answer.body == upstream.tarball("huge", "1.0.0"));
    }
    let small = || size(&nopar) <= LIMIT;
    eventually(&nopar, "a directory below its limit", small).await;
}

/// A packument larger than the whole limit is answered all the same, in every form, each time.
#[tokio::test]
async fn a_packument_larger_than_the_limit_is_answered() {
    let upstream = FakeUpstream::start().await;
    let noise: String = made_up(1, 1_000_000).iter().map(|byte| format!("{byte:02x}")).collect();
    let nopar = TestNopar::with(&upstream).env("NOPAR_CACHE_SIZE", "1MiB");
    let nopar = nopar.start().await;
    for number in 0..5 {
        let name = format!("p{number}");
        let package = upstream.package(&name).readme(&noise);
        package.version("1.0.0", |v| v);
        let packument = upstream.packument(&name);
        for way in WAYS {
            let answer = way.of(&nopar, &name).send().await;
            way.check(&answer, &packument, &nopar.url());
        }
    }
    let small = || size(&nopar) <= LIMIT;
    eventually(&nopar, "a directory below its limit", small).await;
}
