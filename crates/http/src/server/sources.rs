//! How many connections each source has open.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::options::ServerOptions;
use crate::source_address::TrustedProxy;

/// The bits of an IPv6 address that name a network: whoever has one address of it has them all (RFC 4291, section 2.5.1).
const NETWORK_MASK: u128 = u128::MAX << 64;

/// The connections of each source, so that none takes the places of all others.
#[derive(Clone, Debug)]
pub(super) struct Sources {
    limit: usize,
    uncounted: Arc<[TrustedProxy]>,
    counts: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

impl Sources {
    /// No connection is open yet.
    pub(super) fn new(options: &ServerOptions) -> Self {
        Self {
            limit: options.max_connections_per_source.max(1),
            uncounted: options.uncounted_sources.clone().into(),
            counts: Arc::default(),
        }
    }

    /// Counts a connection until what is returned is dropped. `None` when its source has as many as it may have.
    pub(super) fn enter(&self, peer: IpAddr) -> Option<Place> {
        if self.uncounted.iter().any(|network| network.covers(peer)) {
            return Some(Place(None));
        }
        let source = source(peer);
        let mut counts = self.counts();
        let count = counts.entry(source).or_default();
        if *count >= self.limit {
            return None;
        }
        *count += 1;
        Some(Place(Some((self.clone(), source))))
    }

    fn leave(&self, source: IpAddr) {
        let mut counts = self.counts();
        let left = counts.get(&source).map(|count| count.saturating_sub(1));
        match left {
            Some(left) if left > 0 => counts.insert(source, left),
            _ => counts.remove(&source),
        };
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        // Nothing in here can panic half-way, so the counts behind a poisoned lock are right.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of one connection, until it is dropped.
#[derive(Debug)]
pub(super) struct Place(Option<(Sources, IpAddr)>);

impl Drop for Place {
    fn drop(&mut self) {
        if let Some((sources, source)) = &self.0 {
            sources.leave(*source);
        }
    }
}

/// Whom the address belongs to.
fn source(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & NETWORK_MASK).into(),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(limit: usize) -> Sources {
        Sources::new(&ServerOptions {
            max_connections_per_source: limit,
            uncounted_sources: vec!["10.0.0.0/8".parse().unwrap()],
            ..ServerOptions::default()
        })
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_source_gets_its_share_and_no_other_pays_for_it() {
        let sources = sources(2);
        let first = sources.enter(address("192.0.2.1"));
        let second = sources.enter(address("::ffff:192.0.2.1"));
        assert!(first.is_some() && second.is_some());
        assert!(sources.enter(address("192.0.2.1")).is_none());
        assert!(sources.enter(address("192.0.2.2")).is_some());
        drop(first);
        assert!(sources.enter(address("192.0.2.1")).is_some());
    }

    #[test]
    fn a_network_of_ipv6_is_one_source() {
        let sources = sources(1);
        let place = sources.enter(address("2001:db8::1"));
        assert!(place.is_some());
        assert!(sources.enter(address("2001:db8::ffff:2")).is_none());
        assert!(sources.enter(address("2001:db8:0:1::1")).is_some());
    }

    #[test]
    fn what_speaks_for_many_is_not_counted() {
        let sources = sources(1);
        let places: Vec<_> = (0..5).map(|_| sources.enter(address("10.1.2.3"))).collect();
        assert!(places.iter().all(Option::is_some));
        assert!(sources.counts().is_empty());
    }

    #[test]
    fn nothing_is_remembered_of_a_source_that_has_left() {
        let sources = sources(3);
        let places: Vec<_> = (0..3)
            .map(|_| sources.enter(address("192.0.2.1")))
            .collect();
        assert_eq!(sources.counts().len(), 1);
        drop(places);
        assert!(sources.counts().is_empty());
    }
}
