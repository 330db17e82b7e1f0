//! Each way in which an upstream misbehaves: how the fake does it, and what NOPAR has to make of it.
//! Knows nothing of how that is checked.

use std::io::Write;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::scene::{LONG_TARBALL, SHORT_TARBALL};
use crate::support::nopar::TestNoparBuilder;
use crate::support::upstream::{Answer, FakeUpstream, Fault, made_up};

/// Above any packument here, below the bomb.
pub(super) const MOST_PACKUMENT: usize = 1 << 20;

/// One way to misbehave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Behaviour {
    Stopped,
    Resets,
    Closes,
    CutsBodies,
    ResetsInBodies,
    PromisesMore,
    PromisesLess,
    Silent,
    StopsInBodies,
    Trickles,
    Answers(u16),
    TooMany(Option<u32>),
    SendsAPage,
    CutsJson,
    SendsAnothers,
    SendsABomb,
    NeverEnds,
    CodesOddly,
}

use Behaviour::*;

/// What is asked of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asset {
    Packument,
    /// A tarball so short that nothing of it is handed out before it was judged.
    Short,
    /// One whose beginning is on its way to clients before that.
    Long,
}

/// What a client gets who asks for something that is not held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cold {
    /// An error in JSON with this status and reason, and perhaps Retry-After.
    Fails(u16, &'static str, Option<&'static str>),
    /// A 200 that visibly does not come to its end.
    Breaks,
    /// One or the other: a reset may overtake what was sent before it.
    FailsOrBreaks,
}

/// What becomes of a packument that is held, but stale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Held {
    Stale,
    /// This status is believed.
    Gone(u16),
}

const fn fails(status: u16, reason: &'static str) -> Option<Cold> {
    Some(Cold::Fails(status, reason, None))
}

impl Behaviour {
    /// What becomes of a held packument.
    pub(super) fn held(self) -> Held {
        match self {
            Answers(404 | 410) => Held::Gone(404),
            Answers(451) => Held::Gone(451),
            _ => Held::Stale,
        }
    }

    /// What the first to ask for something not held gets; the digests of tarballs are known.
    /// `None`: this makes no sense of such a thing.
    pub(super) fn cold(self, asset: Asset) -> Option<Cold> {
        match (self, asset) {
            (Stopped | Resets | Closes, _) => fails(502, "upstream_unreachable"),
            (CutsBodies | ResetsInBodies | PromisesMore, Asset::Packument) => {
                fails(502, "upstream_unreachable")
            }
            (CutsBodies | PromisesMore, Asset::Short) => fails(502, "upstream_cut"),
            (ResetsInBodies, _) => Some(Cold::FailsOrBreaks),
            (CutsBodies | PromisesMore | PromisesLess | StopsInBodies, Asset::Long) => {
                Some(Cold::Breaks)
            }
            (PromisesLess, Asset::Packument) => fails(502, "upstream_invalid"),
            (PromisesLess, Asset::Short) => fails(502, "upstream_integrity"),
            (Silent | StopsInBodies, _) => fails(504, "upstream_timeout"),
            (TooMany(None), _) => fails(503, "upstream_status_429"),
            (TooMany(Some(_)), _) => Some(Cold::Fails(503, "upstream_status_429", Some("7"))),
            (Answers(status), asset) => answered(status, asset),
            (SendsAPage | SendsAnothers | CutsJson | CodesOddly, Asset::Packument) => {
                fails(502, "upstream_invalid")
            }
            (SendsAPage, _) | (SendsAnothers, Asset::Short) => fails(502, "upstream_integrity"),
            (SendsAnothers, Asset::Long) => Some(Cold::Breaks),
            (Trickles, Asset::Packument) => fails(504, "upstream_timeout"),
            (SendsABomb | NeverEnds, Asset::Packument) => fails(502, "upstream_too_large"),
            (Trickles | CutsJson | CodesOddly | SendsABomb | NeverEnds, _) => None,
        }
    }

    /// The same for a tarball that is asked for before its packument. `None` where nothing can be
    /// told of it then: it goes when the packument comes.
    pub(super) fn cold_and_unsaid(self, asset: Asset) -> Option<Cold> {
        match self {
            SendsAnothers | PromisesLess => None,
            SendsAPage => fails(502, "upstream_invalid"),
            // The packument was looked into, in case the tarball is elsewhere.
            Answers(404 | 410) => fails(404, "document not found"),
            _ => self.cold(asset),
        }
    }

    /// How often the upstream may be asked for one thing: a connection that was idle may have died
    /// of itself, so another is tried.
    pub(super) fn most_requests(self) -> usize {
        match self {
            Stopped => 0,
            Resets | Closes | ResetsInBodies => 3,
            _ => 1,
        }
    }

    /// Makes the upstream behave like this when it is asked for these paths.
    pub(super) async fn begin(self, upstream: &FakeUpstream, paths: &[(String, Asset)]) {
        if self == Stopped {
            return upstream.stop().await;
        }
        for (path, asset) in paths {
            if let Some(fault) = self.fault(*asset) {
                upstream.always(path, fault);
            }
        }
    }

    /// Makes it behave again.
    pub(super) async fn end(self, upstream: &FakeUpstream) {
        if self == Stopped {
            return upstream.restart().await;
        }
        upstream.behave("*");
    }

    /// The settings of a NOPAR that gives up on such an upstream soon.
    pub(super) fn settings(self, builder: TestNoparBuilder) -> TestNoparBuilder {
        let builder = builder.env("NOPAR_MAX_PACKUMENT", &MOST_PACKUMENT.to_string());
        match self {
            Silent | StopsInBodies => builder.env("NOPAR_READ_TIMEOUT", "1s"),
            Trickles => builder.env("NOPAR_FETCH_TIMEOUT", "1s"),
            _ => builder,
        }
    }

    fn fault(self, asset: Asset) -> Option<Fault> {
        let middle = match asset {
            Asset::Packument => 100,
            Asset::Short => SHORT_TARBALL / 2,
            Asset::Long => LONG_TARBALL / 2,
        };
        Some(match (self, asset) {
            (Stopped, _) => return None,
            (Resets, _) => Fault::Reset,
            (Closes, _) => Fault::CloseBeforeHead,
            (CutsBodies, _) => Fault::CutBody(middle),
            (ResetsInBodies, _) => Fault::ResetBody(middle),
            (PromisesMore, _) => Fault::LengthTooLong(9),
            (PromisesLess, _) => Fault::LengthTooShort(9),
            (Silent, _) => Fault::Silence,
            (StopsInBodies, _) => Fault::StopBody(middle),
            (Trickles, _) => Fault::Trickle(20, Duration::from_millis(20)),
            (Answers(status), _) => status.into(),
            (TooMany(None), _) => 429.into(),
            (TooMany(Some(pause)), _) => Fault::too_many(pause),
            (SendsAPage, _) => page().into(),
            (SendsAnothers, Asset::Packument) => Fault::PackumentOf("other".to_owned()),
            (SendsAnothers, Asset::Short) => {
                Answer::new(200).body(made_up(7, SHORT_TARBALL)).into()
            }
            (SendsAnothers, Asset::Long) => Answer::new(200).body(made_up(7, LONG_TARBALL)).into(),
            (NeverEnds, _) => Fault::Endless("application/json"),
            (_, Asset::Short | Asset::Long) => return None,
            (CutsJson, _) => json(r#"{"name":"cold","versions":{"1.0.0":{"na"#).into(),
            (SendsABomb, _) => bomb().header("Content-Encoding", "gzip").into(),
            (CodesOddly, _) => {
                json("\u{b}\u{2}ot JSON as it stands").header("Content-Encoding", "br").into()
            }
        })
    }
}

fn answered(status: u16, asset: Asset) -> Option<Cold> {
    match (status, asset) {
        (404 | 410, Asset::Packument) => fails(404, "document not found"),
        (404 | 410, _) => fails(404, "not_found"),
        (451, _) => fails(451, "unavailable_for_legal_reasons"),
        (401, _) => fails(502, "upstream_status_401"),
        (403, _) => fails(502, "upstream_status_403"),
        (500, _) => fails(502, "upstream_status_500"),
        (502, _) => fails(502, "upstream_status_502"),
        (503, _) => fails(503, "upstream_status_503"),
        (504, _) => fails(504, "upstream_status_504"),
        _ => panic!("the table has no row for {status}"),
    }
}

/// What a captive portal sends in place of anything.
pub(super) fn page() -> Answer {
    let page = "<!doctype html><title>Please log in</title>";
    Answer::new(200).header("Content-Type", "text/html").body(page)
}

fn json(text: &str) -> Answer {
    Answer::new(200).header("Content-Type", "application/json").body(text.to_owned())
}

/// A few kilobytes that unpack to eight times what is taken.
fn bomb() -> Answer {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(br#"{"name":"cold","readme":""#).expect("packing into memory");
    for _ in 0..8 {
        packer.write_all(&[b'a'; MOST_PACKUMENT]).expect("packing into memory");
    }
    let packed = packer.finish().expect("packing into memory");
    Answer::new(200).header("Content-Type", "application/json").body(packed)
}
