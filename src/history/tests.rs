//! A history against what was counted.
//! Knows nothing of who samples.

use super::*;
use crate::cache_state::CacheState;
use crate::clock::of_millis;
use crate::counters::{Counters, Held, Kind};
use proptest::prelude::*;

/// A minute since some morning.
fn minute(number: u64) -> SystemTime {
    of_millis((29_000_000 + number) * 60_000)
}

struct Counted {
    counters: Counters,
    history: History,
}

impl Counted {
    fn new(now: SystemTime) -> Counted {
        Counted { counters: Counters::new(1), history: History::new(now) }
    }

    fn request(&self, cache: CacheState, status: u16, bytes: u64) {
        self.counters.request(Kind::Packument, cache, status, bytes, Duration::from_millis(1));
    }

    fn sample(&self, now: SystemTime) {
        self.history.sample(now, &self.counters.snapshot(Held::default()));
    }
}

fn requests(points: &[Point]) -> Vec<(SystemTime, u64)> {
    points.iter().map(|point| (point.at, point.did.requests)).collect()
}

#[test]
fn what_was_done_is_told_by_minutes_and_by_quarters() {
    let counted = Counted::new(minute(0));
    counted.request(CacheState::Hit, 200, 100);
    counted.request(CacheState::Miss, 502, 10);
    counted.counters.fetched(70);
    counted.sample(minute(1));
    counted.request(CacheState::Hosted, 304, 0);
    counted.request(CacheState::Hit, 500, 1);
    counted.request(CacheState::None, 0, 0);
    counted.sample(minute(2));
    let one = Did { requests: 2, misses: 1, errors: 1, served: 110, fetched: 70 };
    let two = Did { requests: 3, misses: 0, errors: 2, served: 1, fetched: 0 };
    let point = |number, did| Point { at: minute(number), did };
    assert_eq!(counted.history.hour(), [point(0, one), point(1, two)]);
    let [quarter] = counted.history.day()[..] else { panic!("one quarter has begun") };
    assert_eq!(quarter.did, one.and(two));
    assert!(quarter.at <= minute(0) && quarter.at + QUARTER > minute(1));
}

/// Who looks at pages is no client, and what was never to be had from an upstream was not missed.
#[test]
fn pages_are_no_requests_and_only_what_waited_is_a_miss() {
    let counted = Counted::new(minute(0));
    for kind in [Kind::Page, Kind::Favicon, Kind::Robots] {
        let (counters, took) = (&counted.counters, Duration::from_millis(1));
        counters.request(kind, CacheState::None, 200, 1000, took);
    }
    for (state, count) in CacheState::ALL.into_iter().zip(1..) {
        (0..count).for_each(|_| counted.request(state, 200, 1));
    }
    counted.counters.request(Kind::Ping, CacheState::None, 200, 1, Duration::from_millis(1));
    counted.sample(minute(1));
    let did = counted.history.hour()[0].did;
    // Miss, revalidated, stale: the third, the fourth and the sixth of them.
    assert_eq!((did.requests, did.misses, did.served), (37, 3 + 4 + 6, 37));
}

#[test]
fn of_two_who_sample_at_once_the_later_one_counts_nothing_again() {
    let counted = Counted::new(minute(0));
    let early = counted.counters.snapshot(Held::default());
    counted.request(CacheState::Hit, 200, 1);
    counted.sample(minute(0));
    counted.history.sample(minute(0), &early);
    counted.sample(minute(0));
    assert_eq!(requests(&counted.history.hour()), [(minute(0), 1)]);
}

#[test]
fn what_is_older_than_an_hour_or_a_day_is_forgotten() {
    let counted = Counted::new(minute(0));
    for number in 0..3000 {
        counted.request(CacheState::Hit, 200, 1);
        counted.sample(minute(number + 1));
    }
    let (hour, day) = (counted.history.hour(), counted.history.day());
    assert_eq!(hour.len(), 59, "the minute that begins just now has no sample yet");
    assert!(requests(&hour).iter().all(|(at, count)| *at > minute(2939) && *count == 1));
    assert!((95..=96).contains(&day.len()), "{}", day.len());
    assert!(requests(&day)[..95].iter().all(|(_, count)| *count == 15));
}

#[test]
fn a_clock_that_jumps_loses_no_more_than_it_jumped_over() {
    let counted = Counted::new(minute(0));
    let count_until = |now| {
        counted.request(CacheState::Hit, 200, 1);
        counted.sample(now);
    };
    count_until(minute(1));
    // Ahead by half an hour: what was done meanwhile belongs to when that began.
    count_until(minute(30));
    count_until(minute(31));
    let hour = requests(&counted.history.hour());
    assert_eq!(hour, [(minute(0), 1), (minute(1), 1), (minute(30), 1)]);
    // Back: what lies ahead now is forgotten, and nothing is counted twice.
    count_until(minute(10));
    count_until(minute(11));
    let hour = requests(&counted.history.hour());
    assert_eq!(hour, [(minute(0), 1), (minute(1), 1), (minute(10), 2)]);
    // Far ahead, and before 1970.
    count_until(minute(1_000_000));
    assert_eq!(counted.history.hour(), []);
    count_until(SystemTime::UNIX_EPOCH - Duration::from_secs(5));
    assert_eq!(requests(&counted.history.hour()), [(SystemTime::UNIX_EPOCH, 1)]);
}

#[test]
fn who_samples_often_gets_the_same_minutes() {
    let counted = Counted::new(minute(0));
    for second in 1..=120 {
        counted.request(CacheState::Hit, 200, 1);
        counted.sample(minute(0) + Duration::from_secs(second));
    }
    assert_eq!(requests(&counted.history.hour()), [(minute(0), 60), (minute(1), 60)]);
}

proptest! {
    #[test]
    fn whatever_the_clock_does_points_are_in_order_and_few(
        jumps in prop::collection::vec((-100_000_i64..100_000, 0_u64..5), 0..300)
    ) {
        let counted = Counted::new(minute(0));
        let (mut at, mut all) = (29_000_000_i64 * 60, 0);
        for (jump, count) in jumps {
            at = (at + jump).max(0);
            (0..count).for_each(|_| counted.request(CacheState::Hit, 200, 1));
            all += count;
            counted.sample(of_millis(at.unsigned_abs() * 1000));
            for (points, most) in [(counted.history.hour(), 60), (counted.history.day(), 96)] {
                prop_assert!(points.len() <= most);
                prop_assert!(points.windows(2).all(|pair| pair[0].at < pair[1].at));
                let told: u64 = points.iter().map(|point| point.did.requests).sum();
                prop_assert!(told <= all);
            }
        }
    }
}
