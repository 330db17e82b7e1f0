//! The cache directory against a model of it in memory: fills, reads, evictions, damage, restarts and
//! crashes in any order.
//! Knows nothing of HTTP; does by hand what pingora-cache does around a `Storage`.

mod fills;
mod world;

use proptest::prelude::*;
use world::World;

/// How many keys there are; the first half are packuments'.
const KEYS: usize = 4;
/// Room for about three of the larger bodies.
const LIMIT: u64 = 700_000;

/// Something that happens to a directory. Numbers are taken modulo what there is.
#[derive(Clone, Debug)]
enum Step {
    Begin {
        key: usize,
        size: usize,
        flaw: Flaw,
    },
    Write {
        fill: usize,
        len: usize,
    },
    Finish {
        fill: usize,
    },
    Cancel {
        fill: usize,
    },
    Read {
        key: usize,
        range: Option<(usize, usize)>,
    },
    Purge {
        key: usize,
    },
    PurgeLate {
        key: usize,
    },
    /// Requests that found something tell the eviction order; it may have left meanwhile.
    Touch,
    Confirm {
        key: usize,
        seconds: u64,
    },
    Damage {
        key: usize,
        at: usize,
    },
    Cut {
        key: usize,
        left: usize,
    },
    Delete {
        key: usize,
    },
    Settle,
    Restart,
    Crash,
}

/// What is wrong with a body, if anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    None,
    /// Its length was promised, and is right.
    Promised,
    /// Another length was promised.
    Length,
    /// Its digest is not the one that was said.
    Digest,
    /// It is longer than what is kept, which shows while it comes in.
    TooLong,
}

fn step() -> impl Strategy<Value = Step> {
    let key = 0..KEYS;
    let fill = 0..8_usize;
    let size = prop::sample::select(vec![0, 1, 1000, 65_536, 100_000, 262_144, 262_145, 300_000]);
    let flaw = prop_oneof![
        6 => Just(Flaw::None),
        3 => Just(Flaw::Promised),
        1 => Just(Flaw::Length),
        1 => Just(Flaw::Digest),
        1 => Just(Flaw::TooLong),
    ];
    let len = prop::sample::select(vec![1, 999, 70_000, 262_144, 400_000]);
    let range = prop::option::weighted(0.3, (any::<usize>(), any::<usize>()));
    prop_oneof![
        12 => (key.clone(), size, flaw).prop_map(|(key, size, flaw)| Step::Begin { key, size, flaw }),
        12 => (fill.clone(), len).prop_map(|(fill, len)| Step::Write { fill, len }),
        10 => fill.clone().prop_map(|fill| Step::Finish { fill }),
        2 => fill.prop_map(|fill| Step::Cancel { fill }),
        12 => (key.clone(), range).prop_map(|(key, range)| Step::Read { key, range }),
        1 => key.clone().prop_map(|key| Step::Purge { key }),
        2 => key.clone().prop_map(|key| Step::PurgeLate { key }),
        4 => Just(Step::Touch),
        2 => (key.clone(), 0..1000_u64).prop_map(|(key, seconds)| Step::Confirm { key, seconds }),
        2 => (key.clone(), any::<usize>()).prop_map(|(key, at)| Step::Damage { key, at }),
        1 => (key.clone(), any::<usize>()).prop_map(|(key, left)| Step::Cut { key, left }),
        1 => key.prop_map(|key| Step::Delete { key }),
        3 => Just(Step::Settle),
        2 => Just(Step::Restart),
        2 => Just(Step::Crash),
    ]
}

/// One thread for the runtime and one for file work: files leave in the order they were told to,
/// and who waits for a piece of such work has waited for all before it.
fn runtime() -> tokio::runtime::Runtime {
    let builder = &mut tokio::runtime::Builder::new_current_thread();
    builder.max_blocking_threads(1).enable_all().build().unwrap()
}

/// A request that found something just before it left must not bring its weight back.
#[test]
fn what_has_left_is_not_counted_because_somebody_read_it() {
    runtime().block_on(async {
        let mut world = World::new().await;
        let begin = |key| Step::Begin { key, size: 1000, flaw: Flaw::None };
        for key in [0, 1] {
            world.take(begin(key)).await;
            world.take(Step::Finish { fill: 0 }).await;
            world.take(Step::Read { key, range: None }).await;
        }
        world.take(Step::Purge { key: 0 }).await;
        world.take(begin(1)).await;
        world.take(Step::Finish { fill: 0 }).await;
        world.take(Step::Touch).await;
        world.settle().await;
    });
}

/// A kill may come after a file was replaced and before it is removed: the next start removes it, and
/// does not count it.
#[test]
fn a_replaced_file_that_a_kill_left_is_not_counted() {
    runtime().block_on(async {
        let mut world = World::new().await;
        for _ in 0..2 {
            world.take(Step::Begin { key: 0, size: 1000, flaw: Flaw::None }).await;
            world.take(Step::Finish { fill: 0 }).await;
        }
        world.take(Step::Crash).await;
    });
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 96, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn a_directory_does_what_its_model_does(steps in prop::collection::vec(step(), 1..60)) {
        runtime().block_on(async {
            let mut world = World::new().await;
            for step in steps {
                world.take(step).await;
            }
            world.cancel_all().await;
            world.settle().await;
            world.crash().await;
            world.settle().await;
        });
    }
}
