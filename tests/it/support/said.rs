//! Answers as they are compared: what two that should be the same say.
//! Knows nothing of who gave them.

use super::client::Response;

/// An answer but for when it was given: status, header lines in order of their names, and body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) is_whole: bool,
}

impl From<&Response> for Said {
    fn from(response: &Response) -> Said {
        let own = |(name, value): (&str, &str)| (name.to_ascii_lowercase(), value.to_owned());
        let mut headers: Vec<_> = response.headers.iter().map(own).collect();
        headers.retain(|(name, _)| !matches!(name.as_str(), "date" | "age"));
        // Each request has its own, and where there is one is the same.
        headers.iter_mut().filter(|(name, _)| name == "x-request-id").for_each(|it| it.1.clear());
        headers.sort();
        let (status, body) = (response.status, response.body.clone());
        Said { status, headers, body, is_whole: response.complete && response.surplus == 0 }
    }
}
