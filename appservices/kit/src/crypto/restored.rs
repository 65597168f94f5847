//! What has to be forgotten of encryption when a backup of the bots' store was restored: every ratchet that turns with what is
//! sent, because it went on without this store and would turn twice. Bots make new sessions for what they say next; what they
//! can read stays.

use store::{Batch, Scan, Store, StoreError};

use super::{shelves::shelf, tables::CRYPTO};
use crate::limits::CRYPTO_DELETES_PER_BATCH;

/// Forgets it; whatever stops this, it can be run again.
///
/// # Errors
/// Whatever the store answers; then no bot may speak.
pub(crate) async fn after_restore(store: &Store) -> Result<(), StoreError> {
    let mut last: Option<(String, String, String, String)> = None;
    loop {
        let mut scan = Scan::all().limit(CRYPTO_DELETES_PER_BATCH);
        if let Some(last) = &last {
            scan = scan.after(last);
        }
        let page = store.scan_keys(&CRYPTO, scan).await?;
        let mut batch = Batch::new();
        for name in page.iter().filter(|name| [shelf::OUTBOUND, shelf::SESSIONS].contains(&name.1.as_str())) {
            batch.delete(&CRYPTO, name);
        }
        store.commit(batch).await?;
        match page.last() {
            Some(name) => last = Some(name.clone()),
            None => return Ok(()),
        }
    }
}
