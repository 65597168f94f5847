//! What is forgotten when a backup was restored.

use ruma::{OwnedUserId, owned_user_id};
use store::Scan;

use super::*;
use crate::tables::{
    BACKUP_LATEST, DEVICE_LIST_CHANGE, KEY_COUNT_CHANGE, ONE_TIME_KEY_BY_ID, REMOTE_LIST, REMOTE_RESYNC,
    RemoteListRow, ResyncRow,
};

const ALGORITHM: &str = "signed_curve25519";

#[tokio::test]
async fn nothing_that_was_promised_since_the_backup_is_kept() {
    let world = world().await;
    let (user, device): (OwnedUserId, OwnedDeviceId) = (bob().0.to_owned(), bob().1.to_owned());
    let eve = owned_user_id!("@eve:elsewhere.example");
    let mut batch = Batch::new();
    for id in ["A", "B"] {
        let position = batch.position();
        let key = OneTimeKey { id: id.to_owned(), key: "{}".to_owned() };
        batch.put(&ONE_TIME_KEY, &(user.clone(), device.clone(), ALGORITHM.to_owned(), position), &key);
        let by_id = (user.clone(), device.clone(), ALGORITHM.to_owned(), id.to_owned());
        batch.put(&ONE_TIME_KEY_BY_ID, &by_id, &position);
    }
    let fallback = FallbackKey { id: "F".to_owned(), key: "{}".to_owned(), used: false };
    batch.put(&FALLBACK_KEY, &(user.clone(), device.clone(), ALGORITHM.to_owned()), &fallback);
    let fresh = RemoteListRow { stream_id: 7, is_fresh: true, unheard: 3, ..RemoteListRow::default() };
    batch.put(&REMOTE_LIST, &eve, &fresh).put(&REMOTE_RESYNC, &eve, &ResyncRow::default());
    batch.put(&BACKUP_LATEST, &user, &4);
    world.keys.mark_key_counts(&mut batch, &user, &device);
    for person in [&user, &eve] {
        world.keys.mark_device_list(&world.store, &mut batch, person).await.expect("a read");
    }
    world.store.commit(batch).await.expect("a commit");
    let before = world.store.frontier();

    // Stopped half-way and run again, it comes to the same.
    for _ in 0..2 {
        crate::after_restore(&world.store).await.expect("forgotten");
    }
    let keys = Keys::open(KeysParts { store: world.store.clone(), clock: world.clock.clone() });
    let keys = keys.await.expect("keys");
    let (store, up_to) = (&world.store, world.store.frontier());
    assert_eq!(store.count(&ONE_TIME_KEY, Scan::all()).await, Ok(0));
    assert_eq!(store.count(&ONE_TIME_KEY_BY_ID, Scan::all()).await, Ok(0));
    let counts = keys.key_counts(store, &user, &device).await.expect("counts");
    assert_eq!((counts.one_time[ALGORITHM], counts.unused_fallback.len()), (0, 0));
    assert!(counts.changed > before, "the device is told");
    assert!(store.get(&KEY_COUNT_CHANGE, &(user.clone(), device)).await.expect("a read").is_some());
    let stale = store.get(&REMOTE_LIST, &eve).await.expect("a read").expect("a row");
    assert!(!stale.is_fresh && stale.unheard > fresh.unheard, "{stale:?}");
    assert_eq!(store.count(&REMOTE_RESYNC, Scan::all()).await, Ok(0));
    let changed = keys.device_list_changes(store, before, up_to).await.expect("a read");
    assert_eq!(changed, [user.clone(), eve].into());
    assert_eq!(store.count(&DEVICE_LIST_CHANGE, Scan::all()).await, Ok(2), "one row for each of them");
    assert!(store.get(&BACKUP_LATEST, &user).await.expect("a read").expect("a row") > 1_000);
}
