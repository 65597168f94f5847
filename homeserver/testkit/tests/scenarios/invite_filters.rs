//! Whose invites reach a user (MSC4155, MSC4380).

use serde_json::{Value, json};
use testkit::{Answer, User, World};

const FILTER: &str = "org.matrix.msc4155.invite_permission_config";
const PERMISSION: &str = "m.invite_permission_config";

fn is_invited(sync: &Value, room: &str) -> bool {
    sync["rooms"]["invite"].get(room).is_some()
}

/// Every way to invite somebody; the room of the last is never made.
async fn invites_in_every_way(inviter: &User, room: &str, target: &User) -> [Answer; 3] {
    let member = json!({"membership": "invite"});
    [
        inviter.invites(room, target).await,
        inviter.sets_state(room, "m.room.member", &target.id, member).await,
        inviter.creates_room_like(json!({"preset": "private_chat", "invite": [target.id]})).await,
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blocked_sender_hears_so_in_every_way_of_inviting() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = bob.creates_room_like(json!({"preset": "private_chat"})).await.room_id();
    alice.sets_account_data(FILTER, json!({"blocked_users": [bob.id]})).await.ok();
    for answer in invites_in_every_way(&bob, &room, &alice).await {
        answer.fails_as(403, "ORG.MATRIX.MSC4155.M_INVITE_BLOCKED");
    }
    // The general block is the specification's own, and wins over an exception.
    alice.sets_account_data(FILTER, json!({"allowed_users": [bob.id]})).await.ok();
    alice.sets_account_data(PERMISSION, json!({"default_action": "block"})).await.ok();
    for answer in invites_in_every_way(&bob, &room, &alice).await {
        answer.fails_as(403, "M_INVITE_BLOCKED");
    }
    assert_eq!(alice.syncs().await["rooms"]["invite"], Value::Null);
    alice.sets_account_data(PERMISSION, json!({})).await.ok();
    bob.invites(&room, &alice).await.ok();
    alice.waits_for_invite(&room).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ignored_invite_is_sent_and_never_seen() {
    let w = World::start().await;
    let [alice, bob, carol] = w.users(["alice", "bob", "carol"]).await;
    alice.sets_account_data(FILTER, json!({"ignored_users": ["@b?b:*"]})).await.ok();
    alice.syncs().await;
    let hidden = bob.creates_room_like(json!({"preset": "private_chat"})).await.room_id();
    let shown = carol.creates_room_like(json!({"preset": "private_chat"})).await.room_id();
    bob.invites(&hidden, &alice).await.ok();
    carol.invites(&shown, &alice).await.ok();
    let sync = alice.syncs_until("the other invite", |sync| is_invited(sync, &shown)).await;
    assert!(!is_invited(&sync, &hidden));
    let initial = alice.sync_with("timeout=0").await.ok();
    assert!(is_invited(&initial, &shown) && !is_invited(&initial, &hidden));
    // Nothing is lost: who knows of the room may join it.
    alice.joins(&hidden).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_are_named_by_patterns_and_users_come_first() {
    let w = World::start().await;
    let [alice, bob, carol] = w.users(["alice", "bob", "carol"]).await;
    let filter = json!({"allowed_users": [carol.id], "blocked_servers": ["*"], "ignored_users": null});
    alice.sets_account_data(FILTER, filter).await.ok();
    let [hers, his] = [&carol, &bob]
        .map(|user| async move { user.creates_room_like(json!({"preset": "private_chat"})).await.room_id() });
    let (hers, his) = (hers.await, his.await);
    bob.invites(&his, &alice).await.fails_as(403, "ORG.MATRIX.MSC4155.M_INVITE_BLOCKED");
    carol.invites(&hers, &alice).await.ok();
    alice.waits_for_invite(&hers).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_does_not_learn_whom_a_user_blocks() {
    let w = World::start().await;
    let [alice, bob, carol] = w.users(["alice", "bob", "carol"]).await;
    let room = carol.creates_room().await;
    alice.sets_account_data(FILTER, json!({"blocked_users": [bob.id]})).await.ok();
    bob.invites(&room, &alice).await.fails_as(403, "M_FORBIDDEN");
    let member = json!({"membership": "invite"});
    bob.sets_state(&room, "m.room.member", &alice.id, member).await.fails_as(403, "M_FORBIDDEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reason_for_the_invites_of_a_new_room_is_in_each_of_them() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    for key in ["invite_reason", "uk.timedout.msc4491.invite_reason"] {
        let body = json!({"preset": "private_chat", "invite": [bob.id], key: "tea"});
        let room = alice.creates_room_like(body).await.room_id();
        assert_eq!(alice.state(&room, "m.room.member", &bob.id).await.ok()["reason"], "tea");
    }
}
