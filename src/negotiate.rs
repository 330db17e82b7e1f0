//! Which form of a packument, in which encoding, the headers of a request ask for.
//! Knows nothing of documents; never fails, because a header that makes no sense asks for nothing.

use crate::npm::Form;

/// The media type of the abbreviated form.
pub const ABBREVIATED: &str = "application/vnd.npm.install-v1+json";

/// The media type of pages.
const HTML: &str = "text/html";

/// The media type of the full form.
pub const FULL: &str = "application/json";

/// How a body is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// As it is.
    Identity,
    /// `Content-Encoding: gzip`.
    Gzip,
}

/// The form that `Accept` asks for: abbreviated if it is named at least as willingly as the
/// full one; without a header, or with one that names neither, full.
///
/// Where both media types are named with the same weight, the first named is taken. A wildcard
/// never beats a name: bun and yarn 1 end theirs with `*/*`.
pub fn form(accept: Option<&str>) -> Form {
    let ranges: Vec<Weighted<'_>> = weighted(accept.unwrap_or_default()).collect();
    let position = |value: &str| ranges.iter().position(|range| range.is(value));
    let Some(abbreviated) = position(ABBREVIATED) else {
        return Form::Full;
    };
    let named = position(FULL);
    let full = named
        .or_else(|| position("application/*"))
        .or_else(|| position("*/*"))
        .map_or(0, |at| ranges[at].weight);
    let weight = ranges[abbreviated].weight;
    let first = named.is_none_or(|named| abbreviated < named);
    if weight > full || (weight == full && weight > 0 && first) {
        Form::Abbreviated
    } else {
        Form::Full
    }
}

/// Whether `Accept` asks for a page for people: HTML is named, and nothing that programs read is named more willingly, or
/// as willingly before it. Clients of registries name JSON, or nothing.
pub fn prefers_html(accept: Option<&str>) -> bool {
    let ranges: Vec<Weighted<'_>> = weighted(accept.unwrap_or_default()).collect();
    let position = |value: &str| ranges.iter().position(|range| range.is(value));
    let Some(html) = position(HTML) else { return false };
    let weight = ranges[html].weight;
    let is_less = |range: &Weighted<'_>| range.weight <= weight;
    let named = [FULL, ABBREVIATED].into_iter().filter_map(position);
    let mut named =
        named.map(|at| ranges[at].weight < weight || (ranges[at].weight == weight && html < at));
    // A wildcard never beats a name of the same weight.
    let wild = ["application/*", "*/*"].into_iter().filter_map(position);
    weight > 0 && named.all(|is_less| is_less) && wild.map(|at| &ranges[at]).all(is_less)
}

/// The encoding that `Accept-Encoding` allows: gzip if it is offered at least as willingly as
/// none at all. What is malformed, such as bun's `gzip/deflate`, gets the body as it is.
pub fn encoding(accept_encoding: Option<&str>) -> Encoding {
    let codings: Vec<Weighted<'_>> = weighted(accept_encoding.unwrap_or_default()).collect();
    let weight = |value: &str| {
        let coding = codings.iter().find(|coding| coding.is(value));
        coding.map(|coding| coding.weight)
    };
    let gzip = weight("gzip").or_else(|| weight("x-gzip")).or_else(|| weight("*")).unwrap_or(0);
    // A wildcard speaks of identity too, but with gzip's own weight: it decides nothing.
    if gzip > 0 && gzip >= weight("identity").unwrap_or(0) {
        Encoding::Gzip
    } else {
        Encoding::Identity
    }
}

/// One element of a header's list with its q-value in thousandths.
struct Weighted<'a> {
    value: &'a str,
    weight: u16,
}

impl Weighted<'_> {
    fn is(&self, value: &str) -> bool {
        self.value.eq_ignore_ascii_case(value)
    }
}

/// The list's elements in their order; those with a malformed q-value are left out.
fn weighted(header: &str) -> impl Iterator<Item = Weighted<'_>> {
    header.split(',').filter_map(|element| {
        let mut parts = element.split(';').map(str::trim);
        let value = parts.next().filter(|value| !value.is_empty())?;
        let quality = parts.find_map(|parameter| {
            let (key, text) = parameter.split_once('=')?;
            key.trim().eq_ignore_ascii_case("q").then(|| text.trim())
        });
        let weight = quality.map_or(Some(1000), thousandths)?;
        Some(Weighted { value, weight })
    })
}

fn thousandths(text: &str) -> Option<u16> {
    let quality: f32 = text.parse().ok()?;
    // In range after the check, so the cast cannot lose anything but digits after the third.
    (0.0..=1.0).contains(&quality).then(|| (quality * 1000.0).round() as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn form_follows_accept() {
        let check = |accept: Option<&str>, expected| {
            assert_eq!(form(accept), expected, "{accept:?}");
        };
        for accept in [
            "application/vnd.npm.install-v1+json",
            "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*",
            "application/json;q=0.8,application/vnd.npm.install-v1+json",
            "application/json; q=0.8, application/vnd.npm.install-v1+json; q=0.9",
            "application/vnd.npm.install-v1+json, application/json",
            "*/*, application/vnd.npm.install-v1+json",
            "APPLICATION/VND.NPM.INSTALL-V1+JSON ; charset=utf-8 ; Q = 0.001",
            "application/vnd.npm.install-v1+json, application/json;q=junk",
            "application/json;q=0, application/vnd.npm.install-v1+json;q=0.1, */*",
        ] {
            check(Some(accept), Form::Abbreviated);
        }
        check(None, Form::Full);
        for accept in [
            "",
            ",;,",
            "*/*",
            "text/html",
            "application/json",
            "application/*",
            "application/json, application/vnd.npm.install-v1+json",
            "application/json; q=1.0, application/vnd.npm.install-v1+json; q=0.8, */*",
            "application/vnd.npm.install-v1+json;q=0.5, */*",
            "application/vnd.npm.install-v1+json;q=0.5, application/*;q=0.6, */*;q=0.1",
            "application/vnd.npm.install-v1+json;q=0",
            "application/vnd.npm.install-v1+json;q=2",
            "application/vnd.npm.install-v1+json;q=NaN",
            "application/vnd.npm.install-v1+json;q=-1",
        ] {
            check(Some(accept), Form::Full);
        }
    }

    #[test]
    fn pages_are_for_who_names_html_before_what_programs_read() {
        for accept in [
            // Firefox, Chrome, Safari, lynx.
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7",
            "text/html, text/plain, text/sgml, text/css, */*;q=0.01",
            "text/html",
            "TEXT/HTML;charset=utf-8",
            "text/html, */*",
            "text/html, application/json",
            "application/json;q=0.9, text/html",
        ] {
            assert!(prefers_html(Some(accept)), "{accept}");
        }
        for accept in [
            // npm, pnpm, yarn 1, yarn 4 and bun, curl.
            "application/json",
            "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*",
            "application/vnd.npm.install-v1+json",
            "*/*",
            "",
            "text/*",
            "application/json, text/html",
            "application/json, text/html;q=0.9",
            "application/vnd.npm.install-v1+json, text/html",
            "text/html;q=0",
            "text/html;q=0.5, */*",
            "text/html;q=junk",
            "text/html;q=0.5, application/*",
        ] {
            assert!(!prefers_html(Some(accept)), "{accept}");
        }
        assert!(!prefers_html(None));
    }

    #[test]
    fn encoding_follows_accept_encoding() {
        let check = |accept: Option<&str>, expected| {
            assert_eq!(encoding(accept), expected, "{accept:?}");
        };
        for accept in [
            "gzip",
            "gzip,deflate",
            "zstd,gzip,deflate",
            "gzip, deflate, br, zstd",
            "GZIP;q=0.5",
            "x-gzip",
            "*",
            "*;q=0.5",
            "identity;q=0.5, *",
            "identity, gzip",
            "br;q=1.0, gzip;q=0.8, *;q=0.1",
        ] {
            check(Some(accept), Encoding::Gzip);
        }
        check(None, Encoding::Identity);
        for accept in [
            "",
            "identity",
            "gzip/deflate",
            "deflate",
            "gzip;q=0",
            "gzip;q=0.000, *",
            "*;q=0",
            "identity, gzip;q=0.5",
            "gzip;q=junk",
            "gzip;q=inf",
            ";;;,,,",
        ] {
            check(Some(accept), Encoding::Identity);
        }
    }
}
