//! How many connections there are, and how many there may be.
//! Knows nothing of what they do.

use crate::counters::Counters;
use log::warn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Connections that are told at once why they are refused: each is an open file as well.
const MOST_TOLD: usize = 64;
/// As many as that even where few connections are served.
const LEAST_TOLD: usize = 8;

/// Counts connections.
#[derive(Debug)]
pub(super) struct Crowd {
    most: usize,
    most_told: usize,
    inside: AtomicUsize,
    told: AtomicUsize,
    /// Whether somebody was refused since there was last room to spare.
    full: AtomicBool,
    counters: Arc<Counters>,
}

/// Counts as one connection until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    crowd: Arc<Crowd>,
    is_inside: bool,
}

/// What becomes of a new connection.
#[derive(Debug)]
pub(super) enum Entrance {
    /// It is served.
    Inside(Place),
    /// It is told that there is no room.
    Told(Place),
    /// Not even that.
    Closed,
}

impl Crowd {
    pub(super) fn new(most: usize, counters: Arc<Counters>) -> Crowd {
        let none = AtomicUsize::default;
        let most_told = (most / 8).clamp(LEAST_TOLD, MOST_TOLD);
        let full = AtomicBool::default();
        Crowd { most, most_told, inside: none(), told: none(), full, counters }
    }

    pub(super) fn enter(self: &Arc<Self>) -> Entrance {
        if take(&self.inside, self.most) {
            self.counters.connection_opened();
            return Entrance::Inside(Place { crowd: Arc::clone(self), is_inside: true });
        }
        self.counters.connection_refused();
        if !self.full.swap(true, Ordering::Relaxed) {
            warn!(
                "all {} connections are in use: more are refused (NOPAR_MAX_CONNECTIONS)",
                self.most
            );
        }
        self.refuse()
    }

    /// What becomes of one that is not let in, whatever the reason.
    pub(super) fn refuse(self: &Arc<Self>) -> Entrance {
        if take(&self.told, self.most_told) {
            Entrance::Told(Place { crowd: Arc::clone(self), is_inside: false })
        } else {
            Entrance::Closed
        }
    }

    fn leave(&self) {
        let left = self.inside.fetch_sub(1, Ordering::Relaxed) - 1;
        // With a tenth free, the next time it is full is another time, and is said again.
        if left * 10 <= self.most * 9 && self.full.load(Ordering::Relaxed) {
            self.full.store(false, Ordering::Relaxed);
        }
    }
}

fn take(count: &AtomicUsize, most: usize) -> bool {
    let more = |count| (count < most).then_some(count + 1);
    count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.is_inside {
            self.crowd.counters.connection_closed();
            self.crowd.leave();
        } else {
            self.crowd.told.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counters::{Connections, Held};

    fn crowd(most: usize) -> Arc<Crowd> {
        Arc::new(Crowd::new(most, Arc::new(Counters::new(1))))
    }

    #[test]
    fn a_place_is_free_again_when_it_is_left() {
        let crowd = crowd(2);
        let (one, two) = (crowd.enter(), crowd.enter());
        assert!(matches!((&one, &two), (Entrance::Inside(_), Entrance::Inside(_))));
        assert!(matches!(crowd.enter(), Entrance::Told(_)));
        drop(one);
        assert!(matches!(crowd.enter(), Entrance::Inside(_)));
    }

    #[test]
    fn those_who_are_told_are_few() {
        let crowd = crowd(80);
        let _inside: Vec<_> = (0..80).map(|_| crowd.enter()).collect();
        let told: Vec<_> = (0..10).map(|_| crowd.enter()).collect();
        assert!(told.iter().all(|entrance| matches!(entrance, Entrance::Told(_))));
        assert!(matches!(crowd.enter(), Entrance::Closed));
        drop(told);
        assert!(matches!(crowd.enter(), Entrance::Told(_)));
        let counted = crowd.counters.snapshot(Held::default()).connections;
        assert_eq!(counted, Connections { opened: 80, closed: 0, refused: 12 });
    }

    #[test]
    fn a_burst_is_one_burst_until_there_is_room_to_spare() {
        let crowd = crowd(20);
        let mut inside: Vec<_> = (0..20).map(|_| crowd.enter()).collect();
        drop(crowd.enter());
        assert!(crowd.full.load(Ordering::Relaxed));
        inside.pop();
        assert!(crowd.full.load(Ordering::Relaxed));
        inside.pop();
        assert!(!crowd.full.load(Ordering::Relaxed));
    }
}
