//! What is told of a package, in bytes of memory.
//! Knows nothing of what it says.

use super::{About, AboutVersion};
use crate::npm::Dependency;

/// What an allocation takes beside its bytes, about.
const ALLOCATED: usize = 16;

impl About {
    /// Bytes that it takes in memory, about.
    pub fn size(&self) -> usize {
        let needs = self.dependencies.iter();
        let needs = needs.map(|it| size_of::<Dependency>() + of(it.name.as_str()) + of(&it.range));
        let pairs = self.engines.iter().chain(&self.dist_tags);
        let pairs = pairs.map(|(name, value)| size_of::<[String; 2]>() + of(name) + of(value));
        let lists = self.keywords.iter().chain(&self.maintainers);
        let lists = lists.map(|word| size_of::<String>() + of(word));
        let lines = [
            &self.license,
            &self.homepage,
            &self.bugs,
            &self.repository_text,
            &self.author,
            &self.highest,
        ];
        size_of::<About>()
            + of(&self.version)
            + of(&self.description)
            + self.readme.as_ref().map_or(0, |readme| of(&readme.text))
            + self.repository.as_ref().map_or(0, |repository| of(&repository.link()))
            + lines.into_iter().map(maybe).sum::<usize>()
            + self.versions.iter().map(AboutVersion::size).sum::<usize>()
            + size_of_val(&*self.others)
            + needs.sum::<usize>()
            + pairs.sum::<usize>()
            + lists.sum::<usize>()
    }
}

impl AboutVersion {
    /// Bytes that it takes in memory, about.
    pub(super) fn size(&self) -> usize {
        let texts = [&self.time, &self.integrity, &self.shasum, &self.tarball, &self.deprecated];
        size_of::<AboutVersion>() + of(&self.version) + texts.into_iter().map(maybe).sum::<usize>()
    }
}

fn of(text: &str) -> usize {
    text.len() + ALLOCATED
}

fn maybe(text: &Option<String>) -> usize {
    text.as_deref().map_or(0, of)
}
