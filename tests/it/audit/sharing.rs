//! Who asks the same is answered by one request, for a minute.
//! Knows nothing of what is asked.

use std::time::Duration;

use serde_json::json;

use super::{BULK, advisory, answer, ask, hosting};
use crate::support::client::{Connection, send_all};
use crate::support::upstream::Fault;

/// A crowd that asks the same, in any order and with own names of any kind, costs one request.
#[tokio::test]
async fn a_crowd_shares_one_request() {
    let (upstream, nopar) = hosting(|nopar| nopar).await;
    let questions = [
        json!({"lodash": ["4.17.20", "4.17.19"], "left-pad": ["1.3.0"]}),
        json!({"left-pad": ["1.3.0", "1.3.0"], "lodash": ["4.17.19", "4.17.20"], "mine": ["1.0.0"]}),
        json!({"@acme/ui": ["1.0.0"], "left-pad": ["1.3.0"], "lodash": ["4.17.19", "4.17.20"]}),
    ];
    let hold = upstream.hold(&format!("POST {BULK}"));
    let requests: Vec<_> = (0..90).map(|n| ask(&nopar, BULK, &questions[n % 3])).collect();
    let answers = tokio::spawn(send_all(requests));
    hold.arrived(1).await;
    hold.release();
    for told in answers.await.expect("answers") {
        assert_eq!(told.expect(200).json(), json!({"lodash": [advisory()]}));
    }
    assert_eq!(upstream.count_all(), 1);
}

/// Who asked first may leave: the question is asked all the same, and who asks next need not ask again.
#[tokio::test]
async fn who_leaves_takes_no_answer_along() {
    let (upstream, nopar) = hosting(|nopar| nopar).await;
    let question = json!({"lodash": ["4.17.20"]});
    let hold = upstream.hold(&format!("POST {BULK}"));
    let mut first = Connection::open(nopar.addr()).await.expect("a connection");
    first.send(&ask(&nopar, BULK, &question)).await.expect("sending");
    hold.arrived(1).await;
    first.reset();
    let second = tokio::spawn(ask(&nopar, BULK, &question).send());
    hold.release();
    let told = second.await.expect("an answer").expect(200);
    assert_eq!(told.json(), json!({"lodash": [advisory()]}));
    assert_eq!(upstream.count_all(), 1);
}

/// An answer is remembered for a minute, and then asked for again.
#[tokio::test]
async fn an_answer_is_remembered_for_a_minute() {
    let (upstream, nopar) = hosting(|nopar| nopar.stopped_clock()).await;
    let question = json!({"lodash": ["4.17.20"]});
    for (later, requests) in [(0, 1), (59, 1), (1, 2), (59, 2), (2, 3)] {
        nopar.advance(Duration::from_secs(later));
        answer(&nopar, BULK, &question).await.expect(200);
        assert_eq!(upstream.count_all(), requests);
    }
    answer(&nopar, BULK, &json!({"lodash": ["4.17.21"]})).await.expect(200);
    assert_eq!(upstream.count_all(), 4);
}

/// A failure is everybody's for a second, and no longer.
#[tokio::test]
async fn a_failure_is_not_remembered_for_long() {
    let (upstream, nopar) = hosting(|nopar| nopar.stopped_clock()).await;
    let question = json!({"lodash": ["4.17.20"]});
    upstream.next("POST *", Fault::garbage());
    for _ in 0..5 {
        answer(&nopar, BULK, &question).await.expect(502);
    }
    assert_eq!(upstream.count_all(), 1);
    nopar.advance(Duration::from_secs(1));
    let told = answer(&nopar, BULK, &question).await.expect(200);
    assert_eq!(told.json(), json!({"lodash": [advisory()]}));
}
