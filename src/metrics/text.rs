//! Prometheus' text format, version 0.0.4.
//! Knows nothing of which metrics there are.
//!
//! Values of labels are words of NOPAR's own, and not escaped: none has a quote, a backslash or a line's end.

use super::table::{Metric, Type};
use crate::counters::Histogram;
use std::fmt::{Display, Write};

/// What goes into a `String` always gets there.
const TAKEN: &str = "a String takes all";

/// A text in the making.
#[derive(Default)]
pub(super) struct Text {
    out: String,
}

/// The samples of one metric.
pub(super) struct Samples<'a> {
    out: &'a mut String,
    metric: &'static Metric,
}

impl Text {
    /// Begins a metric, also one that has no samples yet: it is there, and nothing was counted.
    pub(super) fn of(&mut self, metric: &'static Metric) -> Samples<'_> {
        let Metric { name, help, of, .. } = metric;
        let of = of.as_str();
        write!(self.out, "# HELP {name} {help}\n# TYPE {name} {of}\n").expect(TAKEN);
        Samples { out: &mut self.out, metric }
    }

    /// The same with the one sample of a metric without labels.
    pub(super) fn one(&mut self, metric: &'static Metric, value: impl Display) {
        self.of(metric).add(&[], value);
    }

    pub(super) fn finish(self) -> String {
        self.out
    }
}

impl Samples<'_> {
    /// One of these values of its labels.
    pub(super) fn add(&mut self, labels: &[&str], value: impl Display) {
        self.line("", labels, None, value);
    }

    /// A histogram of these values of its labels, in seconds. Of NOPAR's buckets each fourth: they take four lines for
    /// each that one is shown.
    pub(super) fn histogram(&mut self, labels: &[&str], histogram: &Histogram) {
        debug_assert_eq!(self.metric.of, Type::Histogram);
        let mut count = 0;
        for (bound, up_to) in histogram.cumulative() {
            count = up_to;
            match bound {
                Some(bound) if bound.is_power_of_two() => {
                    let le = (bound as f64 / 1e6).to_string();
                    self.line("_bucket", labels, Some(&le), up_to);
                }
                Some(_) => {}
                None => self.line("_bucket", labels, Some("+Inf"), up_to),
            }
        }
        self.line("_sum", labels, None, histogram.sum_ns as f64 / 1e9);
        // Of the same reading as the buckets, which it must not differ from.
        self.line("_count", labels, None, count);
    }

    fn line(&mut self, suffix: &str, labels: &[&str], le: Option<&str>, value: impl Display) {
        debug_assert_eq!(self.metric.labels.len(), labels.len());
        self.out.push_str(self.metric.name);
        self.out.push_str(suffix);
        let named = self.metric.labels.iter().zip(labels).map(|(name, value)| (*name, *value));
        for (number, (name, value)) in named.chain(le.map(|le| ("le", le))).enumerate() {
            let before = if number == 0 { '{' } else { ',' };
            write!(self.out, "{before}{name}=\"{value}\"").expect(TAKEN);
        }
        let after = if labels.is_empty() && le.is_none() { "" } else { "}" };
        writeln!(self.out, "{after} {value}").expect(TAKEN);
    }
}
