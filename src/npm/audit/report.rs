//! Reports of trees, as upstreams send them, and one that is made of several.
//! Knows nothing of placeholders.

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::json::{each_member, push_quoted};

/// The most advisories in reports of which one is made.
const MOST_ADVISORIES: usize = 100_000;

/// The members of a report that are known; a report that is not merged keeps all others.
#[derive(Deserialize)]
struct Report<'a> {
    #[serde(borrow)]
    actions: Option<&'a RawValue>,
    #[serde(borrow)]
    advisories: &'a RawValue,
    #[serde(borrow)]
    muted: Option<&'a RawValue>,
    #[serde(borrow)]
    metadata: Option<&'a RawValue>,
}

/// What a report counts.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Counts {
    vulnerabilities: Severities,
    dependencies: u64,
    dev_dependencies: u64,
    optional_dependencies: u64,
    total_dependencies: u64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Severities {
    info: u64,
    low: u64,
    moderate: u64,
    high: u64,
    critical: u64,
}

impl<'a> Report<'a> {
    /// `None` if it is no report.
    fn parse(text: &'a str) -> Option<Report<'a>> {
        let report: Report<'a> = serde_json::from_str(text).ok()?;
        let is =
            |raw: Option<&RawValue>, open: char| raw.is_none_or(|it| it.get().starts_with(open));
        let is_one = is(Some(report.advisories), '{')
            && is(report.actions, '[')
            && is(report.muted, '[')
            && is(report.metadata, '{');
        is_one.then_some(report)
    }
}

/// Whether a text is a report: it has advisories, if none.
pub(super) fn is_report(text: &str) -> bool {
    Report::parse(text).is_some()
}

/// A report of so many packages of which nothing is known.
pub(super) fn empty(packages: usize) -> String {
    let counts = Counts {
        dependencies: packages as u64,
        total_dependencies: packages as u64,
        ..Counts::default()
    };
    written("", "", "", &counts)
}

/// The report that is made of those of several upstreams, each of which was asked for the whole tree, and named only its
/// own packages in it. `None` when one is no report.
pub(super) fn merge<'a>(texts: impl Iterator<Item = &'a str>) -> Option<String> {
    let (mut actions, mut advisories, mut muted) = (String::new(), String::new(), String::new());
    let (mut all, mut ids) = (Counts::default(), HashSet::new());
    for text in texts {
        let report = Report::parse(text)?;
        push_elements(&mut actions, report.actions);
        push_elements(&mut muted, report.muted);
        push_advisories(&mut advisories, report.advisories, &mut ids)?;
        let counts = report.metadata.map(|raw| serde_json::from_str(raw.get()));
        all.add(&counts.transpose().ok()?.unwrap_or_default());
    }
    Some(written(&actions, &advisories, &muted, &all))
}

/// Appends what is between the brackets of a list.
fn push_elements(out: &mut String, list: Option<&RawValue>) {
    let list = list.map_or("", RawValue::get);
    let inner = list.strip_prefix('[').and_then(|list| list.strip_suffix(']'));
    let inner = inner.unwrap_or_default().trim();
    if !out.is_empty() && !inner.is_empty() {
        out.push(',');
    }
    out.push_str(inner);
}

/// Appends advisories by their numbers. Two registries may have one number for two advisories, which are about
/// different packages: both are told.
fn push_advisories(
    out: &mut String,
    advisories: &RawValue,
    ids: &mut HashSet<String>,
) -> Option<()> {
    let read = each_member(advisories.get(), |id, advisory| {
        let mut key = id.to_owned();
        while ids.contains(&key) {
            key.push('+');
        }
        if !out.is_empty() {
            out.push(',');
        }
        push_quoted(out, &key);
        out.push(':');
        out.push_str(advisory);
        ids.insert(key);
        if ids.len() > MOST_ADVISORIES { Err("too many advisories") } else { Ok(()) }
    });
    read.ok()
}

impl Counts {
    /// What was found is added; the packages are the same.
    fn add(&mut self, other: &Counts) {
        let (own, others) = (&mut self.vulnerabilities, &other.vulnerabilities);
        for (one, another) in [
            (&mut own.info, others.info),
            (&mut own.low, others.low),
            (&mut own.moderate, others.moderate),
            (&mut own.high, others.high),
            (&mut own.critical, others.critical),
        ] {
            *one = one.saturating_add(another);
        }
        for (one, another) in [
            (&mut self.dependencies, other.dependencies),
            (&mut self.dev_dependencies, other.dev_dependencies),
            (&mut self.optional_dependencies, other.optional_dependencies),
            (&mut self.total_dependencies, other.total_dependencies),
        ] {
            *one = another.max(*one);
        }
    }

    fn json(&self) -> Value {
        let found = &self.vulnerabilities;
        json!({
            "vulnerabilities": {
                "info": found.info,
                "low": found.low,
                "moderate": found.moderate,
                "high": found.high,
                "critical": found.critical,
            },
            "dependencies": self.dependencies,
            "devDependencies": self.dev_dependencies,
            "optionalDependencies": self.optional_dependencies,
            "totalDependencies": self.total_dependencies,
        })
    }
}

fn written(actions: &str, advisories: &str, muted: &str, counts: &Counts) -> String {
    let counts = counts.json();
    format!(
        "{{\"actions\":[{actions}],\"advisories\":{{{advisories}}},\"muted\":[{muted}],\"metadata\":{counts}}}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_has_advisories_if_none() {
        assert!(is_report(r#"{"advisories":{}}"#));
        assert!(is_report(r#"{"advisories":{},"actions":null,"other":1}"#));
        assert!(is_report(&empty(3)));
        for other in [
            "",
            "{}",
            "[]",
            r#"{"error":"no"}"#,
            r#"{"advisories":[]}"#,
            r#"{"advisories":null}"#,
            r#"{"advisories":{},"actions":{}}"#,
            r#"{"advisories":{},"muted":0}"#,
            r#"{"advisories":{},"metadata":[]}"#,
            r#"{"advisories":{}} x"#,
        ] {
            assert!(!is_report(other), "{other}");
        }
    }

    #[test]
    fn what_several_say_is_told_together() {
        let one = r#"{"actions":[{"module":"a"} ],"advisories":{"7":{"module_name":"a"}},"muted":[],
            "metadata":{"vulnerabilities":{"low":1,"high":2},"dependencies":10,"devDependencies":3,
            "totalDependencies":13}}"#;
        let two = r#"{"actions":[ ],"advisories":{"7":{"module_name":"b"},"8":{"module_name":"b"}},
            "muted":[1,2],"metadata":{"vulnerabilities":{"high":1,"odd":1},"dependencies":10,
            "totalDependencies":13}}"#;
        let three = r#"{"actions":[{"module":"c"},{"module":"d"}],"advisories":{},"muted":[3]}"#;
        let merged = merge([one, two, three].into_iter()).unwrap();
        let expected = json!({
            "actions": [{"module": "a"}, {"module": "c"}, {"module": "d"}],
            "advisories": {
                "7": {"module_name": "a"}, "7+": {"module_name": "b"}, "8": {"module_name": "b"},
            },
            "muted": [1, 2, 3],
            "metadata": {
                "vulnerabilities": {"info": 0, "low": 1, "moderate": 0, "high": 3, "critical": 0},
                "dependencies": 10, "devDependencies": 3, "optionalDependencies": 0,
                "totalDependencies": 13,
            },
        });
        assert_eq!(serde_json::from_str::<Value>(&merged).unwrap(), expected);
        assert!(merge([one, "{}"].into_iter()).is_none());
        let uncountable = r#"{"advisories":{},"metadata":{"dependencies":-1}}"#;
        assert!(merge([one, uncountable].into_iter()).is_none());
    }

    #[test]
    fn there_is_an_end_to_advisories() {
        let many = |count: usize| {
            let all: Vec<String> = (0..count).map(|n| format!("\"{n}\":{{}}")).collect();
            let report = format!("{{\"advisories\":{{{}}}}}", all.join(","));
            merge([report.as_str()].into_iter()).is_some()
        };
        assert!(many(100_000) && !many(100_001));
    }
}
