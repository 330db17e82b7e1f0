//! Sums over pieces of time of one length, of which a bounded number is kept.
//! Knows nothing of where they come from.

use super::{Did, Point};
use crate::clock;
use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

/// The points, oldest first; those in which nothing was sampled are missing.
pub(super) struct Series {
    /// How long a point is, in milliseconds.
    width: u64,
    most: u64,
    /// By their numbers since 1970.
    points: VecDeque<(u64, Did)>,
}

impl Series {
    /// Points of this length, the last `most` of them.
    pub(super) fn new(width: Duration, most: u64) -> Series {
        let width = u64::try_from(width.as_millis()).unwrap_or(u64::MAX).max(1);
        Series { width, most, points: VecDeque::new() }
    }

    fn number(&self, time: SystemTime) -> u64 {
        clock::to_millis(time) / self.width
    }

    /// It was done at this time. What lies behind it was done by a clock that was wrong, and is forgotten.
    pub(super) fn add(&mut self, time: SystemTime, did: Did) {
        let number = self.number(time);
        while self.points.back().is_some_and(|(last, _)| *last > number) {
            self.points.pop_back();
        }
        match self.points.back_mut() {
            Some((last, sum)) if *last == number => *sum = sum.and(did),
            _ => self.points.push_back((number, did)),
        }
    }

    /// Forgets what is too old.
    pub(super) fn forget_before(&mut self, now: SystemTime) {
        let number = self.number(now);
        while self.points.front().is_some_and(|(first, _)| *first + self.most <= number) {
            self.points.pop_front();
        }
    }

    pub(super) fn points(&self) -> Vec<Point> {
        let point = |(number, did): &(u64, Did)| Point {
            at: clock::of_millis(number * self.width),
            did: *did,
        };
        self.points.iter().map(point).collect()
    }
}
