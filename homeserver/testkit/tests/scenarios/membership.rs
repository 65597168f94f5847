//! Joining, leaving, inviting and keeping out.

use serde_json::json;
use testkit::World;

#[tokio::test(flavor = "multi_thread")]
async fn an_invited_user_joins_and_an_uninvited_one_does_not() {
    let w = World::start().await;
    let [alice, bob, mallory] = w.users(["alice", "bob", "mallory"]).await;
    let room = alice.creates_room_with([]).await;
    mallory.joins(&room).await.fails_as(403, "M_FORBIDDEN");
    alice.invites(&room, &bob).await.ok();
    bob.joins(&room).await.ok();
    assert_eq!(bob.joined_rooms().await, [room]);
}

#[tokio::test(flavor = "multi_thread")]
async fn joining_twice_changes_nothing() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room().await;
    bob.joins(&room).await.ok();
    let length = alice.whole_history(&room).await.len();
    bob.joins(&room).await.ok();
    assert_eq!(alice.whole_history(&room).await.len(), length);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_join_carries_what_the_client_adds() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room().await;
    let body = json!({"foo": "bar", "reason": "tea", "membership": "ban", "displayname": "not mine"});
    bob.room_action(&room, "join", body).await.ok();
    let content = alice.state(&room, "m.room.member", &bob.id).await.ok();
    assert_eq!(content["membership"], "join");
    assert_eq!(content["foo"], "bar");
    assert_eq!(content["reason"], "tea");
    assert_eq!(content["displayname"], "bob");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_that_is_not_here_cannot_be_joined() {
    let w = World::start().await;
    let alice = w.user("alice").await;
    alice.joins(&format!("!{}", "A".repeat(43))).await.fails_as(404, "M_NOT_FOUND");
    alice.joins("#nowhere:test.example").await.fails_as(404, "M_NOT_FOUND");
    // The server that could know cannot be asked.
    alice.joins("!nowhere:elsewhere.test").await.expect_status(502);
    alice.joins("#nowhere:elsewhere.test").await.expect_status(502);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_cannot_be_invited_and_nobody_invites_themselves() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room_with([&bob]).await;
    alice.invites(&room, &bob).await.fails_as(403, "M_FORBIDDEN");
    alice.invites(&room, &alice).await.fails_as(403, "M_FORBIDDEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_can_be_turned_down_in_an_empty_room() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room_with([]).await;
    alice.invites(&room, &bob).await.ok();
    alice.leaves(&room).await.ok();
    bob.leaves(&room).await.ok();
    let sync = bob.syncs().await;
    assert!(sync["rooms"]["invite"].get(&room).is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kicked_user_may_come_back_and_a_banned_one_may_not() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room().await;
    bob.joins(&room).await.ok();
    bob.kicks(&alice, &room).await.fails_as(403, "M_FORBIDDEN");
    alice.kicks(&bob, &room).await.ok();
    alice.kicks(&bob, &room).await.fails_as(403, "M_FORBIDDEN");
    bob.joins(&room).await.ok();
    alice.bans(&bob, &room).await.ok();
    bob.joins(&room).await.fails_as(403, "M_FORBIDDEN");
    bob.leaves(&room).await.fails_as(403, "M_FORBIDDEN");
    alice.unbans(&bob, &room).await.ok();
    alice.unbans(&bob, &room).await.fails_as(403, "M_FORBIDDEN");
    bob.joins(&room).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_banned_user_cannot_rejoin_through_an_old_invite() {
    let w = World::start().await;
    let [alice, mallory] = w.users(["alice", "mallory"]).await;
    let room = alice.creates_room_with([]).await;
    alice.invites(&room, &mallory).await.ok();
    alice.bans(&mallory, &room).await.ok();
    mallory.joins(&room).await.fails_as(403, "M_FORBIDDEN");
    alice.invites(&room, &mallory).await.fails_as(403, "M_FORBIDDEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_never_was_in_the_room_cannot_leave_act_or_be_kicked() {
    let w = World::start().await;
    let [alice, bob, carol] = w.users(["alice", "bob", "carol"]).await;
    let room = alice.creates_room().await;
    bob.leaves(&room).await.fails_as(403, "M_FORBIDDEN");
    bob.bans(&alice, &room).await.fails_as(403, "M_FORBIDDEN");
    bob.invites(&room, &carol).await.fails_as(403, "M_FORBIDDEN");
    alice.kicks(&bob, &room).await.fails_as(403, "M_FORBIDDEN");
    bob.bans(&alice, "!nowhere:elsewhere.test").await.fails_as(403, "M_FORBIDDEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_is_forgotten_only_after_it_was_left() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room().await;
    bob.joins(&room).await.ok();
    alice.forgets(&room).await.fails_as(400, "M_UNKNOWN");
    alice.leaves(&room).await.ok();
    alice.forgets(&room).await.ok();
    alice.forgets(&room).await.ok();
    alice.messages(&room, "dir=b").await.fails_as(403, "M_FORBIDDEN");
    alice.joins(&room).await.ok();
    alice.messages(&room, "dir=b").await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_knock_is_answered_taken_back_or_refused() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let closed = alice.creates_room_with([]).await;
    bob.knocks(&closed).await.fails_as(403, "M_FORBIDDEN");
    let rules = json!([{"type": "m.room.join_rules", "content": {"join_rule": "knock"}}]);
    for version in ["7", "11", "12"] {
        let body = json!({"initial_state": rules, "room_version": version});
        let room = alice.creates_room_like(body).await.room_id();
        bob.joins(&room).await.fails_as(403, "M_FORBIDDEN");
        bob.knocks(&room).await.ok();
        bob.knocks(&room).await.ok();
        bob.leaves(&room).await.ok();
        bob.knocks(&room).await.ok();
        alice.kicks(&bob, &room).await.ok();
        bob.knocks(&room).await.ok();
        alice.invites(&room, &bob).await.ok();
        bob.knocks(&room).await.fails_as(403, "M_FORBIDDEN");
        bob.joins(&room).await.ok();
        bob.knocks(&room).await.fails_as(403, "M_FORBIDDEN");
        alice.bans(&bob, &room).await.ok();
        bob.knocks(&room).await.fails_as(403, "M_FORBIDDEN");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restricted_room_lets_in_members_of_the_other_room() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    for (version, rule) in [("8", "restricted"), ("10", "knock_restricted"), ("12", "restricted")] {
        let hall = alice.creates_room().await;
        let allow = json!([{"type": "m.room_membership", "room_id": hall}, "junk", {"type": "other"}]);
        let rules = json!({"join_rule": rule, "allow": allow});
        let initial = json!([{"type": "m.room.join_rules", "content": rules}]);
        let body = json!({"room_version": version, "initial_state": initial});
        let room = alice.creates_room_like(body).await.room_id();
        bob.joins(&room).await.fails_as(403, "M_FORBIDDEN");
        bob.joins(&hall).await.ok();
        bob.joins(&room).await.ok();
        let content = alice.state(&room, "m.room.member", &bob.id).await.ok();
        assert_eq!(content["join_authorised_via_users_server"], alice.id.as_str(), "version {version}");
        let again =
            json!({"membership": "join", "displayname": "B", "join_authorised_via_users_server": "x"});
        bob.sets_state(&room, "m.room.member", &bob.id, again).await.ok();
        bob.leaves(&room).await.ok();
        bob.leaves(&hall).await.ok();
        bob.joins(&room).await.fails_as(403, "M_FORBIDDEN");
        alice.invites(&room, &bob).await.ok();
        bob.joins(&room).await.ok();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn when_nobody_may_let_in_the_error_says_so() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let hall = alice.creates_room().await;
    bob.joins(&hall).await.ok();
    let rules = json!({"join_rule": "restricted", "allow": [{"type": "m.room_membership", "room_id": hall}]});
    let body = json!({
        "room_version": "11",
        "initial_state": [{"type": "m.room.join_rules", "content": rules}],
    });
    let room = alice.creates_room_like(body).await.room_id();
    alice.leaves(&room).await.ok();
    bob.joins(&room).await.fails_as(400, "M_UNABLE_TO_GRANT_JOIN");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_name_is_shown_in_every_room() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let (one, two) = (alice.creates_room().await, alice.creates_room().await);
    bob.joins(&one).await.ok();
    bob.joins(&two).await.ok();
    bob.sets_displayname("Robert").await.ok();
    for room in [&one, &two] {
        assert_eq!(alice.state(room, "m.room.member", &bob.id).await.ok()["displayname"], "Robert");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_join_and_a_ban_at_once_end_in_one_of_the_two() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    for _ in 0..5 {
        let room = alice.creates_room().await;
        let (mut joined, banned) = tokio::join!(bob.joins(&room), alice.bans(&bob, &room));
        banned.ok();
        assert!([200, 403].contains(&joined.status()));
        let content = alice.state(&room, "m.room.member", &bob.id).await.ok();
        assert_eq!(content["membership"], "ban");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_room_is_told_once_as_left_and_never_again() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room_with([&bob]).await;
    bob.syncs().await;
    bob.leaves(&room).await.ok();
    bob.forgets(&room).await.ok();
    let sync = bob.syncs().await;
    assert!(sync["rooms"]["leave"].get(&room).is_some());
    let sync = bob.syncs_with("timeout=0").await;
    assert!(sync["rooms"]["leave"].get(&room).is_none());
    let initial = bob.on_another_device().await.syncs_with("timeout=0").await;
    for section in ["join", "invite", "leave"] {
        assert!(initial["rooms"][section].get(&room).is_none(), "{section}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_join_by_state_event_finds_who_vouches_for_it() {
    let w = World::start().await;
    let [alice, bob, carol] = w.users(["alice", "bob", "carol"]).await;
    let club = alice.creates_room().await;
    bob.joins(&club).await.ok();
    let rule = json!({
        "join_rule": "restricted",
        "allow": [{"type": "m.room_membership", "room_id": club}],
    });
    let rule = json!({"type": "m.room.join_rules", "state_key": "", "content": rule});
    let room = alice.creates_room_like(json!({"initial_state": [rule]})).await.room_id();
    let join = json!({"membership": "join", "join_authorised_via_users_server": "@nobody:other.test"});
    bob.sets_state(&room, "m.room.member", &bob.id, join.clone()).await.ok();
    let member = alice.state(&room, "m.room.member", &bob.id).await.ok();
    assert_eq!(member["join_authorised_via_users_server"], alice.id.as_str());
    carol.sets_state(&room, "m.room.member", &carol.id, join).await.fails_as(403, "M_FORBIDDEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn t10_odd_state_of_a_room_breaks_no_sync_of_whom_it_invites() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room().await;
    for (kind, content) in [
        ("m.room.name", json!({"name": {"not": ["a", "name"]}})),
        ("m.room.avatar", json!({"url": 7, "info": null})),
        ("m.room.topic", json!({"topic": [], "m.topic": "?"})),
        ("m.room.encryption", json!({"algorithm": {}})),
        ("m.room.join_rules", json!({"join_rule": "invite", "allow": "everybody"})),
    ] {
        alice.sets_state(&room, kind, "", content).await.ok();
    }
    alice.room_action(&room, "invite", json!({"user_id": bob.id, "reason": "\u{202e}odd"})).await.ok();
    let answer = bob.syncs().await;
    let shown = answer["rooms"]["invite"][&room]["invite_state"]["events"].as_array().unwrap();
    assert!(shown.iter().all(|event| event["type"].is_string() && event["content"].is_object()));
    let list = json!({"ranges": [[0, 9]], "timeline_limit": 1, "required_state": [["*", "*"]]});
    let path = "/_matrix/client/unstable/org.matrix.simplified_msc3575/sync?timeout=0";
    let sliding = bob.post(path, json!({"lists": {"all": list}})).await.ok();
    assert!(sliding["rooms"][&room]["invite_state"].is_array(), "{sliding}");
    bob.joins(&room).await.ok();
    assert!(bob.syncs().await["rooms"]["join"].get(&room).is_some());
    bob.post(path, json!({"lists": {"all": list}})).await.ok();
}
