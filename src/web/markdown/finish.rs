//! The last changes to HTML that ammonia has written: headings lower, links in place of images, boxes that scroll, words
//! above alerts.
//! Knows only that one form: tags in lower case, values in double quotes, in which `&` and `"` are escaped.

use super::ALERTS;

/// How far headings are below those of the page.
const LOWER: u8 = 2;
const LOWEST: u8 = 6;

/// The HTML as it stands in a page.
pub(super) fn finished(clean: &str) -> String {
    let mut out = String::with_capacity(clean.len() + clean.len() / 8);
    let mut in_link = false;
    let mut rest = clean;
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        let (tag, after) = rest[at..].split_at(tag_len(&rest[at..]));
        rest = after;
        match name(tag) {
            "img" => image(tag, in_link, &mut out),
            "a" => {
                in_link = !tag.starts_with("</");
                out.push_str(tag);
            }
            heading if level(heading).is_some() => lowered(tag, &mut out),
            "table" if tag.starts_with("</") => out.push_str("</table></div>"),
            // Wide ones scroll by themselves, by keys as well.
            "table" => {
                out.push_str("<div class=\"scroll\" tabindex=\"0\">");
                out.push_str(tag);
            }
            "blockquote" if !tag.starts_with("</") => quote(tag, &mut out),
            // What is ticked on a list is no field of a form.
            "input" => out.push(if value(tag, "checked").is_some() { '☑' } else { '☐' }),
            "pre" if !tag.starts_with("</") => {
                out.push_str("<pre tabindex=\"0\"");
                out.push_str(&tag["<pre".len()..]);
            }
            _ => out.push_str(tag),
        }
    }
    out.push_str(rest);
    out
}

/// How long the tag is that a text begins with.
pub(super) fn tag_len(text: &str) -> usize {
    let mut quoted = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'>' if !quoted => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// What a tag is called.
pub(super) fn name(tag: &str) -> &str {
    let inner = tag.trim_start_matches(['<', '/']);
    inner.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default()
}

fn level(name: &str) -> Option<u8> {
    match name.as_bytes() {
        [b'h', digit @ b'1'..=b'6'] => Some(digit - b'0'),
        _ => None,
    }
}

fn lowered(tag: &str, out: &mut String) {
    let Some(at) = tag.find('h') else { return };
    let level = level(name(tag)).map_or(LOWEST, |level| (level + LOWER).min(LOWEST));
    out.push_str(&tag[..=at]);
    out.push(char::from(b'0' + level));
    out.push_str(&tag[at + 2..]);
}

/// A quote, with the word for it if it is an alert: a colour alone says nothing to who does not see it.
fn quote(tag: &str, out: &mut String) {
    out.push_str(tag);
    let class = value(tag, "class").unwrap_or_default();
    if let Some((_, word)) = ALERTS.iter().find(|(alert, _)| class == *alert) {
        out.push_str("<p class=\"alert\">");
        out.push_str(word);
        out.push_str("</p>");
    }
}

/// An image's text, with a link to it where there is no other.
fn image(tag: &str, in_link: bool, out: &mut String) {
    let alt = value(tag, "alt").filter(|alt| !alt.trim().is_empty()).unwrap_or("image");
    // What may stand in a value may not stand in a text.
    let alt = alt.replace('<', "&lt;").replace('>', "&gt;");
    match value(tag, "src").filter(|_| !in_link) {
        Some(src) => {
            out.push_str("<a class=\"image\" rel=\"nofollow noopener noreferrer\" href=\"");
            out.push_str(src);
            out.push_str("\">");
            out.push_str(&alt);
            out.push_str("</a>");
        }
        None => {
            out.push_str("<span class=\"image\">");
            out.push_str(&alt);
            out.push_str("</span>");
        }
    }
}

/// The value of an attribute, escaped as it is.
pub(super) fn value<'a>(tag: &'a str, key: &str) -> Option<&'a str> {
    let mut rest = tag;
    loop {
        let (before, after) = rest.split_once("=\"")?;
        let (value, next) = after.split_once('"')?;
        if before.rsplit(' ').next() == Some(key) {
            return Some(value);
        }
        rest = next;
    }
}
