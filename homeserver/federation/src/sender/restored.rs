//! What the sender has to forget when a backup was restored, because it went on without this store.
//!
//! Other servers heard announcements of devices that are not here any more: what they were told is forgotten, so that
//! the next announcement has no predecessor and makes them ask for the whole list, and numbers go on past those they know.
//! Nobody is left alone for failures of another time. What was frozen is repeated byte for byte under its old id, and
//! whoever has it knows it; new transactions have ids of their own.

use ruma::{OwnedServerName, OwnedUserId};
use store::{Batch, Scan, Store, StoreError};

use super::limits::{ANNOUNCEMENTS_JUMP, PAGE_ROWS};
use super::tables::{ANNOUNCED_DEVICES, AnnouncedRow, DESTINATION, DestinationRow, LAST_ANNOUNCEMENT};
use crate::tables::SERVER_DOWN;

/// Forgets what a restore made untrue. Call it before the federation is opened; whatever stops it, it can be run again.
///
/// # Errors
/// Whatever the store answers; then nothing may be served.
pub async fn after_restore(store: &Store) -> Result<(), StoreError> {
    pass_announcements(store).await?;
    loop {
        let page = store.scan_keys(&LAST_ANNOUNCEMENT, Scan::all().limit(PAGE_ROWS)).await?;
        let mut batch = Batch::new();
        for key in &page {
            batch.delete(&LAST_ANNOUNCEMENT, key);
        }
        store.commit(batch).await?;
        if page.len() < PAGE_ROWS {
            break;
        }
    }
    loop {
        let page = store.scan_keys(&SERVER_DOWN, Scan::all().limit(PAGE_ROWS)).await?;
        let mut batch = Batch::new();
        for server in &page {
            batch.delete(&SERVER_DOWN, server);
        }
        store.commit(batch).await?;
        if page.len() < PAGE_ROWS {
            break;
        }
    }
    forgive_all(store).await
}

async fn pass_announcements(store: &Store) -> Result<(), StoreError> {
    let mut last: Option<OwnedUserId> = None;
    loop {
        let mut scan = Scan::all().limit(PAGE_ROWS);
        if let Some(last) = &last {
            scan = scan.after(last);
        }
        let page = store.scan(&ANNOUNCED_DEVICES, scan).await?;
        let Some((user, _)) = page.last() else { return Ok(()) };
        last = Some(user.clone());
        let mut batch = Batch::new();
        for (user, row) in page {
            let stream_id = row.stream_id + ANNOUNCEMENTS_JUMP;
            batch.put(&ANNOUNCED_DEVICES, &user, &AnnouncedRow { stream_id, ..AnnouncedRow::default() });
        }
        store.commit(batch).await?;
    }
}

async fn forgive_all(store: &Store) -> Result<(), StoreError> {
    let mut last: Option<OwnedServerName> = None;
    loop {
        let mut scan = Scan::all().limit(PAGE_ROWS);
        if let Some(last) = &last {
            scan = scan.after(last);
        }
        let page = store.scan(&DESTINATION, scan).await?;
        let Some((server, _)) = page.last() else { return Ok(()) };
        last = Some(server.clone());
        let mut batch = Batch::new();
        for (server, row) in page {
            let row = DestinationRow { acknowledged: row.acknowledged, ..DestinationRow::default() };
            batch.put(&DESTINATION, &server, &row);
        }
        store.commit(batch).await?;
    }
}
