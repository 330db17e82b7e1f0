//! Tokens of jobs, signed by keys that the tests make: which are trusted, and why others are not.
//! Knows nothing of configuration files, nor of the network.

mod signer;

use super::*;
use crate::config::{Config, Sources};
use proptest::prelude::*;
use serde_json::{Value, json};
use signer::Signer;
use std::io::Write;
use std::time::Duration;
use std::time::SystemTime;

const GITHUB: &str = "https://token.actions.githubusercontent.com";

const FILE: &str = r#"
    [[trust]]
    issuer = "https://token.actions.githubusercontent.com"
    audience = "npm:npm.acme.example"
    claims = { repository = "acme/ui", ref = "refs/tags/*" }
    packages = ["@acme/ui", "@acme/ui-*"]
    [[trust]]
    issuer = "https://token.actions.githubusercontent.com"
    audience = "npm:npm.acme.example"
    claims = { repository_owner = "acme" }
    packages = ["@acme/*", "left-pad"]
    permission = "read"
    [[trust]]
    issuer = "https://ci.acme.example/jobs"
    audience = "acme"
    claims = { protected = "true", number = "7" }
    packages = ["*"]
"#;

/// What a test asks, with all that is there.
struct Scene {
    trust: Trust,
    clock: Clock,
    /// One of each kind, the issuers' own.
    signers: Vec<Signer>,
    _home: tempfile::TempDir,
}

impl Scene {
    fn new() -> Scene {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(FILE.as_bytes()).unwrap();
        let sources = Sources { file: Some(file.path().to_owned()), ..Sources::default() };
        let trusted = Config::load(&sources).unwrap().access.trust;
        let signers = Signer::each();
        let clock = Clock::stopped();
        let home = tempfile::tempdir().unwrap();
        let keys = Arc::new(signer::shown(&signers));
        let trust = Trust::new(trusted, keys, home.path(), Arc::new(()), clock.clone());
        Scene { trust, clock, signers, _home: home }
    }

    fn now(&self) -> u64 {
        to_millis(self.clock.now()) / 1000
    }

    /// What GitHub says of a job that publishes, with these claims in place of its own; `null` takes one away.
    fn claims(&self, more: Value) -> Value {
        let now = self.now();
        let mut claims = json!({
            "iss": GITHUB,
            "aud": "npm:npm.acme.example",
            "sub": "repo:acme/ui:ref:refs/tags/v1",
            "repository": "acme/ui",
            "repository_owner": "acme",
            "ref": "refs/tags/v1",
            "iat": now,
            "nbf": now,
            "exp": now + 300,
        });
        for (claim, value) in more.as_object().unwrap() {
            match value {
                Value::Null => drop(claims.as_object_mut().unwrap().remove(claim)),
                value => claims[claim] = value.clone(),
            }
        }
        claims
    }

    /// A token of the first signer with the usual claims but these.
    fn token(&self, more: Value) -> String {
        self.signers[0].token(&self.claims(more))
    }

    /// Verifies a token and uses it up.
    async fn verify(&self, token: &str, name: &str) -> Result<Trusted, Refused> {
        let (trusted, unused) = self.trust.verify(token, &name.parse().unwrap()).await?;
        self.trust.use_up(unused).await?;
        Ok(trusted)
    }

    /// What comes of the usual claims but these.
    async fn check(&self, more: Value, expected: Result<(), Refused>) {
        let found = self.verify(&self.token(more.clone()), "@acme/ui").await.map(drop);
        assert_eq!(found, expected, "{more}");
    }
}

fn patterns(trusted: &Trusted) -> Vec<String> {
    trusted.packages().iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn a_job_gets_what_it_asks_for_and_no_more_whatever_signed() {
    let scene = Scene::new();
    for signer in &scene.signers {
        let token = signer.token(&scene.claims(json!({})));
        let trusted = scene.verify(&token, "@acme/ui").await.unwrap();
        assert_eq!(trusted.job(), "oidc:github:acme/ui");
        assert_eq!(patterns(&trusted), ["@acme/ui"], "that package only");
        assert!(!trusted.is_read_only());
    }
}

#[tokio::test]
async fn the_first_that_fits_the_job_and_the_package_holds() {
    let scene = Scene::new();
    let trusted = scene.verify(&scene.token(json!({})), "left-pad").await.unwrap();
    assert!(trusted.is_read_only());
    assert_eq!(patterns(&trusted), ["@acme/*", "left-pad"]);
    let other = scene.token(json!({"ref": "refs/heads/main"}));
    assert!(scene.verify(&other, "@acme/ui").await.unwrap().is_read_only());
    let own = json!({
        "iss": "https://ci.acme.example/jobs", "aud": ["other", "acme"], "protected": true, "number": 7
    });
    let trusted = scene.verify(&scene.token(own), "lodash").await.unwrap();
    assert_eq!(trusted.job(), "oidc:ci.acme.example/jobs:repo:acme/ui:ref:refs/tags/v1");
}

#[tokio::test]
async fn what_does_not_fit_is_refused_for_what_is_wrong() {
    let scene = Scene::new();
    let claims = Err(Refused::Claims);
    scene.check(json!({"repository": "eve/ui", "repository_owner": "eve"}), claims.clone()).await;
    scene.check(json!({"repository": null, "repository_owner": null}), claims.clone()).await;
    let listed = json!({"repository": ["acme/ui"], "repository_owner": {"acme": 1}});
    scene.check(listed, claims).await;
    for aud in [json!("npm:other.example"), json!([]), json!(7), json!({"npm:npm.acme.example": 1})]
    {
        scene.check(json!({"aud": aud}), Err(Refused::Audience)).await;
    }
    scene.check(json!({"aud": null}), Err(Refused::Audience)).await;
    // One issuer's audience is not another's.
    scene.check(json!({"aud": "acme"}), Err(Refused::Audience)).await;
    for iss in ["https://evil.example", "https://token.actions.githubusercontent.com/", ""] {
        scene.check(json!({"iss": iss}), Err(Refused::Issuer)).await;
    }
    scene.check(json!({"iss": null}), Err(Refused::Missing("iss"))).await;
    scene.check(json!({"iss": [GITHUB]}), Err(Refused::Missing("iss"))).await;
    let token = scene.token(json!({}));
    let package = Err(Refused::Package("lodash".to_owned()));
    assert_eq!(scene.verify(&token, "lodash").await.map(drop), package);
    let nameless = json!({"repository": null, "ref": "x"});
    scene.check(nameless, Err(Refused::Missing("repository"))).await;
    scene.check(json!({}), Ok(())).await;
}

#[tokio::test]
async fn a_token_is_good_for_its_time_and_a_minute_around_it() {
    let scene = Scene::new();
    let now = scene.now();
    let time = |what| Err(Refused::Time(what));
    let over = "has expired: have a new one made";
    let early = "is not good yet: compare the clocks";
    let long = "is good for more than a day: have a shorter one made";
    for (number, (more, expected)) in [
        (json!({"exp": now - 59}), Ok(())),
        (json!({"exp": now - 60}), time(over)),
        (json!({"exp": 0}), time(over)),
        (json!({"nbf": now + 60}), Ok(())),
        (json!({"nbf": now + 61}), time(early)),
        (json!({"nbf": null}), Ok(())),
        (json!({"iat": now + 60}), Ok(())),
        (json!({"iat": now + 61}), time(early)),
        (json!({"iat": now - 100_000}), time(long)),
        (json!({"exp": now + 24 * 3600}), Ok(())),
        (json!({"exp": now + 24 * 3600 + 1}), time(long)),
        (json!({"exp": u64::MAX}), time(long)),
        (json!({"exp": now as f64 + 300.5}), Ok(())),
        (json!({"exp": null}), Err(Refused::Missing("exp"))),
        (json!({"iat": null}), Err(Refused::Missing("iat"))),
        (json!({"exp": (now + 300).to_string()}), Err(Refused::Missing("exp"))),
        (json!({"exp": -1}), Err(Refused::Missing("exp"))),
        (json!({"nbf": "now"}), Err(Refused::Missing("nbf"))),
    ]
    .into_iter()
    .enumerate()
    {
        let mut more = more;
        more["jti"] = json!(number.to_string());
        scene.check(more, expected).await;
    }
}

#[tokio::test]
async fn a_token_is_good_once_for_each_package() {
    let scene = Scene::new();
    let replayed = Err(Refused::Replayed);
    let token = scene.token(json!({"jti": "1"}));
    assert!(scene.verify(&token, "@acme/ui").await.is_ok());
    assert_eq!(scene.verify(&token, "@acme/ui").await.map(drop), replayed);
    assert!(scene.verify(&token, "@acme/ui-kit").await.is_ok());
    // The same, signed or written anew.
    scene.check(json!({"jti": "1", "more": 1}), replayed.clone()).await;
    let other = scene.signers[1].token(&scene.claims(json!({"jti": "1"})));
    assert_eq!(scene.verify(&other, "@acme/ui").await.map(drop), replayed);
    scene.check(json!({"jti": "2"}), Ok(())).await;
    // Without an ID it is the token itself.
    let token = scene.token(json!({}));
    assert!(scene.verify(&token, "@acme/ui").await.is_ok());
    assert_eq!(scene.verify(&token, "@acme/ui").await.map(drop), replayed);
    // Until its time is over, and then it is refused for that.
    scene.clock.advance(Duration::from_secs(359));
    assert_eq!(scene.verify(&token, "@acme/ui").await.map(drop), replayed);
    scene.clock.advance(Duration::from_secs(1));
    let over = scene.verify(&token, "@acme/ui").await.map(drop);
    assert!(matches!(over, Err(Refused::Time(_))), "{over:?}");
    // What was refused is not noted.
    scene.check(json!({"jti": "3", "aud": "other"}), Err(Refused::Audience)).await;
    scene.check(json!({"jti": "3"}), Ok(())).await;
}

/// What it is good for may fail: then it may be shown again.
#[tokio::test]
async fn a_token_is_used_up_by_the_first_who_says_so_and_not_by_being_verified() {
    let scene = Scene::new();
    let (token, name) = (scene.token(json!({})), "@acme/ui".parse().unwrap());
    let (_, one) = scene.trust.verify(&token, &name).await.unwrap();
    let (_, other) = scene.trust.verify(&token, &name).await.unwrap();
    assert_eq!(scene.trust.use_up(other).await, Ok(()));
    assert_eq!(scene.trust.use_up(one).await, Err(Refused::Replayed));
    assert_eq!(scene.verify(&token, "@acme/ui").await.map(drop), Err(Refused::Replayed));
}

/// `(r, s)` and `(r, n - s)` are both right where the signature is by ECDSA: it was accepted once by each.
#[tokio::test]
async fn another_signature_of_a_token_that_was_shown_is_no_other_token() {
    let scene = Scene::new();
    let signer = &scene.signers[0];
    for (number, more) in
        [json!({}), json!({"jti": "1"}), json!({"jti": 7})].into_iter().enumerate()
    {
        let mut more = more;
        more["number"] = json!(number);
        let token = signer.token(&scene.claims(more));
        let other = signer::signed_otherwise(&token);
        assert_ne!(token, other);
        assert_eq!(scene.verify(&other, "@acme/ui").await.map(drop), Ok(()), "it is right as well");
        for again in [&token, &other] {
            let found = scene.verify(again, "@acme/ui").await.map(drop);
            assert_eq!(found, Err(Refused::Replayed));
        }
    }
}

#[tokio::test]
async fn only_a_key_of_the_issuer_signs_and_only_in_its_own_way() {
    let scene = Scene::new();
    let claims = scene.claims(json!({}));
    let check = async |token: String, expected: Refused| {
        assert_eq!(scene.verify(&token, "@acme/ui").await.map(drop), Err(expected), "{token}");
    };
    for (signer, stranger) in scene.signers.iter().zip(Signer::strangers()) {
        let header = |alg: &str| json!({"alg": alg, "kid": signer.id});
        // Somebody else's key under the issuer's ID.
        if let Some(stranger) = stranger {
            check(stranger.signed(&header(signer.algorithm), &claims), Refused::Signature).await;
        }
        for alg in ["none", "None", "HS256", "RS384", "ES384", ""] {
            check(signer.signed(&header(alg), &claims), Refused::Algorithm).await;
        }
        // Another that is known is not this key's.
        for other in scene.signers.iter().filter(|other| other.algorithm != signer.algorithm) {
            check(signer.signed(&header(other.algorithm), &claims), Refused::Algorithm).await;
            let claimed = json!({"alg": other.algorithm, "kid": other.id});
            check(signer.signed(&claimed, &claims), Refused::Signature).await;
        }
        let unknown = json!({"alg": signer.algorithm, "kid": "unknown"});
        check(signer.signed(&unknown, &claims), Refused::Key).await;
        let without = json!({"alg": signer.algorithm});
        check(signer.signed(&without, &claims), Refused::Algorithm).await;
        let mut critical = header(signer.algorithm);
        critical["crit"] = json!(["b64"]);
        check(signer.signed(&critical, &claims), Refused::Algorithm).await;
        // Its own key, brought along.
        let mut brought = header(signer.algorithm);
        brought["jwk"] = signer.jwk();
        brought["kid"] = json!("unknown");
        check(signer.signed(&brought, &claims), Refused::Key).await;
    }
    let unsigned = scene.token(json!({}));
    let unsigned = &unsigned[..=unsigned.rfind('.').unwrap()];
    check(unsigned.to_owned(), Refused::Signature).await;
}

#[tokio::test]
async fn what_is_no_token_is_none() {
    let scene = Scene::new();
    let good = scene.token(json!({}));
    let long = scene.token(json!({"more": "x".repeat(16 * 1024)}));
    let nested = signer::encode("[".repeat(10_000).as_bytes());
    let header = signer::encode(br#"{"alg":"ES256","kid":"x"}"#);
    for token in [
        "",
        ".",
        "..",
        "...",
        "npm_abc",
        &good[..good.rfind('.').unwrap()],
        &format!("{good}.x"),
        &format!("{good}="),
        &format!("{good} "),
        &format!("{header}.{nested}.AA"),
        &format!("{header}.{}.", signer::encode(b"[]")),
        &format!("{header}.{}.", signer::encode(b"\xff")),
        &format!("{}.{header}.", signer::encode(b"{}")),
        &long,
        &"x".repeat(1_000_000),
        "é.é.é",
    ] {
        let found = scene.verify(token, "@acme/ui").await.map(drop);
        assert_eq!(found, Err(Refused::Unknown), "{:.40}", token);
    }
}

/// Also without anything in it that could be one.
#[test]
fn no_refusal_shows_a_token_or_asks_for_a_one_time_password() {
    for refused in [
        Refused::Unknown,
        Refused::Algorithm,
        Refused::Issuer,
        Refused::NoKeys,
        Refused::Key,
        Refused::Signature,
        Refused::Missing("exp"),
        Refused::Time("has expired: have a new one made"),
        Refused::Audience,
        Refused::Claims,
        Refused::Package("x".to_owned()),
        Refused::Replayed,
        Refused::Busy,
        Refused::Unnoted,
    ] {
        assert!(!refused.to_string().to_lowercase().contains("one-time pass"), "{refused}");
    }
}

#[tokio::test]
async fn a_job_s_token_becomes_one_of_the_registry_s() {
    let scene = Scene::new();
    let home = tempfile::tempdir().unwrap();
    let access = super::super::Access::open(home.path().join("tokens"), Arc::new(()));
    let access = access.by(scene.clock.clone());
    let trusted = scene.verify(&scene.token(json!({})), "@acme/ui").await.unwrap();
    let (token, view) = access.admit(trusted).await.unwrap();
    assert_eq!(view.expires, Some(scene.now() + 3600));
    let header = format!("Bearer {token}");
    let caller = access.caller(&[&header]).await.unwrap();
    assert_eq!(caller.user(), Some("oidc:github:acme/ui"));
    let name: PackageName = "@acme/ui".parse().unwrap();
    assert!(caller.limits().grants(super::super::Permission::Publish, &name));
    assert!(!caller.limits().allow(super::super::Permission::Unpublish, &name));
    assert_eq!(access.known(&header, None, SystemTime::now()).as_deref(), Some(&caller));
    scene.clock.advance(Duration::from_secs(3600));
    assert!(access.caller(&[&header]).await.is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever is changed in a token that is good, it is trusted no more.
    #[test]
    fn a_token_that_was_changed_is_refused(at in any::<prop::sample::Index>(), by in 1_u8..64) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let scene = Scene::new();
            for signer in &scene.signers {
                let token = signer.token(&scene.claims(json!({})));
                let mut bytes = token.clone().into_bytes();
                let at = at.index(bytes.len());
                let alphabet =
                    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
                let was = alphabet.iter().position(|byte| *byte == bytes[at]).unwrap();
                bytes[at] = alphabet[(was + usize::from(by)) % alphabet.len()];
                let changed = String::from_utf8(bytes).unwrap();
                prop_assert_ne!(&changed, &token);
                prop_assert!(scene.verify(&changed, "@acme/ui").await.is_err(), "{}", changed);
            }
            Ok(())
        })?;
    }
}
