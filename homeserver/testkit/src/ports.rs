//! Ports for servers that are processes: nobody else gets one before its server listens there, or while that is down.

use std::collections::VecDeque;
use std::net::{TcpListener, UdpSocket};
use std::sync::atomic::{AtomicU32, Ordering};

use parking_lot::Mutex;

use crate::limits::{PORTS, PORTS_KEPT_MAX};

/// What keeps a port: a socket of UDP. Servers listen by TCP alone, so it is in nobody's way but of others who look for a port like
/// this, in this process or another.
static KEPT: Mutex<VecDeque<UdpSocket>> = Mutex::new(VecDeque::new());
static TRIED: AtomicU32 = AtomicU32::new(0);

/// A port that is free, with the one above it free as well. Both are kept until many more have been asked for.
///
/// # Panics
/// When no two are free in a row.
#[must_use]
pub fn free_port() -> u16 {
    let first = first_of_outgoing().saturating_sub(PORTS);
    for _ in 0..PORTS / 2 {
        // Each process begins somewhere else.
        let place = std::process::id().wrapping_add(TRIED.fetch_add(1, Ordering::Relaxed)).wrapping_mul(2);
        let place = u16::try_from(place % u32::from(PORTS)).expect("it is less than that");
        if let (Some(here), Some(above)) = (kept(first + place), kept(first + place + 1)) {
            let mut all = KEPT.lock();
            all.extend([here, above]);
            let too_many = all.len().saturating_sub(PORTS_KEPT_MAX);
            all.drain(..too_many);
            return first + place;
        }
    }
    panic!("no two free ports in a row");
}

fn kept(port: u16) -> Option<UdpSocket> {
    let keeper = UdpSocket::bind(("127.0.0.1", port)).ok()?;
    TcpListener::bind(("127.0.0.1", port)).ok().map(|_| keeper)
}

/// The first port that outgoing connections get: a port among theirs could be taken at any moment.
fn first_of_outgoing() -> u16 {
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    range.split_whitespace().next().and_then(|first| first.parse().ok()).unwrap_or(32_768)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_differ_and_lie_below_those_of_outgoing_connections() {
        let mut ports: Vec<u16> = (0..50).map(|_| free_port()).collect();
        assert!(ports.iter().all(|port| port + 1 < first_of_outgoing()));
        ports.sort_unstable();
        assert!(ports.windows(2).all(|two| two[0] + 1 < two[1]), "{ports:?}");
        assert!(ports.iter().all(|port| UdpSocket::bind(("127.0.0.1", *port)).is_err()), "each is kept");
    }
}
