//! Placeholders for names that an upstream must not hear of, and the way back.
//! Knows nothing of why a name is hidden.
//!
//! A placeholder says nothing of its name, and is none that somebody could publish a vulnerable package by: npm's
//! registry takes no new name with a capital in it.

use indexmap::IndexSet;

/// How placeholders begin.
const MARK: &str = "NOPAR-HIDDEN-";

/// The version that goes with a placeholder.
pub(super) const VERSION: &str = "0.0.0";

/// The names that are hidden in one question, in the order they were met.
#[derive(Debug, Default)]
pub(super) struct Hidden<'a> {
    names: IndexSet<&'a str>,
}

impl<'a> Hidden<'a> {
    /// What stands for a name: the same wherever the name is.
    pub(super) fn placeholder(&mut self, name: &'a str) -> String {
        let (number, _) = self.names.insert_full(name);
        format!("{MARK}{number}")
    }

    /// The names by number.
    pub(super) fn names(self) -> Vec<Box<str>> {
        self.names.into_iter().map(Box::from).collect()
    }
}

/// Whether a name could be taken for a placeholder: it has to be hidden itself, so that an answer has one meaning.
pub(super) fn is_like_a_placeholder(name: &str) -> bool {
    name.contains(MARK)
}

/// A JSON text in which names are in place of their placeholders again. `None` if it is longer than `limit` bytes then.
pub(super) fn reveal(text: &str, names: &[Box<str>], limit: usize) -> Option<String> {
    let mut revealed = String::with_capacity(text.len());
    let mut parts = text.split(MARK);
    revealed.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let name = part[..digits].parse().ok().and_then(|number: usize| names.get(number));
        match name {
            Some(name) => {
                revealed.push_str(&inside_quotes(name));
                revealed.push_str(&part[digits..]);
            }
            None => {
                revealed.push_str(MARK);
                revealed.push_str(part);
            }
        }
        if revealed.len() > limit {
            return None;
        }
    }
    Some(revealed)
}

/// A text as it stands between the quotes of a JSON string.
fn inside_quotes(text: &str) -> String {
    let mut quoted = serde_json::Value::from(text).to_string();
    quoted.pop();
    quoted.remove(0);
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back_wherever_their_placeholders_are() {
        let mut hidden = Hidden::default();
        let names: Vec<String> = (0..12).map(|n| format!("@s/\"n\"\\{n}")).collect();
        for (number, name) in names.iter().enumerate() {
            assert_eq!(hidden.placeholder(name), format!("NOPAR-HIDDEN-{number}"));
        }
        assert_eq!(hidden.placeholder(&names[1]), "NOPAR-HIDDEN-1");
        let hidden = hidden.names();
        let text = r#"{"NOPAR-HIDDEN-1":"a>NOPAR-HIDDEN-11\u003eNOPAR-HIDDEN-0@0.0.0"}"#;
        let revealed = reveal(text, &hidden, 1000).unwrap();
        let value: serde_json::Value = serde_json::from_str(&revealed).unwrap();
        assert_eq!(value[&names[1]], format!("a>{}>{}@0.0.0", names[11], names[0]));
        // Nobody's.
        for text in ["NOPAR-HIDDEN-12", "NOPAR-HIDDEN-", "NOPAR-HIDDEN-99999999999999999999 x", ""]
        {
            assert_eq!(reveal(text, &hidden, 1000).as_deref(), Some(text));
        }
    }

    #[test]
    fn an_answer_does_not_grow_beyond_its_limit() {
        let names = [Box::from("a".repeat(500))];
        let text = "NOPAR-HIDDEN-0".repeat(100);
        assert_eq!(reveal(&text, &names, 49_999), None);
        assert_eq!(reveal(&text, &names, 50_000).map(|it| it.len()), Some(50_000));
    }
}
