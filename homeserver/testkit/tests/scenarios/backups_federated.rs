//! A server that was restored from a backup, as other servers meet it.

use std::path::Path;

use serde_json::json;
use testkit::{Authority, ServerProcess, User, free_port, segment};

use crate::backups::{said_in, succeeds, text};

/// The host of both servers; their ports tell them apart.
const HOST: &str = "127.0.0.1";

async fn server(directory: &Path, authority: &Authority) -> ServerProcess {
    let mut server = ServerProcess::prepare(directory, free_port(), "");
    server.federates(authority, free_port());
    server.spawn().await;
    server
}

async fn renames_device(user: &User, name: &str) {
    let path = format!("/_matrix/client/v3/devices/{}", segment(&user.device_id));
    user.put(&path, json!({ "display_name": name })).await.ok();
}

/// Syncs until somebody's devices are said to have changed.
async fn hears_of_devices(user: &User, of: &User) {
    user.syncs_until("changed devices", |body| {
        body["device_lists"]["changed"].as_array().is_some_and(|changed| changed.contains(&json!(of.id)))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_server_goes_on_with_others_and_learns_from_them_what_it_lost() {
    let authority = Authority::new(&[HOST.to_owned()]);
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut one = server(here.path(), &authority).await;
    let two = server(there.path(), &authority).await;
    let (alice, bob) = (one.user("alice").await, two.user("bob").await);
    let room = alice.creates_room_like(json!({ "preset": "public_chat" })).await.room_id();
    let join = format!("/_matrix/client/v3/join/{}?via={}", segment(&room), segment(&one.server_name()));
    bob.post(&join, json!({})).await.ok();
    let before = alice.sends(&room, "before").await.event_id();
    bob.waits_for_event(&room, &before).await;
    let backup = here.path().join("backup");
    succeeds(&one, &["backup", text(&backup)]).await;

    // The world goes on: transactions, announcements and state that the backup knows nothing of.
    let lost = alice.sends(&room, "lost").await.event_id();
    bob.waits_for_event(&room, &lost).await;
    renames_device(&alice, "lost").await;
    hears_of_devices(&bob, &alice).await;
    let topic =
        alice.sets_state(&room, "m.room.topic", "", json!({ "topic": "a lost topic" })).await.event_id();
    bob.waits_for_event(&room, &topic).await;
    let answer = bob.sends(&room, "answer").await.event_id();
    alice.waits_for_event(&room, &answer).await;
    one.stop().await;
    bob.sends(&room, "missed").await.ok();
    succeeds(&one, &["restore", text(&backup), "--yes"]).await;
    one.spawn().await;
    assert_eq!(said_in(&alice, &room).await, ["before"]);

    // What the restored server says is news to the other one, under whatever numbers it was sent.
    let after = alice.sends(&room, "after").await.event_id();
    bob.waits_for_event(&room, &after).await;
    renames_device(&alice, "after").await;
    hears_of_devices(&bob, &alice).await;

    // What it lost comes back with the next word of the other one, its own events too.
    let together = bob.sends(&room, "together").await.event_id();
    alice.waits_for_event(&room, &together).await;
    let (mut hers, mut his) = (said_in(&alice, &room).await, said_in(&bob, &room).await);
    hers.sort();
    his.sort();
    assert_eq!(hers, ["after", "answer", "before", "lost", "missed", "together"]);
    assert_eq!(hers, his);
    let (hers, his) =
        (alice.state(&room, "m.room.topic", "").await, bob.state(&room, "m.room.topic", "").await);
    assert_eq!(hers.ok()["topic"], "a lost topic");
    assert_eq!(his.ok()["topic"], "a lost topic");
    let last = alice.sends(&room, "as if nothing had been").await.event_id();
    bob.waits_for_event(&room, &last).await;
}
