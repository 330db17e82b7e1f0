//! Things of one kind that are wrong: how many there are, and the first of them in words.
//! Knows nothing of what is wrong.

/// So many of a kind are told one by one: whoever has thousands looks at the first, and needs his log for more.
const TOLD: usize = 20;

/// What was found. It takes little memory, however much that is.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Findings {
    first: Vec<String>,
    more: usize,
}

impl Findings {
    pub(super) fn add(&mut self, what: impl ToString) {
        if self.first.len() < TOLD {
            self.first.push(what.to_string());
        } else {
            self.more += 1;
        }
    }

    /// A line for each of the first, and one that says how many more there are; each begins with the name of the kind.
    pub fn lines(&self, kind: &str) -> impl Iterator<Item = String> {
        let more = (self.more > 0).then(|| format!("{kind}: and {} more", self.more));
        self.first.iter().map(move |what| format!("{kind}: {what}")).chain(more)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twenty_are_told_and_the_rest_is_counted() {
        for (count, last) in [
            (0, None),
            (1, Some("odd: number 0")),
            (20, Some("odd: number 19")),
            (21, Some("odd: and 1 more")),
            (2000, Some("odd: and 1980 more")),
        ] {
            let mut findings = Findings::default();
            (0..count).for_each(|number| findings.add(format!("number {number}")));
            let lines: Vec<String> = findings.lines("odd").collect();
            assert_eq!(lines.len(), count.min(TOLD + 1));
            assert_eq!(lines.last().map(String::as_str), last);
        }
    }
}
