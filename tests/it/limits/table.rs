//! Each limit on requests in each situation, by a table: setting, who asks for what, and what they get.
//! Knows nothing of tokens: they need users.

use std::net::IpAddr;
use std::time::Duration;

use super::{check_ready, refused, upstream};
use crate::support::client::Request;
use crate::support::nopar::TestNopar;

const ADDRESS: &str = "NOPAR_MAX_REQUESTS_PER_ADDRESS";
const TRUSTED: (&str, &str) = ("NOPAR_TRUSTED_PROXIES", "127.0.0.3, 10.0.0.0/8");
/// A packument that is held and fresh.
const HELD: &str = "/a";

/// Somebody asks so often, and gets this each time.
struct Ask {
    times: usize,
    /// The last number of an address of this machine.
    from: u8,
    method: &'static str,
    path: &'static str,
    lines: &'static [(&'static str, &'static str)],
    status: u16,
}

const fn ask(times: usize, from: u8, path: &'static str, status: u16) -> Ask {
    Ask { times, from, method: "GET", path, lines: &[], status }
}

/// A proxy asks for somebody.
const fn via(times: usize, said: &'static [(&'static str, &'static str)], status: u16) -> Ask {
    Ask { lines: said, ..ask(times, 3, HELD, status) }
}

struct Row {
    what: &'static str,
    settings: &'static [(&'static str, &'static str)],
    asked: &'static [Ask],
}

const ROWS: &[Row] = &[
    Row {
        what: "an address has as many at once as its rate, and another one its own",
        settings: &[(ADDRESS, "3/min")],
        asked: &[
            ask(3, 2, HELD, 200),
            ask(5, 2, HELD, 429),
            ask(3, 4, HELD, 200),
            ask(1, 4, HELD, 429),
        ],
    },
    Row {
        what: "this machine itself is an address like any other",
        settings: &[(ADDRESS, "2/h")],
        asked: &[ask(2, 1, HELD, 200), ask(1, 1, HELD, 429)],
    },
    Row {
        what: "whatever is asked for counts, be it there or not",
        settings: &[(ADDRESS, "7/min")],
        asked: &[
            ask(1, 2, HELD, 200),
            ask(1, 2, "/a/-/nothing.tgz", 404),
            ask(1, 2, "/-/nothing", 404),
            ask(1, 2, "/a%", 400),
            ask(1, 2, "/-/v1/search?text=a", 200),
            Ask { method: "HEAD", ..ask(1, 2, HELD, 200) },
            Ask { method: "PUT", ..ask(1, 2, HELD, 403) },
            ask(1, 2, HELD, 429),
            ask(1, 2, "/-/nothing", 429),
            ask(1, 2, "/a%", 429),
            Ask { method: "HEAD", ..ask(1, 2, HELD, 429) },
            Ask { method: "PUT", ..ask(1, 2, HELD, 429) },
            Ask { method: "BREW", ..ask(1, 2, HELD, 429) },
        ],
    },
    Row {
        what: "who looks after it may ask on, and takes nothing from others",
        settings: &[(ADDRESS, "1/s")],
        asked: &[
            ask(9, 2, "/-/ping", 200),
            ask(9, 2, "/-/health", 200),
            ask(9, 2, "/-/ready", 200),
            ask(1, 2, HELD, 200),
            ask(1, 2, HELD, 429),
            ask(1, 2, "/-/ping", 200),
            ask(1, 2, "/-/health", 200),
            ask(1, 2, "/-/ready", 200),
        ],
    },
    Row {
        what: "who comes by a trusted proxy is told apart by what it says",
        settings: &[(ADDRESS, "2/min"), TRUSTED],
        asked: &[
            via(2, &[("X-Forwarded-For", "192.0.2.7")], 200),
            via(1, &[("X-Forwarded-For", "192.0.2.7")], 429),
            via(1, &[("X-Forwarded-For", "198.51.100.1, 192.0.2.7")], 429),
            via(1, &[("X-Forwarded-For", "192.0.2.7, 10.1.2.3")], 429),
            via(2, &[("X-Forwarded-For", "192.0.2.8")], 200),
            via(1, &[("X-Forwarded-For", "192.0.2.8")], 429),
            via(1, &[("X-Forwarded-For", "::ffff:192.0.2.8")], 429),
        ],
    },
    Row {
        what: "a proxy that says nothing, or nothing of use, is one client",
        settings: &[(ADDRESS, "2/min"), TRUSTED],
        asked: &[
            via(1, &[], 200),
            via(1, &[("X-Forwarded-For", "somebody")], 200),
            via(1, &[], 429),
            via(1, &[("X-Forwarded-For", "")], 429),
            via(1, &[("X-Forwarded-For", "192.0.2.9")], 200),
        ],
    },
    Row {
        what: "what others say of where they come from is not read",
        settings: &[(ADDRESS, "2/min"), TRUSTED],
        asked: &[
            Ask { lines: &[("X-Forwarded-For", "192.0.2.7")], ..ask(1, 2, HELD, 200) },
            Ask { lines: &[("X-Forwarded-For", "192.0.2.8")], ..ask(1, 2, HELD, 200) },
            Ask { lines: &[("X-Forwarded-For", "192.0.2.9")], ..ask(1, 2, HELD, 429) },
        ],
    },
    Row {
        what: "a network of IPv6 is one client",
        settings: &[(ADDRESS, "2/min"), TRUSTED],
        asked: &[
            via(1, &[("X-Forwarded-For", "2001:db8:1:2::1")], 200),
            via(1, &[("X-Forwarded-For", "2001:db8:1:2:ffff::1")], 200),
            via(1, &[("X-Forwarded-For", "2001:db8:1:2::3")], 429),
            via(1, &[("X-Forwarded-For", "2001:db8:1:3::3")], 200),
        ],
    },
    Row {
        what: "of tokens only, no address is limited",
        settings: &[("NOPAR_MAX_REQUESTS_PER_TOKEN", "1/h")],
        asked: &[
            ask(20, 2, HELD, 200),
            Ask { lines: &[("Authorization", "Bearer npm_unknown")], ..ask(20, 2, HELD, 200) },
        ],
    },
    Row {
        what: "a rate that is off is none",
        settings: &[(ADDRESS, "off"), ("NOPAR_MAX_REQUESTS_PER_TOKEN", "0")],
        asked: &[ask(50, 2, HELD, 200)],
    },
];

/// Of each row all answers; and who comes again as late as they were told is answered.
#[tokio::test]
async fn each_limit_in_each_situation() {
    for (row, hot) in ROWS.iter().flat_map(|row| [(row, true), (row, false)]) {
        let upstream = upstream().await;
        let mut nopar = TestNopar::with(&upstream).stopped_clock();
        for (name, value) in row.settings {
            nopar = nopar.env(name, value);
        }
        let nopar = nopar.env("NOPAR_HOT_PATH", if hot { "yes" } else { "no" }).start().await;
        // Of others, so that what is held is ready, and nobody has had anything.
        for other in 100..104 {
            send(&nopar, &ask(1, other, HELD, 200)).await.expect(200);
        }
        let mut last = None;
        for asked in row.asked {
            for _ in 0..asked.times {
                let answer = send(&nopar, asked).await;
                let what = format!("{} (hot: {hot}): {} {}", row.what, asked.method, asked.path);
                assert_eq!(answer.status, asked.status, "{what} {:?}", asked.lines);
                let is_plain = asked.path == HELD && asked.method == "GET";
                let is_ready = hot && is_plain && asked.lines.iter().all(|line| !is_token(line));
                if is_plain {
                    check_ready(&answer, is_ready, &what);
                }
                if asked.status == 429 && asked.method != "HEAD" {
                    last = Some((asked, refused(&answer, &what)));
                }
            }
        }
        if let Some((asked, after)) = last {
            nopar.advance(Duration::from_secs(after));
            let again = send(&nopar, asked).await;
            assert_ne!(again.status, 429, "{}: after {after} s", row.what);
        }
    }
}

fn is_token(line: &(&str, &str)) -> bool {
    line.0 == "Authorization"
}

async fn send(nopar: &TestNopar, asked: &Ask) -> crate::support::client::Response {
    let from = IpAddr::from([127, 0, 0, asked.from]);
    let request = Request::new(nopar.addr(), asked.method, asked.path).from(from);
    let lines = asked.lines.iter();
    lines.fold(request, |request, (name, value)| request.header(name, value)).send().await
}
