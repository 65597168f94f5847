//! Three servers of ours and a hostile one that only the wires join, each of ours with a clock and a disk that may fail
//! of its own.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base::{Clock, Rng};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use config::Config;
use server::Options;
use store::{Fault, FaultyKv, MemoryKv};
use testkit::{Authority, User, World, key_document};
use tokio::net::TcpListener;

use super::byzantine::Eve;
use super::network::{Network, PORT, Place, Plot, addresses_for};
use super::time::{self, Motion, TICK_MS};

/// How many honest servers a world has.
pub(super) const SERVERS: usize = 3;

/// 2026-01-01T00:00:00Z.
const START_MS: u64 = 1_767_225_600_000;
const SKEW_MS_MAX: u64 = 120_000;
/// The write that a crash waits for comes soon.
const WRITES_BEFORE_CRASH_MAX: u64 = 4;

/// One server.
pub(super) struct Host {
    pub world: World,
    disk: FaultyKv,
}

/// All servers and what is between them.
pub(super) struct Servers {
    pub hosts: Vec<Host>,
    pub eve: Eve,
    pub network: Network,
    /// One person on each server who stays in every room.
    pub residents: Vec<User>,
    /// One more on each server.
    pub guests: Vec<User>,
    ticking: tokio::task::JoinHandle<()>,
    /// Its files are read again at every start.
    _authority: Authority,
}

impl Servers {
    /// Starts them, with clocks that differ by up to two minutes.
    pub(super) async fn start(rng: &Rng) -> Self {
        let plot = Plot::take();
        let place = |number: usize, host: String| Place { host, inner: plot.inner(number) };
        let mut places: Vec<Place> =
            (0..SERVERS).map(|number| place(number, format!("s{number}.sim"))).collect();
        places.push(place(SERVERS, "eve.sim".to_owned()));
        let listener = TcpListener::bind(places[SERVERS].inner).await.expect("the address is free");
        let motion = Motion::default();
        let network =
            Network::open(plot, &places, &motion).await.expect("loopback addresses can be listened on");
        let names: Vec<String> = places.iter().map(|place| place.host.clone()).collect();
        let authority = Authority::new(&names);
        let clocks: Vec<Clock> =
            (0..SERVERS).map(|_| Clock::fake(START_MS + rng.below(SKEW_MS_MAX))).collect();
        let mut hosts = Vec::new();
        for (number, place) in places.iter().enumerate().take(SERVERS) {
            let disk = FaultyKv::new(Arc::new(MemoryKv::new()));
            let options = Options {
                clock: Some(clocks[number].clone()),
                engine: Some(Arc::new(disk.clone())),
                lookup: Some(Network::lookup_of(plot, number, &places)),
                rng: Some(Rng::seeded(rng.u64())),
                ..Options::default()
            };
            let world = World::in_process(
                |config| {
                    config.server.name = format!("{}:{PORT}", place.host);
                    config.listeners.federation = vec![place.inner.to_string()];
                    config.listeners.shutdown_timeout_seconds = 1;
                    config.outbound.allowed_ranges = vec!["127.0.0.0/8".to_owned()];
                    authority.configure(config);
                    has_key(config, number);
                },
                options,
            )
            .await;
            hosts.push(Host { world, disk });
        }
        let disks: Vec<FaultyKv> = hosts.iter().map(|host| host.disk.clone()).collect();
        let writes = move || disks.iter().map(FaultyKv::writes).sum::<u64>();
        let ticking = tokio::spawn(time::pass(clocks, motion, writes));
        let (mut residents, mut guests) = (Vec::new(), Vec::new());
        for host in &hosts {
            residents.push(host.world.user("resident").await);
            guests.push(host.world.user("guest").await);
        }
        let name = format!("{}:{PORT}", places[SERVERS].host);
        let eve = Eve::open(listener, name, &authority, addresses_for(plot, SERVERS, &places));
        Self { hosts, eve, network, residents, guests, ticking, _authority: authority }
    }

    /// Stops a server in the middle of a write, before or after it reached the disk, and starts it again.
    pub(super) async fn crash(&mut self, server: usize, rng: &Rng) -> String {
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

/// Lets a server sign with the key of its number.
fn has_key(config: &Config, number: usize) {
    let number = u8::try_from(number).expect("a world has a handful of servers");
    let directory = Path::new(&config.server.data_directory);
    std::fs::create_dir_all(directory).expect("the data folder can be made");
    let line = format!("ed25519 1 {}\n", STANDARD_NO_PAD.encode(key_document(number)));
    std::fs::write(directory.join("signing.key"), line).expect("the key can be written");
}

impl Drop for Servers {
    fn drop(&mut self) {
        self.ticking.abort();
    }
}
