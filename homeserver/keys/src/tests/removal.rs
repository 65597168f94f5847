//! What a removed device leaves behind, and for whom.

use super::*;
use crate::{
    limits::{ROWS_PER_STEP_MAX, TO_DEVICE_QUEUE_LENGTH_MAX},
    tables::{REMOVED_DEVICE, TO_DEVICE},
};

impl World {
    async fn sends_many(&self, count: usize) {
        for number in 0..count {
            self.sends(&format!("{}-{number}", self.store.frontier().get()), &["{}"]).await;
        }
    }

    async fn removes_bobs_phone(&self) {
        let mut batch = Batch::new();
        let devices: [OwnedDeviceId; 1] = [bob().1.to_owned()];
        self.keys.forget_devices(&self.store, &mut batch, bob().0, &devices).await.expect("read");
        self.store.commit(batch).await.expect("stored");
    }

    async fn rows(&self) -> usize {
        self.store.count(&TO_DEVICE, store::Scan::all()).await.expect("rows")
    }
}

#[tokio::test]
async fn a_long_queue_is_never_seen_by_the_next_device_of_its_id() {
    let world = world().await;
    world.sends_many(ROWS_PER_STEP_MAX + 5).await;
    world.removes_bobs_phone().await;
    assert_eq!(world.rows().await, 5, "a batch deletes a bounded number");
    world.sends("new", &[r#"{"n":1}"#]).await;
    let pending = world.pending(START, 100).await;
    assert_eq!(pending.len(), 1, "only what was sent to the new device");
    assert!(pending[0].1.contains(r#"{"n":1}"#));
    assert_eq!(world.rows().await, 1);
}

#[tokio::test]
async fn housekeeping_deletes_the_rest_also_after_a_new_start() {
    let world = world().await;
    world.sends_many(ROWS_PER_STEP_MAX + 5).await;
    world.removes_bobs_phone().await;
    let again =
        Keys::open(KeysParts { store: world.store.clone(), clock: world.clock.clone() }).await.expect("keys");
    assert_eq!(again.forget_leftovers().await.expect("done"), 1);
    assert_eq!(world.rows().await, 0);
    assert!(world.store.scan_keys(&REMOVED_DEVICE, store::Scan::all()).await.expect("rows").is_empty());
    assert_eq!(again.forget_leftovers().await.expect("done"), 0, "there is nothing more to do");
}

#[tokio::test]
async fn t25_a_full_queue_drops_its_oldest_and_stays_bounded() {
    let world = world().await;
    world.sends_many(TO_DEVICE_QUEUE_LENGTH_MAX).await;
    assert_eq!(world.rows().await, TO_DEVICE_QUEUE_LENGTH_MAX, "full, and nothing lost");
    world.sends("newest", &[r#"{"newest":true}"#]).await;
    let rows = world.rows().await;
    assert_eq!(rows, TO_DEVICE_QUEUE_LENGTH_MAX - ROWS_PER_STEP_MAX + 1);
    let up_to = world.store.frontier();
    let prefix = (bob().0.to_owned(), bob().1.to_owned());
    let newest = world.store.first(&TO_DEVICE, store::Scan::prefix(&prefix).reverse()).await.expect("a row");
    assert!(newest.is_some_and(|((_, _, position), _)| position == up_to), "the newest stays");
}
