//! `GET /-/npm/v1/keys`: the public keys that versions are signed with, of upstreams and of this registry.
//! Knows nothing of how they are kept.
//!
//! A client that is told of keys reports each version that has no signature by one of them. So where packages are
//! published here, their key is among them, made if need be; and where the keys of an upstream are not known, the answer
//! is an error and not a list without them.

use super::{Api, Call, Refusal, UpstreamKey};
use crate::hosted::Standing;
use crate::reply::Reply;
use crate::signing::{Key, Keys, PublicKey};
use http::{StatusCode, header};
use log::error;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use std::collections::HashSet;
use std::sync::Arc;

/// The answer.
#[derive(Serialize)]
struct Told<'a> {
    keys: Vec<Offered<'a>>,
}

/// One key.
enum Offered<'a> {
    Theirs(&'a RawValue),
    Ours(&'a Key),
}

/// One of ours, as npm writes keys.
#[derive(Serialize)]
struct Ours<'a> {
    expires: Option<&'a str>,
    keyid: &'a str,
    keytype: &'static str,
    scheme: &'static str,
    key: &'a str,
}

impl Serialize for Offered<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let key = match self {
            Offered::Theirs(text) => return text.serialize(serializer),
            Offered::Ours(key) => key,
        };
        let ours = Ours {
            expires: key.expires.as_deref(),
            keyid: &key.public.keyid,
            keytype: PublicKey::KIND,
            scheme: PublicKey::KIND,
            key: &key.public.key,
        };
        ours.serialize(serializer)
    }
}

impl Api {
    pub(super) async fn keys(&self, call: &Call<'_>) -> Result<Reply, Refusal> {
        let ours = self.our_keys().await?;
        Ok(match call.elsewhere.keys().await {
            Ok(theirs) => told(&theirs, ours.as_deref()),
            Err(reply) => reply,
        })
    }

    /// This registry's own; `None` as long as it has none, and needs none.
    async fn our_keys(&self) -> Result<Option<Arc<Keys>>, Refusal> {
        let offered = self.with_keys(|signing| signing.offered()).await?;
        let offered = offered.map_err(|trouble| {
            error!("signing: keys are not offered: {trouble}");
            let error = "the keys of this registry cannot be read; its log says why";
            Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, error, "key_error")
        })?;
        if offered.is_some() || !self.has_packages().await? {
            return Ok(offered);
        }
        // Who asks for keys asks for packages next, which are signed by then.
        Ok(self.keys_to_sign().await)
    }

    async fn has_packages(&self) -> Result<bool, Refusal> {
        let packages = self.hosted.packages().await?;
        Ok(packages.iter().any(|package| package.standing() == Standing::Published))
    }
}

/// Each key once: of two with one name, ours, or else the first.
fn told(theirs: &[Arc<[UpstreamKey]>], ours: Option<&Keys>) -> Reply {
    let ours = ours.map_or(&[][..], Keys::all);
    let mut seen: HashSet<&str> = ours.iter().map(|key| key.public.keyid.as_str()).collect();
    let theirs = theirs.iter().flat_map(|keys| keys.iter());
    let theirs = theirs.filter(|key| seen.insert(&key.keyid));
    let mut keys: Vec<Offered<'_>> = theirs.map(|key| Offered::Theirs(&key.text)).collect();
    keys.extend(ours.iter().map(Offered::Ours));
    let body = serde_json::to_vec(&Told { keys });
    let body = body.expect("texts and what is JSON already are JSON");
    let reply = Reply::text(StatusCode::OK, "application/json", body);
    reply.with(header::CACHE_CONTROL, "no-cache")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signing::Signing;
    use crate::store::MemoryStore;
    use serde_json::{Value, json};
    use std::time::SystemTime;

    fn theirs(keys: &[(&str, &str)]) -> Arc<[UpstreamKey]> {
        let key = |(keyid, text): &(&str, &str)| UpstreamKey {
            keyid: (*keyid).to_owned(),
            text: RawValue::from_string((*text).to_owned()).unwrap(),
        };
        keys.iter().map(key).collect()
    }

    fn keys(reply: &Reply) -> Vec<Value> {
        let body: Value = serde_json::from_slice(&reply.body).unwrap();
        body["keys"].as_array().unwrap().clone()
    }

    #[test]
    fn each_key_is_told_once_and_ours_is_nobody_elses() {
        let home = tempfile::tempdir().unwrap();
        let signing = Signing::new(home.path().join("keys"), Arc::new(MemoryStore::new()));
        let ours = signing.prepare(SystemTime::now()).unwrap();
        let keyid = ours.all()[0].public.keyid.clone();
        let first = r#"{ "keyid": "a", "key": "A", "more": 1.50 }"#;
        let one = theirs(&[("a", first), (&keyid, r#"{"key":"forged"}"#)]);
        let two = theirs(&[("a", r#"{"key":"other"}"#), ("b", r#"{"keyid":"b","key":"B"}"#)]);
        let reply = told(&[one, two], Some(&*ours));
        assert!(String::from_utf8_lossy(&reply.body).contains(first));
        let told = keys(&reply);
        let ids: Vec<&Value> = told.iter().map(|key| &key["keyid"]).collect();
        assert_eq!(ids, [&json!("a"), &json!("b"), &json!(keyid)]);
        assert_eq!(told[2]["key"], ours.all()[0].public.key);
    }

    #[test]
    fn without_any_the_list_is_empty() {
        assert_eq!(&told(&[], None).body[..], br#"{"keys":[]}"#);
    }
}
