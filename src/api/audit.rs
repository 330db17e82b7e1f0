//! `POST /-/npm/v1/security/…`: which of some packages are known to be vulnerable.
//! Knows nothing of what makes one so: upstreams say it, of their own packages. Of NOPAR's own nothing is known, and no
//! upstream hears of them (`npm::audit`).

use super::room::Place;
use super::{Api, Body, Call, Refusal};
use crate::hosted::computed;
use crate::npm::PackageName;
use crate::npm::audit::{Form, Inquiry, InquiryError, Question, Reading, merge};
use crate::reply::Reply;
use crate::route::Audit;
use bytes::Bytes;
use http::{StatusCode, header};
use log::error;
use std::sync::Arc;
use tokio::task::yield_now;

/// The longest question, unpacked, in bytes. The tree of a large monorepo has some megabytes.
const LONGEST: u64 = 16 << 20;

/// So many names are looked at without letting others go on.
const AT_ONCE: usize = 1024;

/// What upstreams are asked.
pub struct Asked {
    /// Which audit it is.
    pub audit: Audit,
    /// The text for each upstream, by its number.
    pub questions: Vec<(usize, Bytes)>,
    /// Held as long as one of the texts is.
    pub held: Arc<dyn Send + Sync>,
}

/// What they said, in the order of the questions: each is an answer of its form.
pub type Told = Vec<Bytes>;

/// A question as it came, and what has to be known of its names.
struct Read {
    inquiry: Inquiry,
    /// Of each of its names; `None` of what is none of a package.
    names: Vec<Option<PackageName>>,
    len: usize,
}

/// An answer, with the room that it takes.
struct Roomed {
    text: String,
    _place: Place,
}

impl AsRef<[u8]> for Roomed {
    fn as_ref(&self) -> &[u8] {
        self.text.as_bytes()
    }
}

impl Api {
    /// Whoever may ask NOPAR may ask this. What is not known is never answered as if nothing were known to be vulnerable.
    pub(super) async fn audit(
        &self,
        call: &Call<'_>,
        body: &mut dyn Body,
        audit: Audit,
    ) -> Result<Reply, Refusal> {
        let document = self.at_most_in(&self.questions, LONGEST, body).await?;
        let (read, mut place) = document.work(move |text| read(audit, &text)).await?;
        let Read { inquiry, names, len } = read.map_err(|error| not_asked(&error))?;
        let owners = self.upstreams_of(call, names).await?;
        let ask = move || (inquiry.questions(&owners), inquiry.nothing());
        let (asked, nothing) = in_turn(len, ask).await?;
        if asked.is_empty() {
            return Ok(told(nothing));
        }
        // Placeholders are longer than short names, and each upstream is asked of the whole tree.
        place.grow(asked.iter().map(|it| it.text.len()).sum()).await?;
        let (questions, readings) = apart(asked);
        let held: Arc<dyn Send + Sync> = Arc::new(place);
        match call.elsewhere.audit(Asked { audit, questions, held }).await {
            Ok(answers) => self.answered(form_of(audit), readings, answers).await,
            Err(reply) => Ok(reply),
        }
    }

    /// The number of the upstream of each name; `None` for those that no upstream may hear of.
    async fn upstreams_of(
        &self,
        call: &Call<'_>,
        names: Vec<Option<PackageName>>,
    ) -> Result<Vec<Option<usize>>, Refusal> {
        let names = self.hosted.are_elsewhere(names).await?;
        let mut owners = Vec::with_capacity(names.len());
        for some in names.chunks(AT_ONCE) {
            owners.extend(some.iter().map(|name| {
                let name = name.as_ref()?;
                // Of what the caller may not read, nobody is asked.
                let is_told = self.may_list(&call.caller, name);
                is_told.then(|| call.elsewhere.upstream_of(name))
            }));
            // Others are to be answered in between.
            yield_now().await;
        }
        Ok(owners)
    }

    /// What the client is told. A long answer takes room until it is sent.
    async fn answered(
        &self,
        form: Form,
        readings: Vec<Reading>,
        answers: Vec<Bytes>,
    ) -> Result<Reply, Refusal> {
        let len = answers.iter().map(Bytes::len).sum();
        let mut place = self.questions.place();
        place.grow(len).await?;
        let answers: Vec<(Reading, Bytes)> = readings.into_iter().zip(answers).collect();
        let merged = in_turn(len, move || merge(form, &answers)).await?;
        let text = merged.map_err(|error| {
            error!("audit: an upstream's answer is not usable: {error}");
            let told = format!(
                "the upstream registry's answer cannot be used, {error}: whether packages are vulnerable is not known"
            );
            Refusal::new(StatusCode::BAD_GATEWAY, told, "upstream_invalid")
        })?;
        place.grow(text.len()).await?;
        Ok(told(Bytes::from_owner(Roomed { text, _place: place })))
    }
}

fn read(audit: Audit, text: &[u8]) -> Result<Read, InquiryError> {
    let inquiry = match form_of(audit) {
        Form::Bulk => Inquiry::bulk(text)?,
        Form::Report => Inquiry::tree(text)?,
    };
    let names = inquiry.names().into_iter().map(|name| PackageName::parse(name).ok()).collect();
    Ok(Read { inquiry, names, len: text.len() })
}

/// Works on what is long in its turn.
async fn in_turn<T: Send + 'static>(
    len: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Refusal> {
    let (done, _) = computed(len, work).await.map_err(|panic| {
        error!("audit: it could not be worked on: {panic}");
        Refusal::internal()
    })?;
    Ok(done)
}

fn apart(asked: Vec<Question>) -> (Vec<(usize, Bytes)>, Vec<Reading>) {
    asked.into_iter().map(|it| ((it.upstream, it.text), it.reading)).unzip()
}

/// The form of what is asked and answered.
pub fn form_of(audit: Audit) -> Form {
    match audit {
        Audit::Bulk => Form::Bulk,
        Audit::Quick | Audit::Full => Form::Report,
    }
}

fn not_asked(error: &InquiryError) -> Refusal {
    match error {
        InquiryError::Other { .. } => Refusal::bad_body(error.to_string()),
        InquiryError::Excess(_) => {
            let told = format!("{error}: audit the parts of the project by themselves");
            Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, told, "body_too_large")
        }
    }
}

fn told(text: impl Into<Bytes>) -> Reply {
    let reply = Reply::text(StatusCode::OK, "application/json", text);
    reply.with(header::CACHE_CONTROL, "no-store")
}
