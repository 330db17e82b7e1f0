//! What upstreams answer: checked, freed of what was not asked, with the names of the client's question.
//! Knows nothing of how it came.

use bytes::Bytes;

use super::hidden::reveal;
use super::json::{each_member, push_comma, push_quoted};
use super::{Form, Reading, report};

/// How long an answer may be, in bytes, when all names are in it again.
const MOST_BYTES: usize = 64 << 20;

/// Why what came is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// It is something else.
    #[error("it is no list of advisories for each name")]
    NoBulk,
    /// It is something else.
    #[error("it is no report with advisories")]
    NoReport,
    /// It is too long, with its names.
    #[error("it is longer than {MOST_BYTES} bytes")]
    TooLong,
}

/// Checks that something is an answer of this form.
///
/// # Errors
/// When it is not: nothing is known then.
pub fn check(form: Form, text: &[u8]) -> Result<(), AnswerError> {
    let text = std::str::from_utf8(text).unwrap_or_default();
    match form {
        Form::Bulk => {
            each_member(text, |_, advisories| is_list(advisories)).map_err(|_| AnswerError::NoBulk)
        }
        Form::Report if report::is_report(text) => Ok(()),
        Form::Report => Err(AnswerError::NoReport),
    }
}

fn is_list(text: &str) -> Result<(), &'static str> {
    if text.starts_with('[') { Ok(()) } else { Err("no list") }
}

/// The answer that is made of those of all upstreams that were asked, each beside what it takes to read it. There is
/// one at least.
///
/// # Errors
/// When one of them is no answer, or all of it is too long.
pub fn merge(form: Form, answers: &[(Reading, Bytes)]) -> Result<String, AnswerError> {
    match form {
        Form::Bulk => merge_bulk(answers),
        Form::Report => merge_reports(answers),
    }
}

fn merge_bulk(answers: &[(Reading, Bytes)]) -> Result<String, AnswerError> {
    let mut merged = String::from("{");
    for (reading, text) in answers {
        let Reading::Bulk(asked) = reading else { return Err(AnswerError::NoBulk) };
        let text = std::str::from_utf8(text).map_err(|_| AnswerError::NoBulk)?;
        let read = each_member(text, |name, advisories| {
            is_list(advisories)?;
            // Of other names nobody asked; of these, no other upstream was asked.
            if asked.contains(name) {
                push_comma(&mut merged);
                push_quoted(&mut merged, name);
                merged.push(':');
                merged.push_str(advisories);
            }
            Ok(())
        });
        read.map_err(|_| AnswerError::NoBulk)?;
    }
    merged.push('}');
    Ok(merged)
}

fn merge_reports(answers: &[(Reading, Bytes)]) -> Result<String, AnswerError> {
    let mut reports = Vec::with_capacity(answers.len());
    let mut left = MOST_BYTES;
    for (reading, text) in answers {
        let Reading::Tree(names) = reading else { return Err(AnswerError::NoReport) };
        let text = std::str::from_utf8(text).map_err(|_| AnswerError::NoReport)?;
        let revealed = reveal(text, names, left).ok_or(AnswerError::TooLong)?;
        left = left.saturating_sub(revealed.len());
        reports.push(revealed);
    }
    if reports.len() == 1 {
        // As it came, with all that is not known here.
        return Ok(reports.remove(0));
    }
    report::merge(reports.iter().map(String::as_str)).ok_or(AnswerError::NoReport)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bulk(names: &[&str], text: &'static str) -> (Reading, Bytes) {
        let names = names.iter().map(|name| Box::from(*name)).collect();
        (Reading::Bulk(names), Bytes::from(text))
    }

    #[test]
    fn what_nobody_asked_for_is_left_out() {
        let answers = [
            bulk(&["a", "b"], r#"{"a":[{"id": 1}],"c":[2],"mine":[3]}"#),
            bulk(&["c"], r#"{ "b":[4], "c" :[5,[]] }"#),
        ];
        let merged = merge(Form::Bulk, &answers).unwrap();
        assert_eq!(merged, r#"{"a":[{"id": 1}],"c":[5,[]]}"#);
        assert_eq!(merge(Form::Bulk, &[bulk(&["a"], "{}")]).unwrap(), "{}");
        let wrong = [bulk(&["a"], "{}"), bulk(&["b"], r#"{"x":{}}"#)];
        assert_eq!(merge(Form::Bulk, &wrong), Err(AnswerError::NoBulk));
    }

    #[test]
    fn an_answer_has_its_form() {
        for good in ["{}", r#"{"a":[]}"#, r#" {"a":[{}],"b":[1]} "#] {
            check(Form::Bulk, good.as_bytes()).unwrap();
        }
        let bad =
            ["", "[]", "null", r#"{"error":"x"}"#, r#"{"a":{}}"#, r#"{"a":null}"#, "{\"a\":["];
        for bad in bad {
            assert_eq!(check(Form::Bulk, bad.as_bytes()), Err(AnswerError::NoBulk), "{bad}");
            assert_eq!(check(Form::Report, bad.as_bytes()), Err(AnswerError::NoReport), "{bad}");
        }
        assert_eq!(check(Form::Bulk, b"{\"\xff\":[]}"), Err(AnswerError::NoBulk));
        check(Form::Report, br#"{"advisories":{}}"#).unwrap();
    }

    #[test]
    fn one_report_is_passed_on_as_it_came() {
        let reading = || Reading::Tree(vec!["app".into(), "@acme/ui".into()]);
        let text = r#"{ "advisories": {"1":{"paths":["NOPAR-HIDDEN-1>a"]}}, "unknown": 1.50 }"#;
        let merged = merge(Form::Report, &[(reading(), Bytes::from(text))]).unwrap();
        assert_eq!(merged, text.replace("NOPAR-HIDDEN-1", "@acme/ui"));
        let long = format!("{{\"advisories\":{{\"x\":\"{}\"}}}}", "NOPAR-HIDDEN-0".repeat(10));
        let names = Reading::Tree(vec!["a".repeat(8 << 20).into()]);
        let merged = merge(Form::Report, &[(names, Bytes::from(long))]);
        assert_eq!(merged, Err(AnswerError::TooLong));
    }
}
