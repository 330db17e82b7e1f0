//! Which texts may be sent to upstreams: none in which a private package is named.
//! Knows nothing of which packages there are: it says what a text may be read as, and is told.

use crate::config::Pattern;
use crate::npm::PackageName;
use percent_encoding::percent_decode_str;
use std::collections::BTreeSet;
use std::iter;

/// How often percent-encoding is taken off, one layer at a time. What still has some is not sent.
const LAYERS: usize = 4;
/// What a text may be read as, in more ways than this, is not sent.
const MOST_READINGS: usize = 500;
/// A name that nobody gives a package, nor a rule of its own.
const ANY: &str = "~";

/// What must not be told to upstreams.
///
/// Protected are
/// - the full names of packages that are hosted here, also of those that were taken back as a whole;
/// - all names that the claims of the configuration (`NOPAR_LOCAL_PACKAGES`) match, whether or not there are such
///   packages, and each scope all of whose names they match.
///
/// A text is not sent if one of its words is one of these: in any case, in quotes or brackets or with other punctuation
/// around it, behind a qualifier (`scope:acme`, `keywords:acme-ui`), as the name in a spec (`@acme/ui@1.0.0`,
/// `npm:@acme/ui`) or in the path of a URL, a scoped name also without its `@`, all of it under up to four layers of
/// percent-encoding.
///
/// What belongs to an upstream by its patterns is read in the same ways ([`Readings::beginnings`]), and is for that
/// upstream only.
///
/// What rules hide from who searches is protected from that one's texts in the same ways ([`Readings::packages`]).
///
/// Not protected are parts of names, other spellings (`acme ui` for `acme-ui`), the scope of a hosted package that no
/// claim matches, and what descriptions or keywords of hosted packages say.
#[derive(Debug)]
pub struct Private<'a> {
    claims: &'a [Pattern],
}

/// What a text tells, if it is sent as it is.
#[derive(Debug, PartialEq, Eq)]
pub enum Told {
    /// Something that is claimed, or something that cannot be looked through.
    Private,
    /// Perhaps these names; nothing that is claimed.
    Perhaps(Readings),
}

/// What a text may be read as.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Readings {
    /// As they stand there, and in lower case.
    names: BTreeSet<String>,
    /// In lower case, with `@`.
    scopes: BTreeSet<String>,
}

impl<'a> Private<'a> {
    /// What these claims protect.
    pub fn new(claims: &'a [Pattern]) -> Private<'a> {
        Private { claims }
    }

    /// What a text tells. Whether its names are those of hosted packages is for the caller to find out.
    pub fn told(&self, text: &str) -> Told {
        if self.claims.iter().any(Pattern::is_all) {
            return Told::Private;
        }
        let mut readings = Readings::default();
        let mut text = text.to_owned();
        for _ in 0..=LAYERS {
            readings.read(&text);
            let decoded = percent_decode_str(&text).decode_utf8_lossy().into_owned();
            if decoded == text {
                return self.judged(readings);
            }
            text = decoded;
        }
        Told::Private
    }

    fn judged(&self, readings: Readings) -> Told {
        let is_claimed = |name: &String| self.claims.iter().any(|claim| claims(claim, name));
        let is_scope = |scope: &String| self.claims.iter().any(|claim| claims_all(claim, scope));
        let is_private = readings.names.len() > MOST_READINGS
            || readings.names.iter().any(is_claimed)
            || readings.scopes.iter().any(is_scope);
        if is_private { Told::Private } else { Told::Perhaps(readings) }
    }
}

/// Whether a claim matches a name that stands there in lower case.
fn claims(claim: &Pattern, name: &str) -> bool {
    match claim {
        Pattern::Name(one) => one.as_str().to_lowercase() == name,
        Pattern::Prefix(prefix) => name.starts_with(&prefix.to_lowercase()),
    }
}

/// Whether it matches all names of a scope, which has its `@`.
fn claims_all(claim: &Pattern, scope: &str) -> bool {
    match claim {
        Pattern::Name(_) => false,
        Pattern::Prefix(prefix) => format!("{scope}/").starts_with(&prefix.to_lowercase()),
    }
}

impl Readings {
    /// Names of packages, as they stand in the text and in lower case.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// Packages that the text may be about: those it names, and one without a scope and one in each of its scopes, which
    /// stand for all that it does not name. A rule for all of those is one for these.
    pub fn packages(&self) -> impl Iterator<Item = PackageName> {
        let scopes = self.scopes.iter().map(|scope| format!("{scope}/{ANY}"));
        let others = iter::once(ANY.to_owned()).chain(scopes);
        self.names.iter().cloned().chain(others).filter_map(|name| PackageName::parse(&name).ok())
    }

    /// The names, and how all names of the scopes begin (`@acme/`): each in lower case.
    pub fn beginnings(&self) -> impl Iterator<Item = String> {
        let names = self.names.iter().map(|name| name.to_lowercase());
        names.chain(self.scopes.iter().map(|scope| format!("{scope}/")))
    }

    fn read(&mut self, text: &str) {
        // Names of old may be anything but a few signs.
        self.name(text);
        for chunk in text.split(|c: char| c.is_whitespace() || c.is_control()) {
            self.name(chunk);
            self.name(chunk.trim_matches(QUOTES));
            let (key, value) = chunk.split_once(':').unwrap_or_default();
            if key.trim_matches(QUOTES).eq_ignore_ascii_case("scope") {
                self.scope(value.trim_matches(|c: char| !c.is_alphanumeric()));
            }
            for piece in chunk.split(|c: char| !(c.is_alphanumeric() || "-_.~@/".contains(c))) {
                self.piece(piece);
            }
        }
    }

    /// Reads what has only signs in it of which names, specs and paths are made.
    fn piece(&mut self, piece: &str) {
        let segments: Vec<&str> = piece.split('/').collect();
        for (number, segment) in segments.iter().enumerate() {
            // `name@spec`, `@scope`, and what may stand before an `@`.
            let parts: Vec<&str> = segment.split('@').collect();
            parts.iter().for_each(|part| self.part(part));
            parts.iter().skip(1).for_each(|part| self.scope(part));
            let (Some(scope), Some(next)) = (parts.last(), segments.get(number + 1)) else {
                continue;
            };
            // `@scope/name@spec`
            let base = next.split('@').next().unwrap_or_default();
            for base in trims(base) {
                self.name(&format!("@{}/{base}", scope.trim_start_matches(['.', '-', '~'])));
                self.name(&format!("@{scope}/{base}"));
            }
        }
    }

    fn part(&mut self, part: &str) {
        trims(part).into_iter().for_each(|name| self.name(name));
    }

    fn scope(&mut self, text: &str) {
        self.scopes.insert(format!("@{}", trimmed(text).to_lowercase()));
    }

    /// Adds what may be a name.
    fn name(&mut self, text: &str) {
        if self.names.len() <= MOST_READINGS && PackageName::parse(text).is_ok() {
            self.names.insert(text.to_owned());
            self.names.insert(text.to_lowercase());
        }
    }
}

/// A text with and without the signs at its ends that are punctuation, and may be a name's own.
fn trims(text: &str) -> [&str; 4] {
    [text, text.trim_start_matches(SIGNS), text.trim_end_matches(SIGNS), trimmed(text)]
}

fn trimmed(text: &str) -> &str {
    text.trim_matches(SIGNS)
}

const QUOTES: [char; 3] = ['"', '\'', '`'];
const SIGNS: [char; 4] = ['.', '-', '_', '~'];

#[cfg(test)]
mod tests {
    use super::*;

    fn claims() -> [Pattern; 4] {
        [
            Pattern::Prefix("@acme/".to_owned()),
            Pattern::Prefix("@corp/ui-".to_owned()),
            Pattern::Prefix("In-".to_owned()),
            Pattern::Name("left-pad".parse().unwrap()),
        ]
    }

    /// Whether a text is kept back, when this is all that is hosted.
    fn is_private(text: &str, hosted: &str) -> bool {
        match Private::new(&claims()).told(text) {
            Told::Private => true,
            Told::Perhaps(readings) => readings.names.contains(&hosted.to_lowercase()),
        }
    }

    #[test]
    fn what_names_a_private_package_is_kept_back() {
        for text in [
            "@acme/ui",
            "@ACME/Ui",
            "@acme",
            "@acme/",
            "acme/ui",
            "scope:acme",
            "scope:@acme",
            "SCOPE:'Acme'",
            "react @acme/ui hooks",
            "\"@acme/ui\"",
            "(@acme/ui),",
            "“@acme/ui”",
            "@acme/ui@1.0.0",
            "@acme/ui@^1.0.0-rc.1+x",
            "npm:@acme/ui@latest",
            "alias@npm:@acme/ui",
            "https://registry.example/@acme/ui/-/ui-1.0.0.tgz",
            "@acme%2fui",
            "%40acme%2Fui",
            "%2540acme%25252fui",
            "keywords:x,@acme/ui",
            "maintainer:@acme/ui",
            "..@acme/ui..",
            "left-pad",
            "LEFT-PAD!",
            "left-pad@1",
            "left%2dpad",
            "-left-pad-",
            "[left-pad]",
            "a,left-pad;b",
            "a/left-pad/b",
            "in-house",
            "IN-HOUSE@2",
            "in-",
            "@corp/ui-kit",
            "hosted-one",
            "Hosted-One.",
            "x=hosted-one",
            "hosted-one@next",
            "hosted%2done",
            "b@hosted-one",
            "author:hosted-one",
            // One that is packed more often than anybody packs.
            "%252525252540acme",
        ] {
            assert!(is_private(text, "hosted-one"), "{text}");
        }
        for text in ["@Old/it's!(ok)*", " @old/it's!(ok)* ", "x \"@old/it's!(ok)*\""] {
            assert!(is_private(text, "@old/it's!(ok)*"), "{text}");
        }
        assert!(is_private("two words", "two words"));
    }

    #[test]
    fn everything_else_may_be_sent() {
        for text in [
            "react",
            "acme",
            "acme ui",
            "@acme2/ui",
            "@corp",
            "@corp/other",
            "scope:corp",
            "left pad",
            "left-pads",
            "my-left-pad",
            "hosted-one-more",
            "hosted one",
            "inhouse",
            "@types/node@20",
            "100% %zz",
            "keywords:react,vue",
            "",
            "*",
        ] {
            assert!(!is_private(text, "hosted-one"), "{text}");
        }
    }

    #[test]
    fn a_text_may_be_about_its_names_and_what_stands_for_all_others() {
        let Told::Perhaps(readings) = Private::new(&[]).told("kit@corp") else { panic!("told") };
        let names: BTreeSet<String> = readings.packages().map(|it| it.to_string()).collect();
        for expected in ["kit", "corp", "kit@corp", "@corp/~", "~"] {
            assert!(names.contains(expected), "{expected}: {names:?}");
        }
        let Told::Perhaps(none) = Private::new(&[]).told("?") else { panic!("told") };
        let names: Vec<String> = none.packages().map(|it| it.to_string()).collect();
        assert_eq!(names, ["~"]);
    }

    #[test]
    fn who_claims_everything_tells_nothing() {
        assert_eq!(Private::new(&[Pattern::all()]).told("*"), Told::Private);
        let at = [Pattern::Prefix("@".to_owned())];
        assert_eq!(Private::new(&at).told("@any"), Told::Private);
        assert!(matches!(Private::new(&at).told("any"), Told::Perhaps(_)));
    }

    #[test]
    fn what_can_be_read_in_too_many_ways_is_kept_back() {
        let names: String = (0..300).map(|n| format!("A{n}/")).collect();
        assert_eq!(Private::new(&[]).told(&names), Told::Private);
        let Told::Perhaps(readings) = Private::new(&[]).told("a B@1 @c/D") else {
            panic!("private")
        };
        let names: Vec<&str> = readings.names().collect();
        for name in ["a", "B", "b", "1", "@c/D", "@c/d", "D"] {
            assert!(names.contains(&name), "{names:?}");
        }
        let beginnings: BTreeSet<String> = readings.beginnings().collect();
        for beginning in ["a", "b", "@c/d", "@c/"] {
            assert!(beginnings.contains(beginning), "{beginnings:?}");
        }
        assert!(beginnings.iter().all(|it| *it == it.to_lowercase()), "{beginnings:?}");
    }
}
