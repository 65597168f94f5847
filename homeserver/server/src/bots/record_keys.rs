//! `lianqiao keys records`: with which keys the bots sign records, and a new one in the place of the present.

use base::Clock;
use cases::Signer;
use store::Store;

use crate::backup::said_time;

/// The keys, one a line: the one that signs, then those before it, the newest first.
pub(super) async fn list(store: &Store) -> Result<Vec<String>, String> {
    let signer = Signer::of_store(store).await.map_err(|error| error.to_string())?;
    let present = signer.public().texts().into_iter().map(|(id, key)| format!("{id}={key}  signs"));
    let old = signer.handovers().iter().rev().map(|handover| {
        format!("{}={}  signed until {}", handover.from, handover.from_key, said_time(handover.at))
    });
    Ok(present.chain(old).collect())
}

/// Replaces the present key; gives the keys as they are then.
pub(super) async fn rotate(store: &Store) -> Result<Vec<String>, String> {
    cases::rotate(store, Clock::system().now_ms()).await.map_err(|error| error.to_string())?;
    list(store).await
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ruma::owned_server_name;
    use store::{Identity, MemoryKv};

    use super::*;

    #[tokio::test]
    async fn a_key_of_before_is_listed_with_the_time_at_which_it_ended() {
        let identity = Identity::new(&owned_server_name!("lianqiao.test"), &Clock::fake(1));
        let store = Store::open(Arc::new(MemoryKv::new()), cases::tables(), identity, Vec::new());
        let store = store.await.unwrap();
        cases::rotate(&store, 1_793_840_460_999).await.unwrap();
        let keys = list(&store).await.unwrap();
        assert!(keys[0].starts_with("ed25519:ent_2=") && keys[0].ends_with("  signs"), "{keys:?}");
        assert!(keys[1].ends_with("  signed until 2026-11-05T01:01:00Z"), "{keys:?}");
    }
}
