//! What pages remember, so that it is not made for each who looks: by how many bytes it takes.
//! Knows nothing of what it is.

use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};
use std::hash::Hash;

/// Room for so many bytes, and about so many things: in one part, so that what is nearly as long as all of it has room as
/// well. In the usual parts, four for each core, what takes longest to be made would be remembered least.
pub(super) fn remembered<K: Eq + Hash, V: Clone, W: Weighter<K, V> + Clone>(
    things: usize,
    bytes: u64,
    weight: W,
) -> Cache<K, V, W> {
    let options = OptionsBuilder::new()
        .shards(1)
        .estimated_items_capacity(things)
        .weight_capacity(bytes)
        .build()
        .expect("all that has no default is set");
    Cache::with_options(options, weight, DefaultHashBuilder::default(), DefaultLifecycle::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone)]
    struct Itself;

    impl Weighter<u8, u64> for Itself {
        fn weight(&self, _: &u8, value: &u64) -> u64 {
            *value
        }
    }

    #[test]
    fn one_thing_may_take_most_of_the_room() {
        let cache = remembered(1000, 32 << 20, Itself);
        cache.insert(1, 24 << 20);
        assert_eq!(cache.get(&1), Some(24 << 20));
        for other in 2..10 {
            cache.insert(other, 10 << 20);
        }
        assert!(cache.weight() <= 32 << 20);
    }
}
