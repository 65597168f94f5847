//! `lianqiao keys records`: with which keys the bots sign records, and a new one in the place of the present.

use base::Clock;
use cases::Signer;
use store::Store;

/// The keys, one a line: the one that signs, then those before it, the newest first.
pub(super) async fn list(store: &Store) -> Result<Vec<String>, String> {
    let signer = Signer::of_store(store).await.map_err(|error| error.to_string())?;
    let present = signer.public().texts().into_iter().map(|(id, key)| format!("{id}={key}  signs"));
    let old = signer.handovers().iter().rev().map(|handover| {
        format!("{}={}  signed until {} ms since 1970", handover.from, handover.from_key, handover.at)
    });
    Ok(present.chain(old).collect())
}

/// Replaces the present key; gives the keys as they are then.
pub(super) async fn rotate(store: &Store) -> Result<Vec<String>, String> {
    cases::rotate(store, Clock::system().now_ms()).await.map_err(|error| error.to_string())?;
    list(store).await
}
