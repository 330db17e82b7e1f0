//! How the fake speaks when nothing goes wrong.
//! Knows nothing of single packages.

/// The ETag of documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Etag {
    /// `"…"`
    Strong,
    /// `W/"…"`
    Weak,
    /// None; If-None-Match is ignored.
    Absent,
}

/// How the length of a body is stated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyForm {
    /// Content-Length.
    Length,
    /// Transfer-Encoding: chunked.
    Chunked,
    /// Neither: the body ends with the connection.
    UntilClose,
}

/// Settings of a fake, for documents and files alike where nothing else is said.
#[derive(Clone, Debug)]
pub(crate) struct Manners {
    /// ETag of documents and the files' own.
    pub(crate) etag: Etag,
    /// Last-Modified of documents; If-Modified-Since with exactly this text is a 304.
    pub(crate) last_modified: Option<String>,
    /// Documents are sent in gzip to who accepts it.
    pub(crate) gzip: bool,
    /// The abbreviated form is given to who asks for it; else all get the full one.
    pub(crate) abbreviated: bool,
    pub(crate) body_form: BodyForm,
    /// Whether connections stay open after an answer.
    pub(crate) keep_alive: bool,
    /// Further headers of documents, such as Cache-Control.
    pub(crate) document_headers: Vec<(String, String)>,
    /// Further headers of files.
    pub(crate) file_headers: Vec<(String, String)>,
}

impl Default for Manners {
    fn default() -> Self {
        Self {
            etag: Etag::Strong,
            last_modified: None,
            gzip: true,
            abbreviated: true,
            body_form: BodyForm::Length,
            keep_alive: true,
            document_headers: Vec::new(),
            file_headers: Vec::new(),
        }
    }
}
