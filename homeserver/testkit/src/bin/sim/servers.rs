//! Three servers of ours that only the wires join, each with a clock and a disk that may fail of its own.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use base::{Clock, Rng};
use server::Options;
use store::{Fault, FaultyKv, MemoryKv};
use testkit::{Authority, User, World, free_port};

use crate::network::{Network, Place};

/// How many servers a world has.
pub(crate) const SERVERS: usize = 3;

/// 2026-01-01T00:00:00Z.
const START_MS: u64 = 1_767_225_600_000;
const SKEW_MS_MAX: u64 = 120_000;
const TICK_MS: u64 = 20;
/// The write that a crash waits for comes soon.
const WRITES_BEFORE_CRASH_MAX: u64 = 4;

/// One server.
pub(crate) struct Host {
    pub world: World,
    disk: FaultyKv,
}

/// All servers and what is between them.
pub(crate) struct Servers {
    pub hosts: Vec<Host>,
    pub network: Network,
    ticking: tokio::task::JoinHandle<()>,
    /// Its files are read again at every start.
    _authority: Authority,
}

impl Servers {
    /// Starts them, with clocks that differ by up to two minutes.
    pub(crate) async fn start(rng: &Rng) -> Self {
        let places: Vec<Place> = (0..SERVERS)
            .map(|number| Place {
                host: format!("s{number}.sim"),
                port: free_port(),
                inner: SocketAddr::from((Ipv4Addr::LOCALHOST, free_port())),
            })
            .collect();
        let network = Network::open(&places).await.expect("loopback addresses can be listened on");
        let names: Vec<String> = places.iter().map(|place| place.host.clone()).collect();
        let authority = Authority::new(&names);
        let clocks: Vec<Clock> =
            (0..SERVERS).map(|_| Clock::fake(START_MS + rng.below(SKEW_MS_MAX))).collect();
        let mut hosts = Vec::new();
        for (number, place) in places.iter().enumerate() {
            let disk = FaultyKv::new(Arc::new(MemoryKv::new()));
            let options = Options {
                clock: Some(clocks[number].clone()),
                engine: Some(Arc::new(disk.clone())),
                lookup: Some(Network::lookup_of(number, &places)),
                ..Options::default()
            };
            let world = World::in_process(
                |config| {
                    config.server.name = format!("{}:{}", place.host, place.port);
                    config.listeners.federation = vec![place.inner.to_string()];
                    config.listeners.shutdown_timeout_seconds = 1;
                    config.outbound.allowed_ranges = vec!["127.77.0.0/16".to_owned()];
                    authority.configure(config);
                },
                options,
            )
            .await;
            hosts.push(Host { world, disk });
        }
        Self { hosts, network, ticking: tokio::spawn(tick(clocks)), _authority: authority }
    }

    /// A person on one server.
    pub(crate) async fn person(&self, server: usize, name: &str) -> User {
        self.hosts[server].world.user(name).await
    }

    /// Stops a server in the middle of a write, before or after it reached the disk, and starts it again.
    pub(crate) async fn crash(&mut self, server: usize, rng: &Rng) -> String {
        let host = &mut self.hosts[server];
        let fault = if rng.below(2) == 0 { Fault::CrashBefore } else { Fault::CrashAfter };
        host.disk.fail_after(rng.below(WRITES_BEFORE_CRASH_MAX), fault);
        // Where nothing is written the machine stops all the same.
        tokio::time::sleep(Duration::from_millis(rng.below(3 * TICK_MS))).await;
        if !host.disk.has_crashed() {
            host.disk.fail_after(0, Fault::CrashBefore);
        }
        host.world.stops().await;
        host.disk.restart();
        host.world.starts_again().await;
        format!("server {server} stopped with {fault:?}")
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        self.ticking.abort();
    }
}

/// Lets all clocks go on together.
async fn tick(clocks: Vec<Clock>) {
    let mut ticks = tokio::time::interval(Duration::from_millis(TICK_MS));
    loop {
        ticks.tick().await;
        for clock in &clocks {
            clock.advance(TICK_MS);
        }
    }
}
