//! What is NOPAR's own, and what is another upstream's, is heard of by no upstream.
//! Knows nothing of failures.

use serde_json::{Value, json};

use super::{BULK, QUICK, advisory, answer, asked, report, says, usual};
use crate::support::nopar::TestNopar;
use crate::support::upstream::FakeUpstream;

/// Fails the test if an upstream was told one of these.
#[track_caller]
fn heard_nothing(upstream: &FakeUpstream, secrets: &[&str]) {
    for seen in upstream.requests() {
        let headers = format!("{:?}", seen.headers);
        let body = String::from_utf8_lossy(&seen.body).into_owned();
        for secret in secrets {
            assert!(![&headers, &body, &seen.path].iter().any(|it| it.contains(secret)), "{body}");
        }
    }
}

/// Hosted and claimed names, and what is none, are left out; the answer is of the names that were asked for.
#[tokio::test]
async fn own_names_are_left_out_of_a_question() {
    let (upstream, nopar) = usual().await;
    says(&upstream, BULK, &json!({"lodash": [advisory()], "mine": [advisory()], "other": []}));
    let question = json!({
        "lodash": ["4.17.20"], "mine": ["1.0.0"], "@acme/ui": ["1.0.0"], "@acme/secret": ["1.0.0"],
        "../etc/passwd": ["1.0.0"], "left-pad": ["file:../secret", "1.3.0"],
    });
    let told = answer(&nopar, BULK, &question).await.expect(200);
    assert_eq!(told.json(), json!({"lodash": [advisory()]}));
    let expected = json!({"left-pad": ["1.3.0"], "lodash": ["4.17.20"]});
    assert_eq!(asked(&upstream), [expected]);
    heard_nothing(&upstream, &["mine", "acme", "secret", "passwd"]);
}

fn tree() -> Value {
    json!({
        "name": "mine", "version": "7.7.7", "requires": {"@acme/ui": "^1.0.0", "lodash": "^4.0.0"},
        "install": ["@acme/ui@1.0.0"], "remove": ["mine"], "metadata": {"cwd": "/home/secret"},
        "dependencies": {
            "@acme/ui": {
                "version": "1.0.0", "integrity": format!("sha512-{}==", "A".repeat(86)),
                "resolved": "http://npm.test/@acme/ui/-/ui-1.0.0.tgz",
                "requires": {"lodash": "^4.17.0", "mine": "^1.0.0"},
                "dependencies": {"lodash": {"version": "4.17.20"}, "mine": {"version": "1.0.0"}},
            },
            "lodash": {"version": "4.17.21"},
        },
    })
}

/// What lies below a hidden package is asked for, and what is found there is told by the real names.
#[tokio::test]
async fn what_is_below_own_packages_is_asked_for() {
    let (upstream, nopar) = usual().await;
    says(&upstream, QUICK, &report(&json!(["NOPAR-HIDDEN-1>lodash"])));
    let told = answer(&nopar, QUICK, &tree()).await.expect(200);
    assert_eq!(told.json(), report(&json!(["@acme/ui>lodash"])));
    let expected = json!({
        "name": "NOPAR-HIDDEN-0", "version": "0.0.0", "install": [], "remove": [], "metadata": {},
        "requires": {"lodash": "^4.0.0", "NOPAR-HIDDEN-1": "*"},
        "dependencies": {
            "lodash": {"version": "4.17.21"},
            "NOPAR-HIDDEN-1": {
                "version": "0.0.0", "requires": {"lodash": "^4.17.0", "NOPAR-HIDDEN-0": "*"},
                "dependencies": {
                    "lodash": {"version": "4.17.20"}, "NOPAR-HIDDEN-0": {"version": "0.0.0"},
                },
            },
        },
    });
    assert_eq!(asked(&upstream), [expected]);
    heard_nothing(&upstream, &["mine", "acme", "secret", "npm.test", "AAAA", "7.7.7"]);
}

/// Two upstreams, of which the second has `@other/*`.
async fn two() -> (FakeUpstream, FakeUpstream, TestNopar) {
    let (all, other) = (FakeUpstream::start().await, FakeUpstream::start().await);
    let file = format!(
        "[[upstream]]\nurl = \"{}\"\n[[upstream]]\nurl = \"{}\"\npackages = [\"@other/*\"]\ntoken = \"secret-token\"\n",
        all.url(),
        other.url()
    );
    let nopar = TestNopar::forwarding_to("").without_env("NOPAR_FORWARDER_URL").file(&file);
    let nopar = nopar.env("NOPAR_LOCAL_PACKAGES", "@acme/*").start().await;
    (all, other, nopar)
}

/// Each upstream is asked for its own names with its own token, and what both say is told.
#[tokio::test]
async fn each_upstream_is_asked_for_its_own() {
    let (all, other, nopar) = two().await;
    says(&all, BULK, &json!({"lodash": [advisory()], "@other/x": [1]}));
    says(&other, BULK, &json!({"@other/x": [advisory()]}));
    let question = json!({"lodash": ["4.17.20"], "@other/x": ["1.0.0"], "@acme/ui": ["1.0.0"]});
    let told = answer(&nopar, BULK, &question).await.expect(200).json();
    assert_eq!(told, json!({"lodash": [advisory()], "@other/x": [advisory()]}));
    assert_eq!(asked(&all), [json!({"lodash": ["4.17.20"]})]);
    assert_eq!(asked(&other), [json!({"@other/x": ["1.0.0"]})]);
    assert_eq!(all.requests()[0].header("authorization"), None);
    assert_eq!(other.requests()[0].header("authorization"), Some("Bearer secret-token"));
}

/// Of one tree each upstream hears its part, and one report is told.
#[tokio::test]
async fn one_report_is_made_of_two() {
    let (all, other, nopar) = two().await;
    says(&all, QUICK, &report(&json!(["NOPAR-HIDDEN-1>lodash"])));
    let mut second = report(&json!(["@other/x"]));
    second["advisories"] = json!({"5": {"module_name": "@other/x"}});
    says(&other, QUICK, &second);
    let tree = json!({"name": "app", "dependencies": {
        "@other/x": {"version": "1.0.0", "dependencies": {"lodash": {"version": "4.17.20"}}},
    }});
    let told = answer(&nopar, QUICK, &tree).await.expect(200).json();
    let first = &told["advisories"]["1106913"]["findings"][0]["paths"];
    assert_eq!(first, &json!(["@other/x>lodash"]));
    assert_eq!(told["advisories"]["5"]["module_name"], "@other/x");
    assert_eq!(told["actions"].as_array().map(Vec::len), Some(2));
    assert_eq!(told["metadata"]["vulnerabilities"]["high"], 2);
    assert_eq!(told["metadata"]["dependencies"], 2);
    heard_nothing(&all, &["other", "secret"]);
    heard_nothing(&other, &["lodash", "4.17.20"]);
}

/// One upstream of two that fails makes the whole of it unknown.
#[tokio::test]
async fn half_an_answer_is_none() {
    let (all, other, nopar) = two().await;
    says(&all, BULK, &json!({"lodash": [advisory()]}));
    other.always("*", 500);
    let question = json!({"lodash": ["4.17.20"], "@other/x": ["1.0.0"]});
    let told = answer(&nopar, BULK, &question).await.expect(502);
    let error = told.json()["error"].as_str().expect("an error").to_owned();
    assert!(error.contains(&other.url()) && !error.contains(&all.url()), "{error}");
}
