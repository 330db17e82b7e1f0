//! However a body is cut into pieces, what is made of it is the same.
//! Knows nothing of what it means.

use super::*;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use serde_json::{Value, json};

const LIMIT: usize = 1 << 20;

/// JSON as it may stand in a document, with the keys that matter in the wrong places.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        Just(json!("_attachments")),
        Just(json!("data")),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let key =
            prop_oneof![any::<String>(), Just("_attachments".to_owned()), Just("data".to_owned()),];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Feeds `text` in pieces that end at these places.
fn fed(text: &[u8], ends: &[prop::sample::Index]) -> Result<(Vec<u8>, Vec<u8>, bool), ScanError> {
    let mut ends: Vec<usize> = ends.iter().map(|end| end.index(text.len() + 1)).collect();
    ends.push(text.len());
    ends.sort_unstable();
    let (mut scanner, mut tarball, mut from) = (Scanner::new(LIMIT), Vec::new(), 0);
    for end in ends {
        scanner.feed(&text[from..end], &mut tarball)?;
        from = end;
    }
    let (document, had_tarball) = scanner.finish(&mut tarball)?;
    Ok((document, tarball, had_tarball))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_chunking_gives_the_same(
        before in value(),
        after in value(),
        tarball in prop::collection::vec(any::<u8>(), 0..200),
        name in "[a-z\"\\\\/é]{0,8}",
        ends in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        pretty in any::<bool>(),
        escaped in any::<bool>(),
    ) {
        let attachment = json!({"content_type": "x", "data": "TARBALL", "length": tarball.len()});
        let document = json!({
            "before": before,
            "_attachments": {name.as_str(): attachment},
            "after": after,
        });
        let text = if pretty {
            serde_json::to_string_pretty(&document).expect("JSON")
        } else {
            document.to_string()
        };
        let mut data = STANDARD.encode(&tarball);
        if escaped {
            data = data.replace('/', "\\/").replace('+', "\\u002B").replace('=', "\\u003d");
        }
        // The placeholder of the attachment, and not one like it in what was made up.
        prop_assume!(text.matches("\"TARBALL\"").count() == 1);
        let sent = text.replace("\"TARBALL\"", &format!("\"{data}\""));
        let (left, decoded, had_tarball) = fed(sent.as_bytes(), &ends).expect("a document");
        prop_assert!(had_tarball);
        prop_assert_eq!(decoded, tarball);
        prop_assert_eq!(String::from_utf8(left).expect("text"), text.replace("\"TARBALL\"", "\"\""));
    }

    #[test]
    fn bytes_of_any_kind_are_an_error_or_not_but_never_a_panic(
        bytes in prop::collection::vec(prop::sample::select(&b"{}[]\":,\\_data/=u0 aA"[..]), 0..80),
        ends in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let whole = fed(&bytes, &[]);
        prop_assert_eq!(fed(&bytes, &ends), whole);
    }
}
