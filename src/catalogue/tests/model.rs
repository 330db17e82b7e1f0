//! A catalogue against the directory it is of: fills, removals, evictions, other processes, lost events and restarts in
//! any order.
//! Knows nothing of how the catalogue follows.

use super::directory::{Directory, UPSTREAM, packument};
use crate::cache::{DiskCache, Key, Looked, PartsWriter};
use bytes::Bytes;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

/// Room for about half of what there is.
const LIMIT: u64 = 14_000;
const PACKAGES: [&str; 3] = ["a", "@s/b", "c"];
/// Of each package: its packument, two tarballs, a view, attestations.
const THINGS: usize = 5;

#[derive(Clone, Debug)]
enum Step {
    Keep {
        key: usize,
        size: usize,
    },
    Remove {
        key: usize,
    },
    /// Another process keeps something; nobody hears of it.
    KeepBeside {
        key: usize,
        size: usize,
    },
    /// A request that finds nothing looks into the directory.
    LookAgain {
        key: usize,
    },
    /// The directory is looked through, as when another process has ended.
    LookThrough,
    /// So much time passes that the next fill has the directory looked through.
    Wait,
    /// More has changed than could be noted.
    LoseEvents,
    Follow,
    FollowAll,
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let key = 0..PACKAGES.len() * THINGS + 1;
    let size = 0..3000_usize;
    prop_oneof![
        10 => (key.clone(), size.clone()).prop_map(|(key, size)| Step::Keep { key, size }),
        4 => key.clone().prop_map(|key| Step::Remove { key }),
        3 => (key.clone(), size).prop_map(|(key, size)| Step::KeepBeside { key, size }),
        3 => key.prop_map(|key| Step::LookAgain { key }),
        2 => Just(Step::LookThrough),
        2 => Just(Step::Wait),
        1 => Just(Step::LoseEvents),
        6 => Just(Step::Follow),
        2 => Just(Step::FollowAll),
        1 => Just(Step::Restart),
    ]
}

fn key(number: usize) -> Key {
    let Some(package) = PACKAGES.get(number / THINGS) else {
        return Key::parse(&format!("k/keys\t{UPSTREAM}")).unwrap();
    };
    let base = package.rsplit('/').next().unwrap();
    let text = match number % THINGS {
        0 => format!("p/{package}\t{UPSTREAM}"),
        1 => format!("t/{package}/{base}-1.0.0.tgz\t{UPSTREAM}"),
        2 => format!("t/{package}/{base}-2.0.0.tgz\t{UPSTREAM}"),
        3 => format!("v/{package}\t{UPSTREAM}\tfull"),
        _ => format!("a/{package}@1.0.0\t{UPSTREAM}"),
    };
    Key::parse(&text).unwrap()
}

/// What a package is told to be: its latest version, versions whose tarballs are held, bytes.
type Told = (Option<String>, BTreeSet<String>, u64);

struct World {
    directory: Directory,
    /// What packuments said, by their generations.
    said: HashMap<u64, String>,
    kept: usize,
}

impl World {
    async fn keep(&mut self, cache: &'static DiskCache, number: usize, size: usize) {
        let key = key(number);
        self.kept += 1;
        let version = format!("{}.0.0", self.kept);
        let body = match (number % THINGS, PACKAGES.get(number / THINGS)) {
            (0, Some(package)) => packument(package, &version, ""),
            (1 | 2, Some(_)) => vec![Bytes::from(vec![7; size])],
            _ => PartsWriter::default().part(Bytes::from(vec![7; size])).finish(&[0]),
        };
        cache.keep(key.clone(), body).await.unwrap();
        if let Some(file) = cache.file_of(&key.hash()) {
            // Of two in one millisecond, the other process's may be the younger one, and known by now.
            self.said.entry(file.id()).or_insert(version);
        }
    }

    async fn take(&mut self, step: Step) {
        match step {
            Step::Keep { key, size } => {
                self.keep(self.directory.cache, key, size).await;
            }
            Step::Remove { key: number } => self.directory.cache.remove(&key(number)),
            Step::KeepBeside { key, size } => {
                let other = self.directory.beside();
                self.keep(other.cache, key, size).await;
                flush().await;
            }
            Step::LookAgain { key: number } => {
                self.directory.cache.look_again(&key(number)).await;
            }
            Step::LookThrough => self.look_through().await,
            Step::Wait => self.directory.clock.advance(Duration::from_secs(301)),
            Step::LoseEvents => {
                self.directory.cache.changes().take(&mut Vec::new());
                self.directory.cache.changes().look_again();
            }
            Step::Follow => self.directory.step(),
            Step::FollowAll => self.check().await,
            Step::Restart => {
                flush().await;
                self.directory.restart();
            }
        }
    }

    /// After it, the index has what the directory has, and there is nothing more to find.
    async fn look_through(&self) {
        let cache = self.directory.cache;
        flush().await;
        cache.look_through().unwrap();
        flush().await;
        assert_eq!((cache.len(), cache.size()), self.directory.on_disk());
        assert_eq!(cache.look_through().unwrap(), Looked::default());
    }

    /// What is listed once nobody does anything is what there is. What another process has removed is noticed when
    /// the directory is looked through, with a fill.
    async fn check(&mut self) {
        self.directory.clock.advance(Duration::from_secs(301));
        self.keep(self.directory.cache, PACKAGES.len() * THINGS, 1).await;
        flush().await;
        let mut expected: BTreeMap<String, Told> = BTreeMap::new();
        for (at, package) in PACKAGES.iter().enumerate() {
            let file =
                |thing: usize| self.directory.cache.file_of(&key(at * THINGS + thing).hash());
            let latest = file(0).map(|file| self.said[&file.id()].clone());
            let versions = [(1, "1.0.0"), (2, "2.0.0")].into_iter();
            let versions = versions.filter(|(thing, _)| file(*thing).is_some());
            let versions: BTreeSet<String> = versions.map(|(_, text)| text.to_owned()).collect();
            let bytes = (0..THINGS).filter_map(file).map(|file| file.size()).sum();
            if latest.is_some() || !versions.is_empty() {
                expected.insert((*package).to_owned(), (latest, versions, bytes));
            }
        }
        let listing = self.directory.listing();
        let told = listing.packages().iter().map(|held| {
            let versions = held.held_versions.iter().map(|version| version.to_string()).collect();
            (held.name.to_string(), (held.latest().map(str::to_owned), versions, held.bytes))
        });
        assert_eq!(told.collect::<BTreeMap<String, Told>>(), expected);
        assert!(listing.is_whole());
    }
}

/// Waits for all file work that was begun.
async fn flush() {
    tokio::task::spawn_blocking(|| ()).await.unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 96, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn what_is_listed_is_what_is_held(steps in prop::collection::vec(step(), 1..60)) {
        // One thread for file work: who waits for a piece of it has waited for all before it.
        let builder = &mut tokio::runtime::Builder::new_current_thread();
        let runtime = builder.max_blocking_threads(1).enable_all().build().unwrap();
        runtime.block_on(async {
            let directory = Directory::limited(LIMIT);
            let mut world = World { directory, said: HashMap::new(), kept: 0 };
            for step in steps {
                world.take(step).await;
            }
            world.check().await;
            flush().await;
            world.directory.restart();
            world.check().await;
        });
    }
}
