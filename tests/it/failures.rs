//! Whatever an upstream does: what is held is served, what is not fails rightly, nothing wrong is
//! kept, and all is well again when the upstream is.
//! Knows nothing of the single parts' own rules.

mod behaviour;
mod install;
mod items;
mod log;
mod matrix;
mod scene;

use self::behaviour::Behaviour;

/// The list of behaviours, and for each of them a test in each module.
macro_rules! behaviours {
    ($($name:ident => $behaviour:expr;)*) => {
        /// Every behaviour, by name.
        const ALL: &[(&str, Behaviour)] = &[$((stringify!($name), $behaviour)),*];

        behaviours!(@each table, matrix::check, $($name => $behaviour;)*);
        behaviours!(@each warm_install, install::warm, $($name => $behaviour;)*);
        behaviours!(@each cold_install, install::cold, $($name => $behaviour;)*);
    };
    (@each $module:ident, $check:path, $($name:ident => $behaviour:expr;)*) => {
        mod $module {
            use super::behaviour::Behaviour::*;
            use super::*;
            $(
                #[tokio::test]
                async fn $name() {
                    $check($behaviour).await;
                }
            )*
        }
    };
}

use Behaviour::*;

behaviours! {
    stopped => Stopped;
    resets_connections => Resets;
    closes_connections => Closes;
    cuts_bodies => CutsBodies;
    resets_connections_in_bodies => ResetsInBodies;
    promises_more_than_it_sends => PromisesMore;
    promises_less_than_it_sends => PromisesLess;
    says_nothing => Silent;
    stops_in_bodies => StopsInBodies;
    trickles_for_ever => Trickles;
    answers_500 => Answers(500);
    answers_502 => Answers(502);
    answers_503 => Answers(503);
    answers_504 => Answers(504);
    answers_429 => TooMany(None);
    answers_429_and_wants_a_pause => TooMany(Some(7));
    answers_401 => Answers(401);
    answers_403 => Answers(403);
    answers_404 => Answers(404);
    answers_410 => Answers(410);
    answers_451 => Answers(451);
    sends_a_page => SendsAPage;
    cuts_json => CutsJson;
    sends_anothers => SendsAnothers;
    sends_a_bomb => SendsABomb;
    never_ends => NeverEnds;
    codes_oddly => CodesOddly;
}
