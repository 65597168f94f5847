//! What has to be forgotten of transactions to application services when a backup was restored: which numbers were given
//! out. The service may have accepted others under the next ones. Numbers begin at the time, as in a store that began
//! anew; a transaction that was frozen keeps its number and bytes, and who has accepted it knows it.

use store::{Batch, Scan, Store, StoreError};

use super::tables::NUMBERS;

/// Forgets what a restore made untrue. Call it before [`super::Services::open`]; whatever stops it, it can be run again.
///
/// # Errors
/// Whatever the store answers; then nothing may be served.
pub async fn after_restore(store: &Store) -> Result<(), StoreError> {
    let mut batch = Batch::new();
    // One row for each service that ever was: far fewer than a scan gives.
    for service in store.scan_keys(&NUMBERS, Scan::all()).await? {
        batch.delete(&NUMBERS, &service);
    }
    store.commit(batch).await.map(drop)
}
