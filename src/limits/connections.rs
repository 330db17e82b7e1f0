//! How many connections an address has, and how many it may have.
//! Knows nothing of what they do, nor of how many there are in all.
//!
//! A trusted proxy speaks for many, and so does who comes by a unix socket, which has no address: the limit is for
//! neither.

use super::Client;
use super::told::Told;
use crate::base_url::Proxies;
use crate::counters::{Counters, Limited};
use log::warn;
use parking_lot::{Mutex, RwLock};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts connections by address.
#[derive(Debug)]
pub struct Connections {
    /// 0: any number.
    most: AtomicUsize,
    trusted: RwLock<Proxies>,
    /// Of those that have any: no more than there are connections.
    open: Mutex<HashMap<Client, usize>>,
    told: Told,
    counters: Arc<Counters>,
}

/// Counts as one connection of its address until it is dropped.
#[derive(Debug)]
pub struct Place {
    /// `None`: it came when there was no limit, or from where there is none.
    of: Option<(Arc<Connections>, Client)>,
}

impl Connections {
    /// Without a limit.
    pub fn new(counters: Arc<Counters>) -> Connections {
        Connections {
            most: AtomicUsize::new(0),
            trusted: RwLock::default(),
            open: Mutex::default(),
            told: Told::default(),
            counters,
        }
    }

    /// Lets each address have so many from now on, but for those of trusted proxies.
    pub fn set(&self, most: Option<NonZeroUsize>, trusted: &Proxies) {
        *self.trusted.write() = trusted.clone();
        self.most.store(most.map_or(0, NonZeroUsize::get), Ordering::Relaxed);
    }

    /// A place for a connection from this address; `None` if it has as many as it may.
    pub fn enter(self: &Arc<Self>, address: Option<IpAddr>) -> Option<Place> {
        let most = self.most.load(Ordering::Relaxed);
        let limited = address.filter(|_| most > 0);
        let limited = limited.filter(|address| !self.trusted.read().trust(Some(*address)));
        let Some(address) = limited else { return Some(Place { of: None }) };
        let client = Client::of(Some(address));
        if !self.add(client, most) {
            self.refused(client, most);
            return None;
        }
        Some(Place { of: Some((Arc::clone(self), client)) })
    }

    fn add(&self, client: Client, most: usize) -> bool {
        let mut open = self.open.lock();
        match open.entry(client) {
            Entry::Occupied(count) if *count.get() >= most => false,
            Entry::Occupied(mut count) => {
                *count.get_mut() += 1;
                true
            }
            Entry::Vacant(none) => {
                none.insert(1);
                true
            }
        }
    }

    fn leave(&self, client: Client) {
        if let Entry::Occupied(mut count) = self.open.lock().entry(client) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }

    fn refused(&self, client: Client, most: usize) {
        self.counters.limited(Limited::Connections);
        if self.told.is_due() {
            warn!(
                "limits: {client} has {most} connections, and is refused more (NOPAR_MAX_CONNECTIONS_PER_ADDRESS); this is told once a minute"
            );
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some((connections, client)) = &self.of {
            connections.leave(*client);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counters::Held;

    fn limited(most: usize, trusted: &[&str]) -> Arc<Connections> {
        let connections = Arc::new(Connections::new(Arc::new(Counters::new(1))));
        let trusted = trusted.iter().map(|range| range.parse().unwrap()).collect();
        connections.set(NonZeroUsize::new(most), &Proxies::new(trusted, false));
        connections
    }

    fn enter(connections: &Arc<Connections>, address: &str) -> Option<Place> {
        connections.enter(Some(address.parse().unwrap()))
    }

    #[test]
    fn an_address_has_so_many_and_a_place_is_free_again_when_it_is_left() {
        let connections = limited(2, &[]);
        let places = [enter(&connections, "192.0.2.7"), enter(&connections, "::ffff:192.0.2.7")];
        assert!(places.iter().all(Option::is_some));
        assert!(enter(&connections, "192.0.2.7").is_none());
        assert!(enter(&connections, "192.0.2.8").is_some(), "another one");
        drop(places);
        assert!(enter(&connections, "192.0.2.7").is_some());
        let counted = connections.counters.snapshot(Held::default());
        assert_eq!(counted.limited, [(Limited::Connections, 1)]);
        assert!(connections.open.lock().is_empty(), "who has none takes no room");
    }

    #[test]
    fn a_network_of_ipv6_is_one_and_this_machine_is_none_too() {
        let connections = limited(1, &[]);
        let _place = enter(&connections, "2001:db8::1").unwrap();
        assert!(enter(&connections, "2001:db8::2").is_none());
        assert!(enter(&connections, "2001:db8:0:1::1").is_some());
        let _place = enter(&connections, "127.0.0.1").unwrap();
        assert!(enter(&connections, "127.0.0.1").is_none());
    }

    #[test]
    fn who_speaks_for_many_has_any_number() {
        let connections = limited(1, &["10.0.0.0/8"]);
        let any = |address: Option<&str>| {
            let address = address.map(|address| address.parse().unwrap());
            let places: Vec<_> = (0..5).map(|_| connections.enter(address)).collect();
            places.iter().all(Option::is_some)
        };
        assert!(any(Some("10.1.2.3")) && any(None));
        assert!(!any(Some("192.0.2.7")));
    }

    /// What came while there was no limit is not counted, so it gives nothing back when it leaves.
    #[test]
    fn a_limit_can_be_set_while_connections_are_open() {
        let connections = limited(0, &[]);
        let before: Vec<_> = (0..3).map(|_| enter(&connections, "192.0.2.7").unwrap()).collect();
        connections.set(NonZeroUsize::new(1), &Proxies::default());
        let place = enter(&connections, "192.0.2.7").unwrap();
        drop(before);
        assert!(enter(&connections, "192.0.2.7").is_none());
        connections.set(None, &Proxies::default());
        assert!(enter(&connections, "192.0.2.7").is_some());
        connections.set(NonZeroUsize::new(1), &Proxies::default());
        drop(place);
        assert!(enter(&connections, "192.0.2.7").is_some());
    }
}
