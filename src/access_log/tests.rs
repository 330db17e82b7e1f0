//! Lines as they are documented, and of whatever clients send.
//! Knows nothing of requests.

use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};

/// A line of which nothing is known; its id is given by the test.
fn line(id: &RequestId) -> Line<'_> {
    Line {
        method: "GET",
        target: "/@a%2fb?x=1",
        status: 200,
        bytes: 0,
        duration: Duration::ZERO,
        cache: "-",
        upstream: None,
        client: None,
        error: None,
        kind: "other",
        id,
        caller: None,
        agent: None,
    }
}

fn as_text(line: &Line<'_>) -> String {
    let mut out = Vec::new();
    text::push(&mut out, line);
    String::from_utf8(out).unwrap()
}

/// The members; fails if they are no object that fits in a line.
fn as_json(line: &Line<'_>) -> Value {
    let mut out = b"{\"a\":0".to_vec();
    json::push(&mut out, line);
    out.push(b'}');
    let text = String::from_utf8(out).unwrap();
    assert!(!text.contains(|c: char| c.is_control() || c == '\u{2028}'), "{text:?}");
    let mut object: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text:?}"));
    object.as_object_mut().unwrap().shift_remove("a");
    object
}

#[test]
fn lines_look_as_documented() {
    let id = &RequestId::given(b"7").unwrap();
    let bare = line(id);
    let expected = "GET /@a%2fb 200 0b 0.0ms - upstream=- unix kind=other id=7 caller=- agent=-";
    assert_eq!(as_text(&bare), expected);
    let all = Line {
        bytes: 293_000,
        duration: Duration::from_micros(12_349),
        cache: "miss",
        upstream: Some(Duration::from_secs(100)),
        client: "[::1]:65535".parse().ok(),
        error: Some("cut"),
        kind: "packument",
        caller: Some("ann"),
        agent: Some(b"npm/11.6.2 node/v24"),
        ..line(id)
    };
    assert_eq!(
        as_text(&all),
        "GET /@a%2fb 200 293000b 12.3ms miss upstream=100000.0ms [::1]:65535 error=cut \
         kind=packument id=7 caller=\"ann\" agent=\"npm/11.6.2 node/v24\""
    );
    let (duration, client) = (Duration::from_micros(950), "10.0.255.1:80".parse().ok());
    let text = as_text(&Line { duration, client, status: 304, ..line(id) });
    assert!(
        text.starts_with("GET /@a%2fb 304 0b 1.0ms - upstream=- 10.0.255.1:80 kind="),
        "{text}"
    );
    let expected = json!({
        "method": "GET",
        "path": "/@a%2fb",
        "status": 200,
        "bytes": 293_000,
        "duration_ms": 12.3,
        "cache": "miss",
        "upstream_ms": 100_000.0,
        "client": "[::1]:65535",
        "error": "cut",
        "kind": "packument",
        "id": "7",
        "caller": "ann",
        "agent": "npm/11.6.2 node/v24",
    });
    assert_eq!(as_json(&all).to_string(), expected.to_string(), "in this order");
    let bare = as_json(&bare);
    assert_eq!(bare["client"], "unix");
    for key in ["upstream_ms", "error", "caller", "agent"] {
        assert_eq!(bare.get(key), Some(&Value::Null), "{key}");
    }
    assert_eq!(bare.as_object().unwrap().len(), expected.as_object().unwrap().len());
}

/// What a parser of text finds: the first words, what has a name, and the last two, which are in quotes or `-`.
fn parsed(text: &str) -> (Vec<&str>, Vec<&str>, [&str; 2]) {
    let (words, quoted) = text.split_once(" caller=").expect(text);
    let words: Vec<&str> = words.split(' ').collect();
    let end = quoted.strip_prefix('"').map_or(1, |rest| 1 + closing(rest) + 1);
    let (caller, agent) = quoted.split_at(end);
    let agent = agent.strip_prefix(" agent=").expect(text);
    if let Some(rest) = agent.strip_prefix('"') {
        assert_eq!(closing(rest), rest.len() - 1, "{text}");
    } else {
        assert_eq!(agent, "-");
    }
    (words[..8].to_vec(), words[8..].to_vec(), [caller, agent])
}

/// Where the quote is that ends a text.
fn closing(text: &str) -> usize {
    let mut is_escaped = false;
    let ends = |(_, char): &(usize, char)| {
        let ends = *char == '"' && !is_escaped;
        is_escaped = *char == '\\' && !is_escaped;
        ends
    };
    text.char_indices().find(ends).expect(text).0
}

/// Bytes that look like the end of something, and any.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let pieces = [
        &b"\""[..],
        b"\\",
        b"\n",
        b"\r\n",
        b" ",
        b" error=x",
        b" agent=\"",
        b" caller=-",
        b"\x1b[2J",
        b"\xff",
        b"\xe2\x80",
        "\u{2028}".as_bytes(),
        "\u{202e}".as_bytes(),
        b"}",
        b",\"status\":200",
        b"\0",
        b"npm/1",
        "é".as_bytes(),
        "\u{85}".as_bytes(),
        b"/",
        b"%20",
        b"npm_",
        b"?",
    ];
    let piece = prop_oneof![
        6 => prop::sample::select(pieces.to_vec()).prop_map(<[u8]>::to_vec),
        1 => any::<Vec<u8>>(),
        1 => (any::<u8>(), 1..10_000_usize).prop_map(|(byte, times)| vec![byte; times]),
    ];
    prop::collection::vec(piece, 0..10).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn nothing_breaks_a_line(
        agent in hostile(),
        target in hostile(),
        caller in hostile(),
        method in hostile(),
    ) {
        let (id, texts) = (RequestId::made(), [target, caller, method]);
        let [target, caller, method] = texts.map(|it| String::from_utf8_lossy(&it).into_owned());
        // As `refusal::named` and Pingora have it.
        let method: String = method.chars().filter(char::is_ascii_graphic).collect();
        // As long as names of users are.
        let caller: String = caller.chars().take(214).collect();
        let (caller, agent) = (Some(caller.as_str()), Some(agent.as_slice()));
        let (client, error) = ("192.0.2.7:80".parse().ok(), Some("cut"));
        let (method, target) = (method.as_str(), format!("/{target}"));
        let target = target.as_str();
        let line = Line { method, target, caller, agent, client, error, ..line(&id) };

        let text = as_text(&line);
        let odd = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{202e}');
        prop_assert!(!text.contains(odd), "{text:?}");
        prop_assert!(text.len() < 20_000, "{}", text.len());
        let (words, named, quoted) = parsed(&text);
        prop_assert_eq!((words[0], words[1]), (line.method(), &*shown(target)));
        prop_assert_eq!(&words[2..], ["200", "0b", "0.0ms", "-", "upstream=-", "192.0.2.7:80"]);
        prop_assert_eq!(named, ["error=cut", "kind=other", &format!("id={id}")]);
        prop_assert!(quoted.iter().all(|text| text.starts_with('"')), "{quoted:?}");

        let object = as_json(&line);
        prop_assert_eq!(object["method"].as_str(), Some(line.method()));
        prop_assert_eq!(object["path"].as_str(), Some(&*shown(target)));
        prop_assert_eq!(object["status"].as_u64(), Some(200));
        prop_assert_eq!(object["caller"].as_str(), caller);
        let agent = String::from_utf8_lossy(shown::cut(agent.unwrap(), shown::AGENT_SHOWN));
        prop_assert_eq!(object["agent"].as_str(), Some(&*agent));
        prop_assert_eq!(object.as_object().unwrap().len(), 13);
    }
}
