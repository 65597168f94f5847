//! All wires between the servers of a world. Every ordered pair has a wire of its own, because each server
//! looks names up in a table of its own: so a link can be down in one direction, and between two servers only.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use base::Rng;
use outbound::{LookedUp, Lookup};

use super::link::{Link, Weather};
use super::time::Motion;

const DELAY_MS_MAX: u64 = 30;
const ANSWER_BYTES_MAX: u64 = 6_000;

/// Where one server is.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// The host part of its name.
    pub host: String,
    /// The port in its name.
    pub port: u16,
    /// Where it really listens.
    pub inner: SocketAddr,
}

/// The wires, by the numbers of caller and callee.
pub(super) struct Network {
    links: BTreeMap<(usize, usize), Link>,
}

impl Network {
    /// Opens a wire for every ordered pair.
    pub(super) async fn open(places: &[Place], motion: &Motion) -> io::Result<Self> {
        let mut links = BTreeMap::new();
        for caller in 0..places.len() {
            for (callee, place) in places.iter().enumerate().filter(|(callee, _)| *callee != caller) {
                let address = SocketAddr::from((address_of(caller, callee), place.port));
                links.insert((caller, callee), Link::open(address, place.inner, motion.clone()).await?);
            }
        }
        Ok(Self { links })
    }

    /// What `caller` finds when it looks the others up.
    pub(super) fn lookup_of(caller: usize, places: &[Place]) -> Arc<dyn Lookup> {
        Arc::new(Table(addresses_for(caller, places)))
    }

    /// Changes the weather of one wire, or cuts one server off.
    pub(super) fn disturb(&self, rng: &Rng) -> String {
        let pairs: Vec<(usize, usize)> = self.links.keys().copied().collect();
        let pair = pairs[pick(rng, pairs.len())];
        match rng.below(5) {
            0 => {
                for (_, link) in self.links.iter().filter(|((a, b), _)| *a == pair.0 || *b == pair.0) {
                    link.set(Weather::Cut);
                }
                format!("server {} is cut off", pair.0)
            }
            kind => {
                let weather = match kind {
                    1 => Weather::Slow { delay_ms: 1 + rng.below(DELAY_MS_MAX) },
                    2 => Weather::Torn { answer_bytes: rng.below(ANSWER_BYTES_MAX) },
                    3 => Weather::Cut,
                    _ => Weather::Clear,
                };
                self.links[&pair].set(weather);
                format!("the wire {} → {} is {weather:?}", pair.0, pair.1)
            }
        }
    }

    /// Clears every wire.
    pub(super) fn heal(&self) {
        for link in self.links.values() {
            link.set(Weather::Clear);
        }
    }
}

/// One of `count` numbers.
pub(super) fn pick(rng: &Rng, count: usize) -> usize {
    usize::try_from(rng.below(count as u64)).expect("it is below a usize")
}

/// Where `caller` finds each of the others.
pub(super) fn addresses_for(caller: usize, places: &[Place]) -> BTreeMap<String, IpAddr> {
    let places = places.iter().enumerate();
    places.map(|(callee, place)| (place.host.clone(), address_of(caller, callee))).collect()
}

/// A loopback address for each pair, so that one port serves all callers of a server.
fn address_of(caller: usize, callee: usize) -> IpAddr {
    let part = |number: usize| u8::try_from(number + 1).expect("a world has a handful of servers");
    IpAddr::V4(Ipv4Addr::new(127, 77, part(caller), part(callee)))
}

struct Table(BTreeMap<String, IpAddr>);

impl Lookup for Table {
    fn lookup(&self, name: String) -> LookedUp {
        let found = self.0.get(&name).copied();
        Box::pin(async move { Ok(found.into_iter().collect()) })
    }
}
