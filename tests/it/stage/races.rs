//! Many who end one stage at once, through one process or two: it ends once.
//! Knows nothing of processes that die.

use std::net::SocketAddr;

use tempfile::TempDir;

use super::{
    alone, approving, check_published, check_unpublished, id_of, list, rejecting, stage, staging,
};
use crate::support::binary::Binary;
use crate::support::client::{Response, send_all};
use crate::support::publish::Publish;
use crate::support::upstream::{FakeUpstream, made_up};

const MANY: usize = 12;

fn statuses(answers: &[Response]) -> Vec<u16> {
    answers.iter().map(|answer| answer.status).collect()
}

/// Approves one stage many times at once: one publishes it, and the others are told that it is done with.
async fn approve_at_once(addresses: &[SocketAddr], name: &str) {
    let publish = Publish::of(name, "1.0.0").tarball(made_up(11, 600_000));
    let id = id_of(&staging(addresses[0], name, &publish).send().await);
    let turns = addresses.iter().cycle().take(MANY);
    let answers = send_all(turns.map(|addr| approving(*addr, &id))).await;
    let statuses = statuses(&answers);
    let published = statuses.iter().filter(|status| **status == 201).count();
    assert_eq!(published, 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| matches!(status, 201 | 404 | 409)), "{statuses:?}");
    for addr in addresses {
        check_published(*addr, &publish, name, "1.0.0").await;
        assert_eq!(list(*addr, "").await["total"], 0);
    }
}

#[tokio::test]
async fn of_many_who_approve_a_stage_one_publishes_it() {
    let (_upstream, nopar) = alone().await;
    for name in ["x", "@s/n"] {
        approve_at_once(&[nopar.addr()], name).await;
    }
}

async fn pair() -> (FakeUpstream, TempDir, [Binary; 2], [SocketAddr; 2]) {
    let upstream = FakeUpstream::start().await;
    let registry = TempDir::new().expect("a directory");
    let path = registry.path().to_str().expect("a path in UTF-8");
    let env = [("NOPAR_REGISTRY_PATH", path)];
    let (one, at_one) = Binary::serving(&upstream.url(), &env).await;
    let (other, at_other) = Binary::serving(&upstream.url(), &env).await;
    (upstream, registry, [one, other], [at_one, at_other])
}

#[tokio::test]
async fn two_processes_publish_a_stage_once() {
    let (_upstream, _registry, _binaries, addresses) = pair().await;
    for name in ["x", "y", "@s/n"] {
        approve_at_once(&addresses, name).await;
    }
}

/// What was rejected is not published afterwards, and what was approved was not rejected.
#[tokio::test]
async fn a_stage_is_approved_or_rejected_and_never_both() {
    let (_upstream, _registry, _binaries, [here, there]) = pair().await;
    for round in 0..10 {
        let name = format!("x{round}");
        let id = stage(here, &name, "1.0.0").await;
        let mut both = vec![approving(here, &id), rejecting(there, &id)];
        // By turns the one or the other begins.
        if round % 2 == 1 {
            both.reverse();
        }
        let mut answers = statuses(&send_all(both).await);
        if round % 2 == 1 {
            answers.reverse();
        }
        let (approved, rejected) = (answers[0], answers[1]);
        match (approved, rejected) {
            (201, 404 | 409) => {
                check_published(there, &Publish::of(&name, "1.0.0"), &name, "1.0.0").await
            }
            (404 | 409, 204) => check_unpublished(there, &name, "1.0.0").await,
            other => panic!("round {round}: {other:?}"),
        }
        assert_eq!(list(there, "").await["total"], 0, "round {round}");
    }
}

/// Stages of one package that are approved at once are all published.
#[tokio::test]
async fn different_versions_that_are_approved_at_once_are_all_published() {
    let (_upstream, nopar) = alone().await;
    let addr = nopar.addr();
    let mut all = Vec::new();
    for number in 0..MANY {
        all.push(stage(addr, "x", &format!("1.0.{number}")).await);
    }
    let answers = send_all(all.iter().map(|id| approving(addr, id))).await;
    assert!(answers.iter().all(|answer| answer.status == 201), "{:?}", statuses(&answers));
    for number in 0..MANY {
        let version = format!("1.0.{number}");
        check_published(addr, &Publish::of("x", &version), "x", &version).await;
    }
}
