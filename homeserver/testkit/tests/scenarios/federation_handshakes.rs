//! Users enter and leave rooms of other servers.

use serde_json::{Value, json};
use testkit::{Answer, User, World, segment};

const EVERY_VERSION: [&str; 12] = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"];

/// Joins through a server.
async fn joins_via(user: &User, room: &str, server: &World) -> Answer {
    let path = format!("/_matrix/client/v3/join/{}?via={}", segment(room), segment(&server.server_name()));
    user.post(&path, json!({})).await
}

async fn knocks_via(user: &User, room: &str, server: &World) -> Answer {
    let path = format!("/_matrix/client/v3/knock/{}?via={}", segment(room), segment(&server.server_name()));
    user.post(&path, json!({})).await
}

/// The membership that a user's server knows of somebody.
async fn membership(user: &User, room: &str, of: &User) -> String {
    let mut state = user.state(room, "m.room.member", &of.id).await;
    state.body()["membership"].as_str().unwrap_or_default().to_owned()
}

/// Syncs until somebody has this membership in a joined room.
async fn waits_for_membership(user: &User, room: &str, of: &User, membership: &str) {
    let is_it = |event: &Value| {
        event["type"] == "m.room.member"
            && event["state_key"] == of.id
            && event["content"]["membership"] == membership
    };
    user.syncs_until(&format!("{} to be in {membership}", of.id), |body| {
        let room = &body["rooms"]["join"][room];
        ["timeline", "state"]
            .into_iter()
            .any(|part| room[part]["events"].as_array().is_some_and(|events| events.iter().any(is_it)))
    })
    .await;
}

#[tokio::test]
async fn rooms_of_every_version_are_joined_both_ways_and_everybody_is_heard() {
    let [a, b] = World::federated(["a", "b"]).await;
    let ([alice], [bob]) = (a.users(["alice"]).await, b.users(["bob"]).await);
    for version in EVERY_VERSION {
        for (host, guest, server) in [(&alice, &bob, &a), (&bob, &alice, &b)] {
            let body = json!({"preset": "public_chat", "room_version": version});
            let room = host.creates_room_like(body).await.room_id();
            let before = host.sends(&room, "before").await.event_id();
            joins_via(guest, &room, server).await.ok();
            assert_eq!(membership(guest, &room, host).await, "join", "version {version}");
            waits_for_membership(host, &room, guest, "join").await;
            let from_guest = guest.sends(&room, "from the guest").await.event_id();
            host.waits_for_event(&room, &from_guest).await;
            let from_host = host.sends(&room, "from the host").await.event_id();
            guest.waits_for_event(&room, &from_host).await;
            assert_ne!(before, from_host);
        }
    }
}

#[tokio::test]
async fn a_room_is_joined_by_the_alias_of_another_server() {
    let [a, b] = World::federated(["a", "b"]).await;
    let ([alice], [bob]) = (a.users(["alice"]).await, b.users(["bob"]).await);
    let room =
        alice.creates_room_like(json!({"preset": "public_chat", "room_alias_name": "town"})).await.room_id();
    let joined = bob.joins(&format!("#town:{}", a.server_name())).await.room_id();
    assert_eq!(joined, room);
    bob.joins(&format!("#nowhere:{}", a.server_name())).await.fails_as(404, "M_NOT_FOUND");
}

#[tokio::test]
async fn a_join_that_nobody_can_help_with_says_so() {
    let [a, b] = World::federated(["a", "b"]).await;
    let ([alice], [bob]) = (a.users(["alice"]).await, b.users(["bob"]).await);
    let closed = alice.creates_room_like(json!({"preset": "private_chat"})).await.room_id();
    joins_via(&bob, &closed, &a).await.fails_as(403, "M_FORBIDDEN");
    bob.joins(&closed).await.fails_as(404, "M_NOT_FOUND");
    joins_via(&bob, &format!("!nothing:{}", a.server_name()), &a).await.fails_as(404, "M_NOT_FOUND");
    let gone = format!("/_matrix/client/v3/join/{}?via=gone.test:1", segment(&closed));
    bob.post(&gone, json!({})).await.expect_status(502);
    assert!(bob.joined_rooms().await.is_empty(), "no half of a room is left");
}

#[tokio::test]
async fn an_invite_shows_the_room_and_is_accepted() {
    let [a, b] = World::federated(["a", "b"]).await;
    let ([alice], [bob]) = (a.users(["alice"]).await, b.users(["bob"]).await);
    for version in ["1", "6", "11", "12"] {
        let body = json!({"preset": "private_chat", "name": "Study", "room_version": version});
        let room = alice.creates_room_like(body).await.room_id();
        alice.invites(&room, &bob).await.ok();
        let shown = bob.waits_for_invite(&room).await;
        let events = shown["invite_state"]["events"].as_array().unwrap();
        let of = |kind: &str| events.iter().find(|event| event["type"] == kind).unwrap_or(&Value::Null);
        assert_eq!(of("m.room.name")["content"]["name"], "Study", "version {version}");
        assert!(of("m.room.create").is_object() && of("m.room.join_rules").is_object());
        // The inviter's server is known from the invite.
        bob.joins(&room).await.ok();
        let message = bob.sends(&room, "hello").await.event_id();
        alice.waits_for_event(&room, &message).await;
    }
}

#[tokio::test]
async fn a_room_is_created_with_somebody_of_another_server() {
    let [a, b] = World::federated(["a", "b"]).await;
    let ([alice], [bob]) = (a.users(["alice"]).await, b.users(["bob"]).await);
    let body = json!({"preset": "trusted_private_chat", "invite": [bob.id], "is_direct": true});
    let room = alice.creates_room_like(body).await.room_id();
    let shown = bob.waits_for_invite(&room).await;
    let events = shown["invite_state"]["events"].as_array().unwrap();
    assert!(events.iter().any(|event| event["content"]["is_direct"] == true), "{shown}");
    bob.joins(&room).await.ok();
    waits_for_membership(&alice, &room, &bob, "join").await;
}

#[tokio::test]
async fn an_invite_is_rejected_and_its_sender_hears_of_it() {
    let [a, b] = World::federated(["a", "b"]).await;
    let ([alice], [bob]) = (a.users(["alice"]).await, b.users(["bob"]).await);
    let room = alice.creates_room_like(json!({"preset": "private_chat"})).await.room_id();
    alice.invites(&room, &bob).await.ok();
    bob.waits_for_invite(&room).await;
    bob.leaves(&room).await.ok();
    waits_for_membership(&alice, &room, &bob, "leave").await;
    let body = bob.syncs().await;
    assert!(body["rooms"]["invite"].get(&room).is_none());
    // Being asked again is no contradiction.
    alice.invites(&room, &bob).await.ok();
    bob.waits_for_invite(&room).await;
    bob.joins(&room).await.ok();
}

#[tokio::test]
async fn an_invite_that_is_taken_back_goes_away() {
    let [a, b] = World::federated(["a", "b"]).await;
    let ([alice], [bob]) = (a.users(["alice"]).await, b.users(["bob"]).await);
    let room = alice.creates_room_like(json!({"preset": "private_chat"})).await.room_id();
    alice.invites(&room, &bob).await.ok();
    bob.waits_for_invite(&room).await;
    alice.kicks(&bob, &room).await.ok();
    bob.syncs_until("the end of the invite", |body| body["rooms"]["leave"].get(&room).is_some()).await;
    joins_via(&bob, &room, &a).await.fails_as(403, "M_FORBIDDEN");
}

#[tokio::test]
async fn an_invite_of_a_server_that_is_gone_can_be_rejected() {
    let [mut a, b] = World::federated(["a", "b"]).await;
    let ([alice], [bob]) = (a.users(["alice"]).await, b.users(["bob"]).await);
    let room = alice.creates_room_like(json!({"preset": "private_chat"})).await.room_id();
    alice.invites(&room, &bob).await.ok();
    bob.waits_for_invite(&room).await;
    a.stops().await;
    bob.leaves(&room).await.ok();
    bob.syncs_until("the end of the invite", |body| body["rooms"]["leave"].get(&room).is_some()).await;
    bob.forgets(&room).await.ok();
}

#[tokio::test]
async fn users_that_do_not_exist_cannot_be_invited() {
    let [a, b] = World::federated(["a", "b"]).await;
    let [alice] = a.users(["alice"]).await;
    let room = alice.creates_room_like(json!({"preset": "private_chat"})).await.room_id();
    let nobody = format!("@nobody:{}", b.server_name());
    alice.room_action(&room, "invite", json!({"user_id": nobody})).await.fails_as(404, "M_NOT_FOUND");
    alice.room_action(&room, "invite", json!({"user_id": "@x:gone.test:1"})).await.expect_status(502);
}

#[tokio::test]
async fn who_knocks_is_let_in_or_goes_away() {
    let [a, b] = World::federated(["a", "b"]).await;
    let ([alice], [bob, carol]) = (a.users(["alice"]).await, b.users(["bob", "carol"]).await);
    let rule = json!([{"type": "m.room.join_rules", "state_key": "", "content": {"join_rule": "knock"}}]);
    let body = json!({"preset": "private_chat", "name": "Door", "initial_state": rule});
    let room = alice.creates_room_like(body).await.room_id();
    knocks_via(&bob, &room, &a).await.ok();
    knocks_via(&carol, &room, &a).await.ok();
    let body = bob.syncs_until("the knock", |body| body["rooms"]["knock"].get(&room).is_some()).await;
    let events = body["rooms"]["knock"][&room]["knock_state"]["events"].as_array().unwrap().clone();
    assert!(events.iter().any(|event| event["content"]["name"] == "Door"), "{events:?}");
    waits_for_membership(&alice, &room, &bob, "knock").await;
    alice.invites(&room, &bob).await.ok();
    bob.waits_for_invite(&room).await;
    bob.joins(&room).await.ok();
    // The other one changes her mind.
    carol.leaves(&room).await.ok();
    waits_for_membership(&alice, &room, &carol, "leave").await;
}

#[tokio::test]
async fn a_knock_is_answered_with_no() {
    let [a, b] = World::federated(["a", "b"]).await;
    let ([alice], [bob]) = (a.users(["alice"]).await, b.users(["bob"]).await);
    let rule = json!([{"type": "m.room.join_rules", "state_key": "", "content": {"join_rule": "knock"}}]);
    let room =
        alice.creates_room_like(json!({"preset": "private_chat", "initial_state": rule})).await.room_id();
    knocks_via(&bob, &room, &a).await.ok();
    bob.syncs_until("the knock", |body| body["rooms"]["knock"].get(&room).is_some()).await;
    waits_for_membership(&alice, &room, &bob, "knock").await;
    alice.kicks(&bob, &room).await.ok();
    bob.syncs_until("the end of the knock", |body| body["rooms"]["leave"].get(&room).is_some()).await;
    let closed = alice.creates_room_like(json!({"preset": "private_chat"})).await.room_id();
    knocks_via(&bob, &closed, &a).await.fails_as(403, "M_FORBIDDEN");
}

#[tokio::test]
async fn a_restricted_room_lets_members_of_the_other_room_in() {
    let [a, b] = World::federated(["a", "b"]).await;
    let ([alice], [bob, carol]) = (a.users(["alice"]).await, b.users(["bob", "carol"]).await);
    for version in ["8", "10", "12"] {
        let space = alice.creates_room().await;
        let rule = json!({
            "join_rule": "restricted",
            "allow": [{"type": "m.room_membership", "room_id": space}],
        });
        let state = json!([{"type": "m.room.join_rules", "state_key": "", "content": rule}]);
        let body = json!({
            "preset": "private_chat",
            "initial_state": state,
            "room_version": version,
            "power_level_content_override": {"invite": 50},
        });
        let room = alice.creates_room_like(body).await.room_id();
        joins_via(&bob, &room, &a).await.fails_as(403, "M_FORBIDDEN");
        joins_via(&bob, &space, &a).await.ok();
        joins_via(&bob, &room, &a).await.ok();
        let state = bob.state(&room, "m.room.member", &bob.id).await.ok();
        assert_eq!(state["join_authorised_via_users_server"], alice.id, "version {version}");
        // His server is in the room now, and yet nobody there may let others in.
        joins_via(&carol, &space, &a).await.ok();
        waits_for_membership(&alice, &space, &carol, "join").await;
        joins_via(&carol, &room, &a).await.ok();
        let message = carol.sends(&room, "in").await.event_id();
        alice.waits_for_event(&room, &message).await;
        bob.waits_for_event(&room, &message).await;
    }
}

#[tokio::test]
async fn who_is_kicked_or_banned_hears_of_it_and_stays_out() {
    let [a, b] = World::federated(["a", "b"]).await;
    let ([alice], [bob]) = (a.users(["alice"]).await, b.users(["bob"]).await);
    let room = alice.creates_room().await;
    joins_via(&bob, &room, &a).await.ok();
    waits_for_membership(&alice, &room, &bob, "join").await;
    // A first sync does not show rooms that one has left, however fresh.
    bob.waits_to_have_joined(&room).await;
    alice.kicks(&bob, &room).await.ok();
    bob.syncs_until("the kick", |body| body["rooms"]["leave"].get(&room).is_some()).await;
    joins_via(&bob, &room, &a).await.ok();
    waits_for_membership(&alice, &room, &bob, "join").await;
    bob.waits_to_have_joined(&room).await;
    alice.bans(&bob, &room).await.ok();
    bob.syncs_until("the ban", |body| body["rooms"]["leave"].get(&room).is_some()).await;
    joins_via(&bob, &room, &a).await.fails_as(403, "M_FORBIDDEN");
    alice.unbans(&bob, &room).await.ok();
    joins_via(&bob, &room, &a).await.ok();
}

#[tokio::test]
async fn who_left_comes_back_and_sees_what_happens_from_then_on() {
    let [a, b] = World::federated(["a", "b"]).await;
    let ([alice], [bob, carol]) = (a.users(["alice"]).await, b.users(["bob", "carol"]).await);
    let room = alice.creates_room().await;
    joins_via(&bob, &room, &a).await.ok();
    bob.leaves(&room).await.ok();
    waits_for_membership(&alice, &room, &bob, "leave").await;
    alice.sends(&room, "while nobody of b was there").await.ok();
    joins_via(&carol, &room, &a).await.ok();
    joins_via(&bob, &room, &a).await.ok();
    let message = alice.sends(&room, "again").await.event_id();
    bob.waits_for_event(&room, &message).await;
    carol.waits_for_event(&room, &message).await;
}

#[tokio::test]
async fn three_servers_hear_of_each_other_whoever_let_them_in() {
    let [a, b, c] = World::federated(["a", "b", "c"]).await;
    let ([alice], [bob], [carol]) =
        (a.users(["alice"]).await, b.users(["bob"]).await, c.users(["carol"]).await);
    let room = alice.creates_room().await;
    joins_via(&bob, &room, &a).await.ok();
    joins_via(&carol, &room, &b).await.ok();
    waits_for_membership(&alice, &room, &carol, "join").await;
    for (sender, readers) in [(&alice, [&bob, &carol]), (&bob, [&alice, &carol]), (&carol, [&alice, &bob])] {
        let message = sender.sends(&room, "hello all").await.event_id();
        for reader in readers {
            reader.waits_for_event(&room, &message).await;
        }
    }
}
