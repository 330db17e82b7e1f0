//! `nopar verify` beside a NOPAR that is busy.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::told;
use crate::support::client::{Request, get};
use crate::support::kept::Kept;
use crate::support::publish::Publish;
use crate::support::upstream::{FakeUpstream, usual_path};

/// Versions come and go, and copies as well, while it looks.
#[tokio::test(flavor = "multi_thread")]
async fn what_comes_and_goes_meanwhile_is_no_damage() {
    let upstream = FakeUpstream::start().await;
    let kept = Kept::filled(&upstream).await;
    for number in 0..30 {
        upstream.package(&format!("p{number}")).version("1.0.0", |v| v.tarball_size(20_000));
    }
    let (_binary, addr) = kept.served(&upstream.url()).await;
    let stop = Arc::new(AtomicBool::new(false));
    let publishers = (0..4).map(|number| {
        let stop = Arc::clone(&stop);
        tokio::spawn(async move {
            let mut version = 0;
            while !stop.load(Ordering::Relaxed) || version < 10 {
                let (name, text) = (format!("own{number}"), format!("1.0.{version}"));
                Publish::of(&name, &text).succeed(addr).await;
                if version % 3 == 2 {
                    // All of it goes, and the next version begins anew.
                    let path = format!("/-/package/{name}/delete");
                    let gone = Request::new(addr, "POST", &path).send().await;
                    assert!(gone.status < 400, "{}", String::from_utf8_lossy(&gone.body));
                }
                version += 1;
            }
            version
        })
    });
    let mut tasks: Vec<_> = publishers.collect();
    let reading = Arc::clone(&stop);
    tasks.push(tokio::spawn(async move {
        let mut number = 0;
        while !reading.load(Ordering::Relaxed) || number < 30 {
            get(addr, &usual_path(&format!("p{}", number % 30), "1.0.0")).await.expect(200);
            get(addr, &format!("/p{}", number % 30)).await.expect(200);
            let path = format!("/-/package/p{}/delete", number % 30);
            Request::new(addr, "POST", &path).send().await;
            number += 1;
        }
        number
    }));
    for _ in 0..5 {
        let ended = kept.run("verify --json").await;
        let (findings, _) = told(&ended);
        assert_eq!(ended.code, Some(0), "{findings:?}");
    }
    stop.store(true, Ordering::Relaxed);
    for task in tasks {
        task.await.expect("no request failed");
    }
    let (findings, summary) = told(&kept.run("verify --json").await);
    assert!(findings.is_empty(), "{findings:?}");
    assert!(summary["registry"]["packages"].as_u64() >= Some(6), "{summary}");
}
