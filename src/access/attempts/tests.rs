//! Guesses against the table as a whole.
//! Knows nothing of how it counts.

use super::*;
use proptest::prelude::*;
use std::collections::HashMap;

fn address(last: u8) -> IpAddr {
    IpAddr::from([192, 0, 2, last])
}

/// Somebody guesses as often as they may; how many guesses they have in a time, trying each second.
fn guesses(attempts: &Attempts, seconds: u64, who: impl Fn(u64) -> (String, IpAddr)) -> u64 {
    let mut made = 0;
    for second in 0..seconds {
        loop {
            let (user, address) = who(made);
            let Ok(attempt) = attempts.begin(&user, address) else { break };
            attempt.failed();
            made += 1;
            assert!(made < 100_000, "nobody is stopped, by second {second}");
        }
        attempts.clock.advance(Duration::from_secs(1));
    }
    made
}

#[test]
fn a_user_has_five_guesses_and_then_few() {
    let attempts = Attempts::new(Clock::stopped());
    let made = guesses(&attempts, 3600, |_| ("ann".to_owned(), address(1)));
    // Five, nine until the wait is five minutes (1 + 2 + … + 256 s), and then one each five minutes.
    assert!((5 + 9 + 9..=5 + 9 + 12).contains(&made), "{made}");
    // Nobody else is kept from anything, nor is she elsewhere.
    assert!(attempts.begin("bob", address(1)).is_ok());
    assert!(attempts.begin("ann", address(2)).is_ok());
}

#[test]
fn an_address_has_fifty_guesses_at_all_users() {
    let attempts = Attempts::new(Clock::stopped());
    let made = guesses(&attempts, 3600, |made| (format!("user{made}"), address(1)));
    assert!((50 + 9 + 9..=50 + 9 + 12).contains(&made), "{made}");
    assert!(attempts.begin("user1", address(2)).is_ok());
}

#[test]
fn who_has_a_network_of_ipv6_has_no_more_guesses() {
    let attempts = Attempts::new(Clock::stopped());
    let made = guesses(&attempts, 1, |made| {
        let address = format!("2001:db8:0:1::{:x}", made + 1);
        ("ann".to_owned(), address.parse().unwrap())
    });
    assert_eq!(made, 5);
}

#[test]
fn guesses_that_are_made_at_once_are_no_fewer() {
    let attempts = Attempts::new(Clock::stopped());
    let begun: Vec<_> = (0..20).map(|_| attempts.begin("ann", address(1))).collect();
    assert_eq!(begun.iter().filter(|attempt| attempt.is_ok()).count(), 5);
    // Nobody says what came of them: they have failed.
    drop(begun);
    assert_eq!(attempts.begin("ann", address(1)).err(), Some(TooEarly(Duration::from_secs(1))));
}

#[test]
fn who_succeeds_may_fail_as_often_as_before() {
    let attempts = Attempts::new(Clock::stopped());
    for _ in 0..3 {
        for _ in 0..4 {
            attempts.begin("ann", address(1)).unwrap().failed();
        }
        attempts.begin("ann", address(1)).unwrap().succeeded();
    }
    // But not the address: whoever has a password of their own could guess those of others without end.
    let counts = attempts.counts.lock();
    assert_eq!(counts.users.len(), 0);
    drop(counts);
    let made = guesses(&attempts, 1, |made| (format!("user{made}"), address(1)));
    assert_eq!(made, 50 - 12);
}

#[test]
fn what_was_no_attempt_counts_for_nothing() {
    let attempts = Attempts::new(Clock::stopped());
    for _ in 0..200 {
        attempts.begin("ann", address(1)).unwrap().was_none();
    }
    let counts = attempts.counts.lock();
    assert_eq!((counts.users.len(), counts.networks.len()), (0, 0));
}

#[test]
fn who_is_too_early_hears_in_how_many_seconds_it_is_not() {
    let clock = Clock::stopped();
    let attempts = Attempts::new(clock.clone());
    for _ in 0..7 {
        let begun = loop {
            match attempts.begin("ann", address(1)) {
                Ok(attempt) => break attempt,
                Err(_) => clock.advance(Duration::from_millis(100)),
            }
        };
        begun.failed();
    }
    for (passed, expected) in
        [(0, Some(4)), (1, Some(4)), (1000, Some(3)), (2998, Some(1)), (1, None)]
    {
        clock.advance(Duration::from_millis(passed));
        let early = attempts.begin("ann", address(1)).map(Attempt::was_none).err();
        assert_eq!(early.map(TooEarly::seconds), expected, "{passed}");
    }
    let sentence = TooEarly(Duration::from_millis(1500)).to_string();
    assert_eq!(sentence, "too many failed logins: try again in 2 seconds");
}

/// From so many addresses that no table holds them: it grows no further, and who waits goes on to.
#[test]
fn a_crowd_of_addresses_fills_no_memory_and_frees_nobody_who_waits() {
    let small = |free| Limit { free, most: 100 };
    let attempts = Attempts::with(Clock::stopped(), small(5), small(50));
    for _ in 0..5 {
        attempts.begin("ann", address(1)).unwrap().failed();
    }
    for number in 0..5000_u32 {
        let address = IpAddr::from((0x0a00_0000 + number).to_be_bytes());
        attempts.begin(&format!("user{number}"), address).unwrap().failed();
    }
    let counts = attempts.counts.lock();
    assert_eq!((counts.users.len(), counts.networks.len()), (100, 100));
    drop(counts);
    assert!(attempts.begin("ann", address(1)).is_err());
}

proptest! {
    /// Whatever comes in whatever order: nobody who did not fail five times in a row waits, and nobody waits longer than
    /// the longest; a user's failures alone make nobody else's address wait.
    #[test]
    fn only_who_failed_waits(steps in prop::collection::vec((0..3_u8, 0..3_u8, 0..4_u8, 0..400_u64), 1..200)) {
        let attempts = Attempts::new(Clock::stopped());
        let mut failed: HashMap<(u8, u8), u32> = HashMap::new();
        let mut of_address: HashMap<u8, u32> = HashMap::new();
        for (user, from, outcome, seconds) in steps {
            attempts.clock.advance(Duration::from_secs(seconds));
            let times = failed.entry((user, from)).or_default();
            let all = of_address.entry(from).or_default();
            match attempts.begin(&format!("user{user}"), address(from)) {
                Err(early) => {
                    prop_assert!(*times >= 5 || *all >= 50);
                    prop_assert!((1..=300).contains(&early.seconds()));
                }
                Ok(attempt) => match outcome {
                    0 => {
                        attempt.succeeded();
                        *times = 0;
                    }
                    1 => attempt.was_none(),
                    _ => {
                        attempt.failed();
                        *times += 1;
                        *all += 1;
                    }
                },
            }
        }
    }
}
