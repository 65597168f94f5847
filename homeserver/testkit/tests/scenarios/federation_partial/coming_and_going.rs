//! People of ours come, go and are banned while members are missing.

use http::Method;
use serde_json::json;
use testkit::{Neighbourhood, Peer, PeerRoom, segment};

use super::entered::{entered, joins, lazily_until};

#[tokio::test]
async fn others_of_the_server_come_in_and_leave_while_members_are_missing() {
    let mut meeting = entered().await;
    let room = meeting.id().to_owned();
    let bob = meeting.world.user("bob").await;
    joins(&bob, &room, &meeting.peer).await.ok();
    meeting.room = meeting.peer.hosted(&room);
    let own = bob.sends(&room, "here I am").await.event_id();
    lazily_until(&meeting.alice, &room, &own).await;
    meeting.alice.leaves(&room).await.ok();
    assert!(meeting.alice.joined_rooms().await.is_empty());
    joins(&meeting.alice, &room, &meeting.peer).await.ok();
    let again = meeting.alice.sends(&room, "again").await.event_id();
    lazily_until(&bob, &room, &again).await;
    let members = meeting.becomes_whole().await;
    assert_eq!(members["chunk"].as_array().unwrap().len(), 4, "{members}");
}

#[tokio::test]
async fn a_room_that_everybody_left_before_its_members_were_known_is_entered_again() {
    let mut meeting = entered().await;
    let room = meeting.id().to_owned();
    meeting.alice.leaves(&room).await.ok();
    joins(&meeting.alice, &room, &meeting.peer).await.ok();
    meeting.room = meeting.peer.hosted(&room);
    let charlie = meeting.charlie.clone();
    let message = meeting.says(&charlie, "welcome back").await;
    lazily_until(&meeting.alice, &room, &message).await;
    let members = meeting.becomes_whole().await;
    assert_eq!(members["chunk"].as_array().unwrap().len(), 3, "{members}");
}

#[tokio::test]
async fn who_was_invited_before_comes_in_or_declines_while_members_are_missing() {
    let neighbourhood = Neighbourhood::new(&["a", "eve"]);
    let world = neighbourhood.server("a", |_| {}).await;
    let peer = Peer::start(&neighbourhood, "eve").await;
    let [alice, bob, carol] = world.users(["alice", "bob", "carol"]).await;
    let charlie = peer.user("charlie");
    let mut room = PeerRoom::founded(&peer, &charlie, "11");
    room.adds(&peer, &charlie, "m.room.join_rules", Some(""), json!({ "join_rule": "invite" }));
    for user in [&alice, &bob, &carol] {
        let content = json!({ "membership": "invite" });
        let (id, invite) = room.adds(&peer, &charlie, "m.room.member", Some(&user.id), content);
        let path = format!("/_matrix/federation/v2/invite/{}/{}", segment(&room.room_id), segment(&id));
        let body = json!({ "room_version": "11", "event": invite, "invite_room_state": [] });
        peer.asks(&world, Method::PUT, &path, Some(body)).await.ok();
    }
    peer.hosts(&room);
    peer.holds_state(true);
    joins(&alice, &room.room_id, &peer).await.ok();
    joins(&bob, &room.room_id, &peer).await.ok();
    let hello = bob.sends(&room.room_id, "hello").await.event_id();
    lazily_until(&alice, &room.room_id, &hello).await;
    peer.holds_state(false);
    carol.leaves(&room.room_id).await.ok();
    let members = alice.reads_room(&room.room_id, "members?membership=join").await.ok();
    assert_eq!(members["chunk"].as_array().unwrap().len(), 3, "{members}");
}

#[tokio::test]
async fn a_ban_counts_while_members_are_missing() {
    let mut meeting = entered().await;
    let (charlie, alice) = (meeting.charlie.clone(), meeting.alice.id.clone());
    let content = json!({ "membership": "ban" });
    let (_, ban) = meeting.room.adds(&meeting.peer, &charlie, "m.room.member", Some(&alice), content);
    meeting.peer.sends(&meeting.world, [&ban]).await;
    let room = meeting.id().to_owned();
    let body = meeting.alice.syncs_until("the ban", |body| body["rooms"]["leave"].get(&room).is_some()).await;
    assert!(body["rooms"]["join"].get(&room).is_none());
    joins(&meeting.alice, &room, &meeting.peer).await.fails_as(403, "M_FORBIDDEN");
    meeting.peer.holds_state(false);
}
