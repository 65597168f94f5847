//! What has to be forgotten of keys when a backup was restored, because it went on without this store.
//!
//! One-time keys may have been given out since: they go, and devices upload new ones. Fallback keys stay and count as
//! used, so that devices replace them. Device lists of other servers' users are asked for again. Everybody is told that
//! everybody's devices changed, and numbers of key backups are not used again.
//! Works on tables alone, before anybody else does; whatever stops it, it can be run again.

use model::StreamPos;
use ruma::{OwnedDeviceId, OwnedUserId};
use store::{Batch, Scan, Store, StoreError};

use crate::{
    limits::{BACKUP_NUMBERS_JUMP, ROWS_PER_STEP_MAX},
    tables::{
        BACKUP_LATEST, DEVICE_LIST_CHANGE, DEVICE_LIST_LATEST, FALLBACK_KEY, FallbackKey, KEY_COUNT_CHANGE,
        ONE_TIME_KEY, ONE_TIME_KEY_BY_ID, REMOTE_LIST, REMOTE_RESYNC, RemoteListRow,
    },
};

/// Forgets what a restore made untrue. Call it before [`crate::Keys::open`].
///
/// # Errors
/// Whatever the store answers; then nothing may be served.
pub async fn after_restore(store: &Store) -> Result<(), StoreError> {
    drop_one_time_keys(store).await?;
    use_up_fallback_keys(store).await?;
    change_key_counts(store).await?;
    make_remote_lists_stale(store).await?;
    change_device_lists(store).await?;
    pass_backup_numbers(store).await
}

async fn drop_one_time_keys(store: &Store) -> Result<(), StoreError> {
    loop {
        let page = store.scan(&ONE_TIME_KEY, Scan::all().limit(ROWS_PER_STEP_MAX)).await?;
        let is_last = page.len() < ROWS_PER_STEP_MAX;
        let mut batch = Batch::new();
        for (place, key) in page {
            batch.delete(&ONE_TIME_KEY, &place);
            let (user, device, algorithm, _) = place;
            batch.delete(&ONE_TIME_KEY_BY_ID, &(user, device, algorithm, key.id));
        }
        store.commit(batch).await?;
        if is_last {
            return Ok(());
        }
    }
}

async fn use_up_fallback_keys(store: &Store) -> Result<(), StoreError> {
    let mut last: Option<(OwnedUserId, OwnedDeviceId, String)> = None;
    loop {
        let page = store.scan(&FALLBACK_KEY, next_page(last.as_ref())).await?;
        let Some((place, _)) = page.last() else { return Ok(()) };
        last = Some(place.clone());
        let mut batch = Batch::new();
        for (place, key) in page {
            batch.put(&FALLBACK_KEY, &place, &FallbackKey { used: true, ..key });
        }
        store.commit(batch).await?;
    }
}

async fn change_key_counts(store: &Store) -> Result<(), StoreError> {
    let mut last: Option<(OwnedUserId, OwnedDeviceId)> = None;
    loop {
        let page = store.scan_keys(&KEY_COUNT_CHANGE, next_page(last.as_ref())).await?;
        let Some(device) = page.last() else { return Ok(()) };
        last = Some(device.clone());
        let mut batch = Batch::new();
        let position = batch.position();
        for device in &page {
            batch.put(&KEY_COUNT_CHANGE, device, &position);
        }
        store.commit(batch).await?;
    }
}

async fn make_remote_lists_stale(store: &Store) -> Result<(), StoreError> {
    let mut last: Option<OwnedUserId> = None;
    loop {
        let page = store.scan(&REMOTE_LIST, next_page(last.as_ref())).await?;
        let Some((user, _)) = page.last() else { return Ok(()) };
        last = Some(user.clone());
        let mut batch = Batch::new();
        for (user, row) in page {
            let row = RemoteListRow { is_fresh: false, unheard: row.unheard + 1, ..row };
            batch.put(&REMOTE_LIST, &user, &row);
            batch.delete(&REMOTE_RESYNC, &user);
        }
        store.commit(batch).await?;
    }
}

async fn change_device_lists(store: &Store) -> Result<(), StoreError> {
    let mut last: Option<OwnedUserId> = None;
    loop {
        let page = store.scan(&DEVICE_LIST_LATEST, next_page(last.as_ref())).await?;
        let Some((user, _)) = page.last() else { return Ok(()) };
        last = Some(user.clone());
        let mut batch = Batch::new();
        for (user, older) in page {
            let position: StreamPos = batch.position();
            batch.delete(&DEVICE_LIST_CHANGE, &older);
            batch.put(&DEVICE_LIST_CHANGE, &position, &user);
            batch.put(&DEVICE_LIST_LATEST, &user, &position);
        }
        store.commit(batch).await?;
    }
}

async fn pass_backup_numbers(store: &Store) -> Result<(), StoreError> {
    let mut last: Option<OwnedUserId> = None;
    loop {
        let page = store.scan(&BACKUP_LATEST, next_page(last.as_ref())).await?;
        let Some((user, _)) = page.last() else { return Ok(()) };
        last = Some(user.clone());
        let mut batch = Batch::new();
        for (user, version) in page {
            batch.put(&BACKUP_LATEST, &user, &(version + BACKUP_NUMBERS_JUMP));
        }
        store.commit(batch).await?;
    }
}

fn next_page<K: store::KeyOf<K>>(last: Option<&K>) -> Scan<K> {
    let scan = Scan::all().limit(ROWS_PER_STEP_MAX);
    match last {
        Some(last) => scan.after(last),
        None => scan,
    }
}
