//! Device lists of other servers' users: what an announcement does to a list, and what a list that was fetched does.

use ruma::OwnedDeviceId;
use serde_json::value::to_raw_value;

use super::*;
use crate::test_support::Signer;
use crate::{DeviceUpdate, FetchedDevice, FetchedList, Heard};

fn eve() -> &'static UserId {
    user_id!("@eve:elsewhere.example")
}

fn keys_of(device: &str, seed: u8) -> Box<RawValue> {
    to_raw_value(&Signer::new(seed).device_keys(eve(), device.into())).expect("JSON")
}

fn update(device: &str, stream_id: u64, previous: &[u64]) -> DeviceUpdate {
    DeviceUpdate {
        device: device.into(),
        name: None,
        keys: Some(keys_of(device, 1)),
        deleted: false,
        stream_id,
        previous: previous.to_vec(),
    }
}

fn list(stream_id: u64, devices: &[&str]) -> FetchedList {
    let device =
        |device: &&str| FetchedDevice { device: (*device).into(), name: None, keys: keys_of(device, 1) };
    FetchedList { stream_id, devices: devices.iter().map(device).collect(), ..FetchedList::default() }
}

impl World {
    async fn hears(&self, updates: &[DeviceUpdate]) -> Heard {
        let mut batch = Batch::new();
        let heard = self.keys.hear_devices(&self.store, &mut batch, eve(), updates).await.expect("a read");
        self.store.commit(batch).await.expect("a commit");
        heard
    }

    async fn keeps(&self, unheard: u64, list: &FetchedList) -> bool {
        let mut batch = Batch::new();
        let kept = self.keys.keep_list(&self.store, &mut batch, eve(), unheard, (list, true)).await;
        self.store.commit(batch).await.expect("a commit");
        kept.expect("a read")
    }

    /// The devices of a fresh list.
    async fn devices(&self) -> Option<Vec<OwnedDeviceId>> {
        let kept = self.keys.kept_keys(&self.store, eve(), &[]).await.expect("a read");
        kept.map(|keys| keys.devices.into_keys().collect())
    }

    async fn waits(&self) -> bool {
        self.keys.list_to_fetch(&self.store, eve()).await.expect("a read").is_some()
    }
}

#[tokio::test]
async fn an_announcement_follows_when_it_names_what_is_known() {
    for (previous, stream_id, expected) in [
        (&[5][..], 6, Heard::Applied),
        (&[3, 5], 6, Heard::Applied),
        (&[5], 9, Heard::Applied),
        (&[5], 5, Heard::Known),
        (&[1], 2, Heard::Known),
        (&[6], 7, Heard::Missed),
        (&[5, 6], 7, Heard::Missed),
        (&[], 6, Heard::Missed),
        (&[], 1, Heard::Missed),
    ] {
        let world = world().await;
        assert!(world.keeps(0, &list(5, &["A"])).await);
        let heard = world.hears(&[update("B", stream_id, previous)]).await;
        assert_eq!(heard, expected, "{stream_id} after {previous:?}");
        let devices = match expected {
            Heard::Applied => Some(vec!["A".into(), "B".into()]),
            Heard::Known => Some(vec!["A".into()]),
            Heard::Missed => None,
        };
        assert_eq!(world.devices().await, devices, "{stream_id} after {previous:?}");
        assert_eq!(world.waits().await, expected == Heard::Missed);
    }
}

#[tokio::test]
async fn announcements_of_one_transaction_follow_each_other() {
    let world = world().await;
    assert!(world.keeps(0, &list(5, &["A"])).await);
    let mut gone = update("A", 7, &[6]);
    gone.deleted = true;
    assert_eq!(world.hears(&[update("B", 6, &[5]), gone]).await, Heard::Applied);
    assert_eq!(world.devices().await, Some(vec!["B".into()]));
}

#[tokio::test]
async fn an_answer_to_a_question_from_before_an_announcement_is_not_kept() {
    let world = world().await;
    let unheard = world.keys.unheard_of(&world.store, eve()).await.expect("a read");
    assert_eq!(world.hears(&[update("B", 6, &[5])]).await, Heard::Missed);
    assert!(!world.keeps(unheard, &list(5, &["A"])).await);
    assert_eq!((world.devices().await, world.waits().await), (None, true));
    let unheard = world.keys.unheard_of(&world.store, eve()).await.expect("a read");
    assert!(world.keeps(unheard, &list(6, &["A", "B"])).await);
    assert_eq!((world.devices().await, world.waits().await), (Some(vec!["A".into(), "B".into()]), false));
}

#[tokio::test]
async fn a_list_takes_the_place_of_the_one_before() {
    let world = world().await;
    assert!(world.keeps(0, &list(5, &["A", "B"])).await);
    let before = world.store.frontier();
    assert!(world.keeps(0, &list(6, &["B", "C"])).await);
    assert_eq!(world.devices().await, Some(vec!["B".into(), "C".into()]));
    let up_to = world.store.frontier();
    let changed = world.keys.device_list_changes(&world.store, before, up_to).await.expect("changes");
    assert_eq!(changed.into_iter().collect::<Vec<_>>(), [eve()]);
    assert!(world.keeps(0, &list(7, &["B", "C"])).await);
    let changed = world.keys.device_list_changes(&world.store, up_to, world.store.frontier()).await;
    assert!(changed.expect("changes").is_empty(), "nothing changed");
}

#[tokio::test]
async fn a_stale_list_is_not_answered_and_nobody_fetches_it_unasked() {
    let world = world().await;
    assert!(world.keeps(0, &list(5, &["A"])).await);
    let mut batch = Batch::new();
    world.keys.mark_stale(&world.store, &mut batch, eve()).await.expect("a read");
    world.store.commit(batch).await.expect("a commit");
    assert_eq!((world.devices().await, world.waits().await), (None, false));
    assert!(!world.keeps(0, &list(5, &["A"])).await, "that question is from before");
}

#[tokio::test]
async fn t11_bad_keys_make_a_device_go_and_bad_names_are_left_out() {
    let world = world().await;
    assert!(world.keeps(0, &list(5, &["A"])).await);
    let mut bad = update("A", 6, &[5]);
    bad.keys = Some(keys_of("OTHER", 1));
    let mut named = update("B", 7, &[6]);
    named.name = Some("x".repeat(10_000));
    assert_eq!(world.hears(&[bad, named]).await, Heard::Applied);
    assert_eq!(world.devices().await, Some(vec!["B".into()]));
    let kept = world.keys.kept_keys(&world.store, eve(), &[]).await.expect("a read").expect("a list");
    assert!(!kept.devices.values().any(|text| text.contains("device_display_name")));
}
