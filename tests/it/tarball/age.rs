//! `Age` of held tarballs.
//! Knows nothing of packuments' ages.

use std::time::Duration;

use super::{SIZES, path, with_tarballs};
use crate::support::nopar::TestNopar;

/// Far more than any test takes, far less than a step of the clock here.
const SLACK: u64 = 100;

async fn age(nopar: &TestNopar, name: &str, method: &str) -> u64 {
    let request = nopar.request(&path(name)).method(method);
    let answer = request.send().await.expect(200);
    assert_eq!(answer.header("x-cache"), Some("hit"), "{name}");
    let ages: Vec<_> = answer.headers.all("age").collect();
    assert_eq!(ages.len(), 1, "{method} {name}: {:?}", answer.headers);
    ages[0].parse().expect("whole seconds")
}

/// A held tarball, small or large, says in `Age` how many seconds ago it was fetched.
#[tokio::test]
async fn a_held_tarballs_age_counts_seconds() {
    let (upstream, mut nopar) = with_tarballs().await;
    for (name, _) in SIZES {
        nopar.get(&path(name)).await.expect(200);
    }
    let mut passed = 0;
    for restarted in [false, true] {
        for step in [0, 1000, 1_000_000] {
            passed += step;
            nopar.advance(Duration::from_secs(step));
            for (name, _) in SIZES {
                for method in ["GET", "HEAD"] {
                    let age = age(&nopar, name, method).await;
                    let right = passed..passed + SLACK;
                    assert!(right.contains(&age), "{name}, {restarted}: {age}, not {passed}");
                }
            }
        }
        nopar.restart().await;
    }
    assert_eq!(upstream.count_all(), SIZES.len());
}
