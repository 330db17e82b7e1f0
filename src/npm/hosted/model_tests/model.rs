//! A hosted document in the plainest words: what is there, and what is left of it by each way to change it.
//! Knows nothing of JSON, nor of edits.

use std::collections::BTreeMap;

use super::super::Request;
use super::VERSIONS;

/// One change, as it is asked for; in a client's copy, what was changed in it.
#[derive(Debug, Clone)]
pub(super) enum Change {
    Tag(&'static str, &'static str),
    Untag(&'static str),
    Deprecate(&'static str, &'static str),
    Unpublish(&'static str),
    UnpublishAll,
    Star(bool),
    Owners(usize),
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Model {
    /// The versions that are there, with their messages.
    pub(super) there: BTreeMap<&'static str, &'static str>,
    pub(super) tags: BTreeMap<&'static str, &'static str>,
    /// All that ever were, with the time of their publish.
    pub(super) ever: BTreeMap<&'static str, String>,
    pub(super) starred: bool,
    pub(super) owners: Vec<String>,
    pub(super) changes: u64,
}

/// The names of so many owners.
pub(super) fn owners(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("owner{number}")).collect()
}

/// All of these give `None` when it may not be done, and nothing is changed then.
impl Model {
    pub(super) fn publish(
        &mut self,
        version: &'static str,
        tags: &[&'static str],
        now: &str,
    ) -> Option<()> {
        (!self.ever.contains_key(version)).then_some(())?;
        self.there.insert(version, "");
        self.ever.insert(version, now.to_owned());
        self.tags.extend(tags.iter().map(|tag| (*tag, version)));
        self.tags.entry("latest").or_insert(version);
        if self.owners.is_empty() {
            self.owners.push("ann".to_owned());
        }
        self.changes += 1;
        Some(())
    }

    /// Changes are made one after the other, as one.
    pub(super) fn apply(&mut self, changes: &[Change]) -> Option<()> {
        let mut next = self.clone();
        for change in changes {
            next.make(change)?;
        }
        next.changes += u64::from(!changes.is_empty());
        *self = next;
        Some(())
    }

    /// A client's copy comes back, in which all of this was changed. `seen`: it says of which revision it is.
    pub(super) fn take(&mut self, by: Request, seen: bool, changes: &[Change]) -> Option<()> {
        let copy = self.copied(changes);
        let mut next = self.clone();
        next.there.extend(copy.there.iter().map(|(version, message)| (*version, *message)));
        next.starred = copy.starred;
        if by == Request::Revision {
            let speaks_of_owners = changes.iter().any(|it| matches!(it, Change::Owners(_)));
            (!speaks_of_owners || !copy.owners.is_empty()).then_some(())?;
            let before = next.clone();
            next.take_rest(&copy)?;
            (seen || next == before).then_some(())?;
        }
        next.changes += u64::from(next != *self);
        *self = next;
        Some(())
    }

    fn make(&mut self, change: &Change) -> Option<()> {
        match change {
            Change::Tag(tag, version) => {
                self.there.get(version)?;
                self.tags.insert(*tag, *version);
            }
            Change::Untag(tag) => {
                (*tag != "latest").then(|| self.tags.remove(tag))??;
            }
            Change::Deprecate(version, message) => *self.there.get_mut(version)? = *message,
            Change::Unpublish(version) => {
                self.there.remove(version)?;
                self.tags.retain(|_, to| to != version);
                self.move_latest();
            }
            Change::UnpublishAll => {
                (!self.there.is_empty()).then_some(())?;
                self.there.clear();
                self.tags.clear();
            }
            Change::Star(starred) => self.starred = *starred,
            Change::Owners(count) => {
                (*count > 0).then_some(())?;
                self.owners = owners(*count);
            }
        }
        Some(())
    }

    /// What a copy says once this was changed in it: there, nobody keeps rules.
    fn copied(&self, changes: &[Change]) -> Model {
        let mut copy = self.clone();
        for change in changes {
            match change {
                Change::Tag(tag, version) => {
                    copy.tags.insert(*tag, *version);
                }
                Change::Untag(tag) => {
                    copy.tags.remove(tag);
                }
                Change::Deprecate(version, message) => {
                    if let Some(place) = copy.there.get_mut(version) {
                        *place = *message;
                    }
                }
                Change::Unpublish(version) => {
                    copy.there.remove(version);
                }
                Change::UnpublishAll => copy.there.clear(),
                Change::Star(starred) => copy.starred = *starred,
                Change::Owners(count) => copy.owners = owners(*count),
            }
        }
        copy
    }

    /// Versions that a copy lacks go; its tags and owners are the new ones.
    fn take_rest(&mut self, copy: &Model) -> Option<()> {
        let mut left = self.there.clone();
        left.retain(|version, _| copy.there.contains_key(version));
        if left.is_empty() && !self.there.is_empty() {
            self.tags.clear();
        } else {
            self.tags = self.tags_by(copy, &left)?;
        }
        self.there = left;
        self.move_latest();
        self.owners = copy.owners.clone();
        Some(())
    }

    /// The tags that a copy says, when these versions are left. Those of versions that go are not its to say.
    fn tags_by(
        &self,
        copy: &Model,
        left: &BTreeMap<&'static str, &'static str>,
    ) -> Option<BTreeMap<&'static str, &'static str>> {
        let goes = |tag: &str| self.tags.get(tag).is_some_and(|it| !left.contains_key(it));
        let mut tags = copy.tags.clone();
        tags.retain(|tag, _| !goes(tag));
        tags.values().all(|version| left.contains_key(version)).then_some(())?;
        let had_latest = self.tags.contains_key("latest") && !goes("latest");
        (tags.contains_key("latest") || !had_latest).then_some(())?;
        Some(tags)
    }

    /// To the highest version, if it is gone and there is one.
    fn move_latest(&mut self) {
        let there = || VERSIONS.into_iter().filter(|version| self.there.contains_key(version));
        let stable = there().rfind(|version| !version.contains('-'));
        let highest = stable.or_else(|| there().next_back());
        if let Some(highest) = highest {
            self.tags.entry("latest").or_insert(highest);
        }
    }
}
