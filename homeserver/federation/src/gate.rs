//! How many requests of one other server are worked on at once, so that one peer cannot take the place of all.
//!
//! A name counts when the signature under it was checked. Until then a request is counted by the address it comes from:
//! otherwise whoever writes a peer's name into requests without a signature would shut that peer out.

use std::{hash::Hash, net::IpAddr, sync::Arc};

use moka::sync::Cache;
use ruma::{OwnedServerName, ServerName};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use crate::limits::{PEERS_COUNTED_MAX, REQUESTS_PER_PEER_MAX, REQUESTS_UNVERIFIED_MAX, TURN_TIME_MAX};

type Counts<K> = Cache<K, Arc<Semaphore>>;

/// Counts requests in progress: by address, then by the server that signed them.
#[derive(Clone)]
pub struct Gate {
    by_address: Counts<IpAddr>,
    by_server: Counts<OwnedServerName>,
}

/// Held as long as a request is worked on.
#[derive(Debug)]
pub struct Pass {
    _permit: OwnedSemaphorePermit,
}

impl Gate {
    pub(crate) fn new() -> Self {
        let (addresses, servers) = (Cache::builder(), Cache::builder());
        Self {
            by_address: addresses.max_capacity(PEERS_COUNTED_MAX).build(),
            by_server: servers.max_capacity(PEERS_COUNTED_MAX).build(),
        }
    }

    /// Waits for the turn of a request whose signature is yet to be checked; none when too many of this address are.
    pub async fn enter_unverified(&self, address: IpAddr) -> Option<Pass> {
        enter(&self.by_address, address, REQUESTS_UNVERIFIED_MAX).await
    }

    /// Waits for the turn of a request that this server signed; none when it has too many in progress for too long.
    pub async fn enter(&self, server: &ServerName) -> Option<Pass> {
        enter(&self.by_server, server.to_owned(), REQUESTS_PER_PEER_MAX).await
    }
}

async fn enter<K: Eq + Hash + Send + Sync + 'static>(counts: &Counts<K>, key: K, max: usize) -> Option<Pass> {
    let semaphore = counts.get_with(key, || Arc::new(Semaphore::new(max)));
    let permit = timeout(TURN_TIME_MAX, semaphore.acquire_owned()).await.ok()?.ok()?;
    Some(Pass { _permit: permit })
}

#[cfg(test)]
mod tests {
    use ruma::server_name;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn requests_without_a_checked_signature_take_no_place_of_the_server_they_name() {
        let gate = Gate::new();
        let address = IpAddr::from([203, 0, 113, 9]);
        let mut held = Vec::new();
        for _ in 0..REQUESTS_UNVERIFIED_MAX {
            held.push(gate.enter_unverified(address).await.unwrap());
        }
        assert!(gate.enter_unverified(address).await.is_none());
        assert!(gate.enter_unverified(IpAddr::from([203, 0, 113, 10])).await.is_some());
        assert!(gate.enter(server_name!("peer.org")).await.is_some());
        held.pop();
        assert!(gate.enter_unverified(address).await.is_some());
    }
}
