//! All wires between the servers of a world. Every ordered pair has a wire of its own, because each server
//! looks names up in a table of its own: so a link can be down in one direction, and between two servers only.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

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
    /// Where it really listens.
    pub inner: SocketAddr,
}

/// The port in the names of all servers. Worlds differ in their addresses, so that names are the same in each run.
pub(super) const PORT: u16 = 18_448;

/// The addresses of one world: a /24 of loopback of which no other world knows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plot(u32);

impl Plot {
    /// Takes one. Worlds of other processes are kept out by the process id, as far as that goes.
    pub(super) fn take() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = std::process::id().wrapping_mul(61).wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        // From 127.64.0.0 on: what others listen on is below.
        Self(number % (64 << 8))
    }

    /// An address of a server itself.
    pub(super) fn inner(self, server: usize) -> SocketAddr {
        SocketAddr::from((self.address(200 + server), PORT))
    }

    /// The address of the wire between two servers: one for each pair, so that one port serves all callers of a server.
    fn wire(self, caller: usize, callee: usize) -> IpAddr {
        self.address(16 * (caller + 1) + callee)
    }

    fn address(self, last: usize) -> IpAddr {
        let last = u32::try_from(last).expect("a world has a handful of servers");
        IpAddr::V4(Ipv4Addr::from((127 << 24) + (64 << 16) + (self.0 << 8) + last))
    }
}

/// The wires, by the numbers of caller and callee.
pub(super) struct Network {
    links: BTreeMap<(usize, usize), Link>,
}

impl Network {
    /// Opens a wire for every ordered pair.
    pub(super) async fn open(plot: Plot, places: &[Place], motion: &Motion) -> io::Result<Self> {
        let mut links = BTreeMap::new();
        for caller in 0..places.len() {
            for (callee, place) in places.iter().enumerate().filter(|(callee, _)| *callee != caller) {
                let address = SocketAddr::from((plot.wire(caller, callee), PORT));
                links.insert((caller, callee), Link::open(address, place.inner, motion.clone()).await?);
            }
        }
        Ok(Self { links })
    }

    /// What `caller` finds when it looks the others up.
    pub(super) fn lookup_of(plot: Plot, caller: usize, places: &[Place]) -> Arc<dyn Lookup> {
        Arc::new(Table(addresses_for(plot, caller, places)))
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
pub(super) fn addresses_for(plot: Plot, caller: usize, places: &[Place]) -> BTreeMap<String, IpAddr> {
    let places = places.iter().enumerate();
    places.map(|(callee, place)| (place.host.clone(), plot.wire(caller, callee))).collect()
}

struct Table(BTreeMap<String, IpAddr>);

impl Lookup for Table {
    fn lookup(&self, name: String) -> LookedUp {
        let found = self.0.get(&name).copied();
        Box::pin(async move { Ok(found.into_iter().collect()) })
    }
}
