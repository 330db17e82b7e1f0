//! Many asks about what is needed, several at once.
//! Knows nothing of what is asked.

use super::{Need, Problem};
use crate::admin::{Ask, Fate, Item};
use crate::command::progress::Progress;
use crate::command::reach::Reach;
use parking_lot::Mutex;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// How many bytes the items of one ask may take, as JSON: all of it is one line, of 64 KiB at the most.
const MOST_BYTES: usize = 32 << 10;

/// Asks about all of these, so many at a time in one ask, and `jobs` asks at once; what became of each, in order. Blocks.
///
/// # Errors
/// The first that there was: then no more is asked.
pub(in crate::command) fn ask_all(
    reach: &Reach,
    needs: &[Need],
    ask: impl Fn(Vec<Item>) -> Ask + Sync,
    (most, jobs): (usize, usize),
    progress: &Progress,
) -> Result<Vec<Fate>, Problem> {
    let batches = batches(needs, most);
    let next = AtomicUsize::new(0);
    let fates: Mutex<Vec<Option<Fate>>> = Mutex::new(vec![None; needs.len()]);
    let failed: Mutex<Option<Problem>> = Mutex::new(None);
    let work = || {
        loop {
            if failed.lock().is_some() {
                return;
            }
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(&(from, to)) = batches.get(number) else { return };
            let part = &needs[from..to];
            let items = part.iter().map(|need| need.item.clone()).collect();
            progress.note(&part[0].item.name);
            let told = reach.ask(ask(items), &mut |fate: Fate| {
                if fate.item >= part.len() {
                    return Err(io::Error::other(
                        "the answer is about something that was not asked",
                    ));
                }
                if fates.lock()[from + fate.item].replace(fate).is_none() {
                    progress.advance(1);
                }
                Ok(())
            });
            if let Err(problem) = told {
                failed.lock().get_or_insert(problem);
            }
        }
    };
    thread::scope(|scope| (0..jobs.min(batches.len())).for_each(|_| drop(scope.spawn(work))));
    if let Some(problem) = failed.into_inner() {
        return Err(problem);
    }
    let fates: Option<Vec<Fate>> = fates.into_inner().into_iter().collect();
    fates.ok_or_else(|| "the running NOPAR did not answer for everything it was asked about".into())
}

/// From where to where the items of each ask are.
fn batches(needs: &[Need], most: usize) -> Vec<(usize, usize)> {
    let (mut all, mut from, mut bytes) = (Vec::new(), 0, 0);
    for (at, need) in needs.iter().enumerate() {
        let len = len(&need.item);
        if at > from && (at - from >= most || bytes + len > MOST_BYTES) {
            all.push((from, at));
            (from, bytes) = (at, 0);
        }
        bytes += len;
    }
    if from < needs.len() {
        all.push((from, needs.len()));
    }
    all
}

fn len(item: &Item) -> usize {
    serde_json::to_string(item).map_or(MOST_BYTES, |text| text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn need(name: &str) -> Need {
        Need { item: Item { name: name.to_owned(), ..Item::default() }, by: Vec::new() }
    }

    #[test]
    fn an_ask_has_so_many_items_and_no_more_than_a_line_takes() {
        let few: Vec<_> = (0..5).map(|_| need("a")).collect();
        assert_eq!(batches(&few, 2), [(0, 2), (2, 4), (4, 5)]);
        assert_eq!(batches(&[], 2), []);
        let long = "a".repeat(MOST_BYTES / 2);
        let long: Vec<_> = (0..3).map(|_| need(&long)).collect();
        assert_eq!(batches(&long, 100), [(0, 1), (1, 2), (2, 3)]);
    }
}
