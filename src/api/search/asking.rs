//! What upstreams add to the hosted results of a search.
//! Knows nothing of how they are asked, nor of how long answers are kept.

use super::Source;
use super::blocks::LeftOut;
use super::timing::Timing;
use crate::api::{Api, Call, Refusal};
use crate::npm::PackageName;
use crate::search::{Asked, Block, Merge, Readings};
use futures_util::future::join_all;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// A block, or why there is none; and how long it took.
type Read = (Result<Arc<Block>, LeftOut>, Duration);

/// One upstream in one search.
struct Part {
    source: Source,
    left_out: Option<LeftOut>,
    /// Its first block, until that is taken.
    first: Option<Read>,
    took: Duration,
}

impl Api {
    /// The list of which so many results are hosted, with as much of upstreams' as is wanted.
    ///
    /// # Errors
    /// When nobody can say whose the names in the text are.
    pub(super) async fn asked_of_upstreams(
        &self,
        call: &Call<'_>,
        asked: &Asked,
        hosted: u64,
        timing: &mut Timing,
    ) -> Result<Merge, Refusal> {
        let sources = call.elsewhere.sources();
        let may_be_told = |name: &PackageName| self.may_list(&call.caller, name);
        let readings = match sources.iter().any(|it| it.is_asked) {
            true => self.hosted.told_by(&asked.text, may_be_told).await?,
            false => None,
        };
        // One upstream's names are no other's business.
        let is_for = |source: &Source, readings: &Readings| {
            let mut beginnings = readings.beginnings();
            !beginnings.any(|it| call.elsewhere.is_of_another(source.number, &it))
        };
        let part = |source: Source| {
            let left_out = match &readings {
                _ if !source.is_asked => Some(LeftOut::Unasked),
                Some(readings) if is_for(&source, readings) => None,
                _ => Some(LeftOut::Untold),
            };
            Part { source, left_out, first: None, took: Duration::ZERO }
        };
        let mut parts: Vec<Part> = sources.into_iter().map(part).collect();
        let (began, question) = (Instant::now(), Arc::from(asked.question()));
        let read = |source: Source, from: u64| self.read(call, source, &question, from, began);

        // The first ones at once: all of them are needed.
        let asked_ones = parts.iter_mut().filter(|part| part.left_out.is_none());
        let (asked_ones, firsts): (Vec<_>, Vec<_>) =
            asked_ones.map(|part| (&mut part.first, read(part.source.clone(), 0))).unzip();
        for (first, came) in asked_ones.into_iter().zip(join_all(firsts).await) {
            *first = Some(came);
        }

        let mut merge = Merge::new(hosted, asked.window.clone(), parts.len());
        while let Some((number, from)) = merge.wanted() {
            let part = &mut parts[number];
            if part.left_out.is_some() {
                merge.fail(number);
                continue;
            }
            let (block, took) = match part.first.take() {
                Some(first) => first,
                None => read(part.source.clone(), from).await,
            };
            part.took += took;
            match block {
                Ok(block) => merge.take(number, &block, |name| {
                    let is_of = call.elsewhere.upstream_of(name) == part.source.number;
                    is_of && !self.hosted.is_known(name) && self.may_list(&call.caller, name)
                }),
                Err(why) => {
                    part.left_out = Some(why);
                    merge.fail(number);
                }
            }
        }
        for part in &parts {
            match part.left_out {
                None => timing.took("upstream", part.took),
                Some(why) => timing.left_out("upstream", why.word()),
            }
        }
        Ok(merge)
    }

    /// A block of an upstream, for a search that began to ask then.
    async fn read(
        &self,
        call: &Call<'_>,
        source: Source,
        question: &Arc<str>,
        from: u64,
        began: Instant,
    ) -> Read {
        let (since, blocks) = (Instant::now(), &self.searching.blocks);
        let until = began + source.patience;
        let block = blocks.block(call.elsewhere, &source, question, from, until).await;
        (block, since.elapsed())
    }
}
