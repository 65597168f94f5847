//! Ports for servers that are stopped and started again: nobody else gets one before this process ends.

use std::{
    net::{TcpListener, UdpSocket},
    process,
    sync::Mutex,
};

/// How many ports there are to choose from, below those of outgoing connections.
const PORTS: u16 = 8_000;

/// What keeps the ports: a socket of UDP for each. Servers listen by TCP alone, so it is in the way only of others who look for a port
/// like this, in this process or another.
static KEPT: Mutex<Vec<UdpSocket>> = Mutex::new(Vec::new());

/// A port that is free and stays it while its server is down.
pub fn free_port() -> u16 {
    let first = first_of_outgoing().saturating_sub(PORTS);
    // Each process begins somewhere else.
    let start = u16::try_from(process::id() % u32::from(PORTS)).expect("it is less than that");
    let mut kept = KEPT.lock().expect("nobody panicked with it");
    for place in (start..PORTS).chain(0..start) {
        let Ok(keeper) = UdpSocket::bind(("127.0.0.1", first + place)) else { continue };
        if TcpListener::bind(("127.0.0.1", first + place)).is_ok() {
            kept.push(keeper);
            return first + place;
        }
    }
    panic!("no port is free");
}

/// The first port that outgoing connections get: a port among theirs could be taken at any moment.
fn first_of_outgoing() -> u16 {
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    range.split_whitespace().next().and_then(|first| first.parse().ok()).unwrap_or(32_768)
}
