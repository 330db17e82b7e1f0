//! What operators ask, answered from behind the door: of memory, and of the directories as they are.
//! Knows nothing of who asks, or through what.

mod cache;
mod drop;
mod items;

use super::ready::State;
use super::{Door, Proxy};
use crate::admin::{self, Administrator, Ask, Directories, Part, Rows, Status, Unanswered};
use crate::clock::to_millis;
use crate::config::Config;
use crate::ui::{Running, UpstreamState};
use async_trait::async_trait;
use std::sync::Arc;
use std::time::SystemTime;

/// Answers what operators ask.
pub struct Administration {
    door: Arc<Door>,
    directories: Directories,
    /// Where it listens, in words.
    places: Vec<String>,
    started: SystemTime,
}

impl Proxy {
    /// What answers operators, who are told that it listens there since then.
    pub fn administration(
        &self,
        config: &Config,
        places: Vec<String>,
        started: SystemTime,
    ) -> Administration {
        let directories = Directories::new(&config.cache.path, &config.store.path);
        Administration { door: Arc::clone(&self.door), directories, places, started }
    }
}

#[async_trait]
impl Administrator for Administration {
    fn directories(&self) -> &Directories {
        &self.directories
    }

    async fn answer(&self, ask: Ask, rows: &mut Rows<'_>) -> Result<(), Unanswered> {
        match ask {
            Ask::Status {} => admin::tell(rows, &self.status().await),
            Ask::CacheEntries { of } => self.cache_entries(&of, rows).await,
            Ask::CacheRemove { of, dry_run } => self.cache_remove(&of, dry_run, rows).await,
            Ask::CacheStat {} => self.cache_stat(rows).await,
            Ask::CacheCollect { size, dry_run } => self.cache_collect(size, dry_run, rows).await,
            Ask::Holds { items } => self.holds(items, rows).await,
            Ask::Keep { items } => self.keep(items, rows).await,
            Ask::Drop { files } => self.drop_found(files, rows).await,
        }
    }
}

impl Administration {
    /// Whether this process serves; else a command has opened the directories.
    fn serves(&self) -> bool {
        !self.places.is_empty()
    }

    async fn status(&self) -> Status {
        let readiness = &self.door.readiness;
        let paths = [&self.directories.cache, &self.directories.registry];
        let found = readiness.parts().await;
        let parts = found.iter().zip(paths);
        let parts = parts
            .map(|((name, state), path)| Part {
                name: (*name).to_owned(),
                state: state.word().to_owned(),
                path: Some(path.display().to_string()),
            })
            .collect();
        let upstreams = self.door.upstreams().into_iter().map(|upstream| Part {
            state: word_of(&upstream).to_owned(),
            name: upstream.root,
            path: None,
        });
        let is_ending = readiness.is_ending();
        Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            started: to_millis(self.started) / 1000,
            places: self.places.clone(),
            is_ready: !is_ending && found.iter().all(|(_, state)| *state == State::Works),
            is_ending,
            parts,
            upstreams: upstreams.collect(),
        }
    }
}

/// How an upstream does, in words.
fn word_of(upstream: &UpstreamState) -> &'static str {
    match upstream {
        UpstreamState { is_asked: false, .. } => "not asked",
        UpstreamState { is_down: true, .. } => "could not be reached",
        UpstreamState { is_erring: true, .. } => "answers with errors",
        UpstreamState { reached: None, .. } => "not asked yet",
        _ => "ok",
    }
}
