//! Who is woken, and who is not.
#![expect(clippy::unwrap_used, reason = "helpers of a test stop at the first surprise")]

use std::sync::Arc;
use std::time::Duration;

use base::Clock;
use ruma::{OwnedUserId, device_id, server_name, user_id};
use store::{Audience, Batch, Identity, MemoryKv, Store, StoreError};
use streams::{Notifier, Waiter};

async fn open() -> (Store, Notifier) {
    let identity = Identity::new(server_name!("wake.example"), &Clock::fake(1));
    let store =
        Store::open(Arc::new(MemoryKv::new()), streams::tables(), identity, Vec::new()).await.unwrap();
    let notifier = Notifier::new();
    store.listen(Arc::new(notifier.clone()));
    (store, notifier)
}

async fn announce(store: &Store, audience: Audience) {
    let mut batch = Batch::new();
    batch.announce(audience);
    store.commit(batch).await.unwrap();
    // The listener of a commit is done before the next commit is answered.
    store.commit(Batch::new()).await.unwrap();
}

async fn is_woken(waiter: &mut Waiter) -> bool {
    tokio::time::timeout(Duration::from_millis(1), waiter.changed()).await.is_ok()
}

fn user(number: usize) -> OwnedUserId {
    OwnedUserId::try_from(format!("@user{number}:wake.example")).unwrap()
}

#[tokio::test]
async fn a_private_write_wakes_one_of_a_thousand_waiters_once() {
    let (store, notifier) = open().await;
    let mut waiters: Vec<_> = (0..1000).map(|number| notifier.subscribe(&user(number), None)).collect();
    assert_eq!(notifier.waiters(), 1000);
    announce(&store, Audience::User(user(123))).await;
    let mut woken = Vec::new();
    for (number, waiter) in waiters.iter_mut().enumerate() {
        if is_woken(waiter).await {
            woken.push(number);
        }
    }
    assert_eq!(woken, [123]);
    assert!(waiters[123].woken_at().is_some());
    assert!(!is_woken(&mut waiters[123]).await, "woken twice by one commit");
}

#[tokio::test]
async fn a_waiter_task_is_woken_while_it_waits() {
    let (store, notifier) = open().await;
    let mut waiter = notifier.subscribe(user_id!("@a:wake.example"), None);
    let task = tokio::spawn(async move { waiter.changed().await });
    tokio::task::yield_now().await;
    notifier.wake_user(user_id!("@b:wake.example"));
    tokio::task::yield_now().await;
    assert!(!task.is_finished());
    announce(&store, Audience::User(user_id!("@a:wake.example").to_owned())).await;
    tokio::time::timeout(Duration::from_secs(5), task).await.expect("the waiter was not woken").unwrap();
}

#[tokio::test]
async fn a_wake_between_registering_and_waiting_is_not_lost_and_many_count_as_one() {
    let (store, notifier) = open().await;
    let alice = user_id!("@a:wake.example");
    let mut waiter = notifier.subscribe(alice, None);
    for _ in 0..5 {
        announce(&store, Audience::User(alice.to_owned())).await;
    }
    notifier.wake_users(&[alice.to_owned()]);
    assert!(is_woken(&mut waiter).await);
    assert!(!is_woken(&mut waiter).await);
    notifier.wake_users(&[alice.to_owned()]);
    assert!(is_woken(&mut waiter).await);
}

#[tokio::test]
async fn each_audience_reaches_whom_it_names() {
    let alice = user_id!("@a:wake.example").to_owned();
    let bob = user_id!("@b:wake.example").to_owned();
    let (phone, desk) = (device_id!("PHONE").to_owned(), device_id!("DESK").to_owned());
    // Who is woken: Alice on the phone, Alice at the desk, Alice without a device, Bob.
    let cases = [
        (Audience::User(alice.clone()), [true, true, true, false]),
        (Audience::Device(alice.clone(), phone.clone()), [true, false, true, false]),
        (Audience::Users(Arc::from([alice.clone(), bob.clone()])), [true, true, true, true]),
        (Audience::Users(Arc::from([])), [false; 4]),
        (Audience::Everyone, [true; 4]),
    ];
    for (audience, expected) in cases {
        let (store, notifier) = open().await;
        let mut waiters = [
            notifier.subscribe(&alice, Some(&phone)),
            notifier.subscribe(&alice, Some(&desk)),
            notifier.subscribe(&alice, None),
            notifier.subscribe(&bob, None),
        ];
        announce(&store, audience.clone()).await;
        for (waiter, expected) in waiters.iter_mut().zip(expected) {
            assert_eq!(is_woken(waiter).await, expected, "{audience:?}: {waiter:?}");
        }
    }
}

#[tokio::test]
async fn a_dropped_waiter_is_unregistered_and_a_refused_commit_wakes_nobody() {
    let (store, notifier) = open().await;
    let alice = user_id!("@a:wake.example");
    let (first, mut second) = (notifier.subscribe(alice, None), notifier.subscribe(alice, None));
    drop(first);
    assert_eq!(notifier.waiters(), 1);
    let mut batch = Batch::new();
    (0..70_000).for_each(|_| {
        batch.position();
    });
    batch.announce(Audience::User(alice.to_owned()));
    assert!(matches!(store.commit(batch).await, Err(StoreError::TooLarge { .. })));
    store.commit(Batch::new()).await.unwrap();
    assert!(!is_woken(&mut second).await);
    drop(second);
    assert_eq!(notifier.waiters(), 0);
}

#[test]
fn a_waiter_is_small() {
    assert!(size_of::<Waiter>() < 256, "{} bytes", size_of::<Waiter>());
}
