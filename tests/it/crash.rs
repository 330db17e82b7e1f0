//! Processes that are killed, that share a directory, or whose disk takes no more: no wrong byte.
//! Knows nothing of NOPAR's inside; the real binary is asked, and its directory looked at.

mod full;
mod kill;
mod two;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::asking::{WAYS, Want, Way};
use crate::support::binary::Binary;
use crate::support::client::{Request, Response};
use crate::support::upstream::{FakeUpstream, usual_path};

/// How many rounds a test goes: a few in the gate, more where there is time.
fn rounds(usual: usize) -> usize {
    let wanted = std::env::var("NOPAR_TEST_ROUNDS").ok();
    wanted.map_or(usual, |rounds| rounds.parse().expect("NOPAR_TEST_ROUNDS is a number"))
}

/// Something that is asked for.
#[derive(Clone, Debug)]
enum Thing {
    Packument(String, Way),
    Tarball(String),
}

impl Thing {
    /// Both things of a package; its packument in the form that installs ask for.
    fn of(name: &str) -> [Thing; 2] {
        let way = Way { want: Want::Abbreviated, gzip: true };
        [Thing::Packument(name.to_owned(), way), Thing::Tarball(name.to_owned())]
    }

    /// The same in every form there is.
    fn all_of(name: &str) -> impl Iterator<Item = Thing> + use<> {
        let packuments = WAYS.map(|way| Thing::Packument(name.to_owned(), way));
        packuments.into_iter().chain([Thing::Tarball(name.to_owned())])
    }

    fn request(&self, addr: SocketAddr) -> Request {
        match self {
            Thing::Packument(name, way) => way.to(addr, name),
            Thing::Tarball(name) => Request::get(addr, &usual_path(name, "1.0.0")),
        }
    }

    /// Fails the test unless the answer is what the upstream has.
    #[track_caller]
    fn check(&self, answer: &Response, upstream: &FakeUpstream, addr: SocketAddr) {
        match self {
            Thing::Packument(name, way) => {
                way.check(answer, &upstream.packument(name), &format!("http://{addr}"));
            }
            Thing::Tarball(name) => {
                assert_eq!(answer.status, 200, "{name}");
                assert!(answer.complete, "{name} was cut: {:?}", answer.fault);
                assert!(answer.body == upstream.tarball(name, "1.0.0"), "wrong bytes in {name}");
            }
        }
    }

    async fn ask(&self, upstream: &FakeUpstream, addr: SocketAddr) {
        self.check(&self.request(addr).send().await, upstream, addr);
    }
}

/// What a cache directory holds.
#[derive(Debug, PartialEq, Eq)]
struct Listing {
    entries: usize,
    bytes: u64,
    /// Below `tmp/`: a folder and a lock per process, and what is unfinished.
    temporary: Vec<String>,
}

impl Listing {
    fn of(cache: &Path) -> Listing {
        let mut listing = Listing { entries: 0, bytes: 0, temporary: Vec::new() };
        for folder in folders(cache) {
            let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
            if name == "tmp" {
                for process in folders(&folder) {
                    listing.temporary.extend(files(&process).map(|(name, _)| name));
                }
            // Where the process has its socket.
            } else if name != "run" {
                assert_eq!(name.len(), 2, "what is {name} doing there?");
                for (_, len) in files(&folder) {
                    listing.entries += 1;
                    listing.bytes += len;
                }
            }
        }
        listing
    }

    /// Fails the test unless NOPAR, when it opened the directory, found this in it.
    async fn was_found_by(&self, binary: &Binary) {
        let line = binary.says("cache: ").await;
        let told = format!("cache: {} entries, {} bytes of ", self.entries, self.bytes);
        assert!(line.contains(&told), "{line}, but {self:?}");
    }
}

fn folders(path: &Path) -> Vec<PathBuf> {
    let found = std::fs::read_dir(path).expect("a directory").flatten().map(|it| it.path());
    found.filter(|path| path.is_dir()).collect()
}

/// Names and lengths; what leaves meanwhile has none.
fn files(path: &Path) -> impl Iterator<Item = (String, u64)> {
    let found = std::fs::read_dir(path).into_iter().flatten().flatten();
    found.filter_map(|file| {
        Some((file.file_name().to_string_lossy().into_owned(), file.metadata().ok()?.len()))
    })
}
