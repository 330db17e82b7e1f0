//! Whatever upstreams send: paging through the list gives each package once, in one order.
//! Knows nothing of texts and matches.

use super::{BLOCK, Block, Found, Merge};
use crate::npm::PackageName;
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

/// How an upstream takes what it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    Right,
    /// It sends no more than so many at once.
    AtMost(u64),
    /// It sends the same first ones, wherever they are to begin.
    Always,
    /// It sends everything, wherever it is to begin.
    All,
    /// It sends everything from there on.
    Rest,
}

/// An upstream with these results: each with whether it is its own.
#[derive(Clone, Debug)]
struct Upstream {
    results: Vec<(PackageName, bool)>,
    /// The names of those that are its own.
    own: HashSet<PackageName>,
    manner: Manner,
}

impl Upstream {
    fn new(results: Vec<(PackageName, bool)>, manner: Manner) -> Upstream {
        let own = results.iter().filter(|(_, is_own)| *is_own).map(|(name, _)| name.clone());
        Upstream { own: own.collect(), results, manner }
    }

    fn block(&self, from: u64) -> Arc<Block> {
        let (begin, len) = match self.manner {
            Manner::Right => (from, BLOCK),
            Manner::AtMost(most) => (from, most),
            Manner::Always => (0, BLOCK),
            Manner::All => (0, u64::MAX),
            Manner::Rest => (from, u64::MAX),
        };
        let at = |place: u64| usize::try_from(place).unwrap_or(usize::MAX).min(self.results.len());
        let sent = &self.results[at(begin)..at(begin.saturating_add(len))];
        let found = |(name, _): &(PackageName, bool)| {
            let object = format!("{name}").into();
            Found { name: name.clone(), object }
        };
        let found: Vec<Found> = sent.iter().map(found).collect();
        let came = found.len() as u64;
        let total = (self.results.len() as u64).max(from.saturating_add(came));
        Arc::new(Block { found, came, total })
    }

    fn is_own(&self, name: &PackageName) -> bool {
        self.own.contains(name)
    }

    /// Its own results, each once, of those that it ever sends.
    fn own(&self) -> Vec<String> {
        let sent = if self.manner == Manner::Always { BLOCK as usize } else { usize::MAX };
        let mut own: Vec<String> = Vec::new();
        for (name, is_own) in self.results.iter().take(sent) {
            if *is_own && !own.iter().any(|one| one == name.as_str()) {
                own.push(name.to_string());
            }
        }
        own
    }
}

/// A page, its total, and which blocks it took.
fn page(
    hosted: u64,
    window: Range<u64>,
    upstreams: &[Upstream],
) -> (Vec<String>, u64, Vec<(usize, u64)>) {
    let mut merge = Merge::new(hosted, window.clone(), upstreams.len());
    let mut asked = Vec::new();
    while let Some((number, from)) = merge.wanted() {
        asked.push((number, from));
        assert!(asked.len() <= 64 * upstreams.len(), "it has no end");
        merge.take(number, &upstreams[number].block(from), |name| upstreams[number].is_own(name));
    }
    let own = (window.start.min(hosted)..window.end.min(hosted)).map(|at| format!("hosted {at}"));
    let page = own.chain(merge.objects().into_iter().map(str::to_owned)).collect();
    (page, merge.total(), asked)
}

/// All pages of a size, as a client walks them: until it has as many as there are, or a page is empty.
fn walk(hosted: u64, size: u64, upstreams: &[Upstream]) -> (Vec<String>, u64) {
    let (mut all, mut total) = (Vec::new(), u64::MAX);
    while (all.len() as u64) < total {
        let from = all.len() as u64;
        let (page, said, _) = page(hosted, from..from + size, upstreams);
        assert!(page.len() as u64 <= size);
        total = said;
        if page.is_empty() {
            break;
        }
        all.extend(page);
    }
    (all, total)
}

fn manner() -> impl Strategy<Value = Manner> {
    prop_oneof![
        4 => Just(Manner::Right),
        1 => (60..300u64).prop_map(Manner::AtMost),
        1 => Just(Manner::Always),
        1 => Just(Manner::All),
        1 => Just(Manner::Rest),
    ]
}

/// Up to three upstreams, whose names have nothing in common; some results come twice.
fn upstreams() -> impl Strategy<Value = Vec<Upstream>> {
    let result = (any::<u16>(), prop::bool::weighted(0.8));
    vec((vec(result, 0..900), manner()), 0..=3).prop_map(|all| {
        let all = all.into_iter().enumerate();
        let upstream = |(number, (results, manner)): (usize, (Vec<(u16, bool)>, Manner))| {
            let name = |id: u16| format!("u{number}-{}", id % 3000).parse().unwrap();
            // One name is either its own or not.
            let result = |(id, is_own): (u16, bool)| (name(id), is_own && id % 3000 % 7 != 0);
            let mut results: Vec<(PackageName, bool)> = results.into_iter().map(result).collect();
            for at in 0..results.len() {
                let first = results.iter().position(|(name, _)| *name == results[at].0).unwrap();
                results[at].1 = results[first].1;
            }
            Upstream::new(results, manner)
        };
        all.map(upstream).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn all_pages_together_have_each_package_once(
        hosted in 0..60u64,
        size in 1..=250u64,
        upstreams in upstreams(),
    ) {
        let mut expected: Vec<String> = (0..hosted).map(|at| format!("hosted {at}")).collect();
        expected.extend(upstreams.iter().flat_map(Upstream::own));
        let (all, total) = walk(hosted, size, &upstreams);
        prop_assert_eq!(&all, &expected);
        prop_assert_eq!(total, expected.len() as u64);
        // The order is the same for any size of pages, and any place to begin at.
        let from = hosted / 2 + size;
        let (page, _, _) = page(hosted, from..from + 7, &upstreams);
        let rest = expected.iter().skip(from as usize).take(7);
        prop_assert!(page.iter().eq(rest));
    }
}

fn right(count: usize) -> Upstream {
    let result = |n: usize| (format!("p{n}").parse().unwrap(), true);
    Upstream::new((0..count).map(result).collect(), Manner::Right)
}

#[test]
fn only_the_blocks_that_are_needed_are_asked_for() {
    let two = [right(1000), right(300)];
    for (window, expected) in [
        // The first ones always, as they say how many there are.
        (0..20, vec![(0, 0), (1, 0)]),
        (0..0, vec![(0, 0), (1, 0)]),
        (900..900, vec![(0, 0), (1, 0)]),
        (20..260, vec![(0, 0), (1, 0)]),
        (20..261, vec![(0, 0), (1, 0), (0, 250)]),
        (1000..1020, vec![(0, 0), (1, 0), (0, 250), (0, 500), (0, 750)]),
        (1250..1270, vec![(0, 0), (1, 0), (0, 250), (0, 500), (0, 750), (1, 250)]),
        (u64::MAX..u64::MAX, vec![(0, 0), (1, 0)]),
    ] {
        let (_, total, asked) = page(10, window.clone(), &two);
        assert_eq!((total, asked), (1310, expected), "{window:?}");
    }
}

#[test]
fn the_total_is_that_of_upstreams_without_what_is_known_to_be_others() {
    let mut upstream = right(600);
    for others in ["p3", "p100", "p300"] {
        upstream.own.remove(&others.parse::<PackageName>().unwrap());
    }
    let upstream = [upstream];
    assert_eq!(page(5, 0..20, &upstream).1, 603);
    assert_eq!(page(5, 400..420, &upstream).1, 602);
}

#[test]
fn a_deep_place_costs_no_more_than_so_many_blocks() {
    let (found, total, asked) = page(0, 1_000_000..1_000_020, &[right(20_000)]);
    assert_eq!((found.len(), total, asked.len()), (0, 20_000, 40));
    let mut slow = right(20_000);
    slow.manner = Manner::AtMost(1);
    assert_eq!(page(0, 1_000_000..1_000_020, &[slow]).2.len(), 64);
}

/// A page at place 9,000 held the 36 blocks before it, each of up to 4 MiB, until it was sent.
#[test]
fn what_lies_before_a_page_is_not_held_for_it() {
    let two = [right(3000), right(5000)];
    let (mut merge, mut blocks) = (Merge::new(10, 7000..7020, 2), Vec::new());
    while let Some((number, from)) = merge.wanted() {
        let block = two[number].block(from);
        merge.take(number, &block, |_| true);
        blocks.push(Arc::downgrade(&block));
    }
    assert_eq!(blocks.len(), 12 + 17);
    let held = blocks.iter().filter(|block| block.strong_count() > 0).count();
    assert_eq!(held, 2);
    let expected: Vec<String> = (3990..4010).map(|n| format!("p{n}")).collect();
    assert_eq!(
        (merge.objects(), merge.total()),
        (expected.iter().map(String::as_str).collect(), 8010)
    );
}

#[test]
fn an_upstream_that_fails_at_once_has_no_part_in_the_list() {
    let two = [right(10), right(300)];
    let mut merge = Merge::new(1, 0..20, 2);
    assert_eq!(merge.wanted(), Some((0, 0)));
    merge.fail(0);
    assert_eq!(merge.wanted(), Some((1, 0)));
    merge.take(1, &two[1].block(0), |_| true);
    assert_eq!(merge.wanted(), None);
    assert_eq!((merge.objects().len(), merge.total()), (19, 301));
}

/// Or else the page after the next would have what was in this one.
#[test]
fn nothing_takes_the_place_of_what_could_not_be_read() {
    let two = [right(600), right(300)];
    let mut merge = Merge::new(0, 240..260, 2);
    merge.take(0, &two[0].block(0), |_| true);
    merge.take(1, &two[1].block(0), |_| true);
    assert_eq!(merge.wanted(), Some((0, 250)));
    merge.fail(0);
    assert_eq!(merge.wanted(), None);
    assert_eq!((merge.objects().len(), merge.total()), (10, 900));
}
