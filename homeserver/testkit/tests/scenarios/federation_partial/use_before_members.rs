//! The room is used at once, and what needs all members waits.

use http::Method;
use serde_json::json;
use testkit::{World, segment};

use super::entered::{entered, lazily, lazily_until, members_in};

#[tokio::test]
async fn a_room_is_used_before_its_members_are_known() {
    let mut meeting = entered().await;
    let room = meeting.id().to_owned();
    let eager = meeting.alice.syncs().await;
    assert!(eager["rooms"]["join"].get(&room).is_none(), "who wants all members is not shown a part of them");
    let shown = lazily(&meeting.alice, None).await;
    assert_eq!(members_in(&shown["rooms"]["join"][&room]), [meeting.alice.id.clone()]);
    let own = meeting.alice.sends(&room, "hello").await.event_id();
    meeting.peer.waits_to_receive(&own).await;
    let derek = meeting.derek.clone();
    let heard = meeting.says(&derek, "welcome").await;
    let (part, token) = lazily_until(&meeting.alice, &room, &heard).await;
    assert!(members_in(&part).contains(&derek), "{part}");
    let members = meeting.becomes_whole().await;
    assert_eq!(members["chunk"].as_array().unwrap().len(), 3, "{members}");
    let body = meeting.alice.syncs_until("the room", |body| body["rooms"]["join"].get(&room).is_some()).await;
    let mut known = members_in(&body["rooms"]["join"][&room]);
    known.sort();
    known.dedup();
    let mut expected = vec![meeting.alice.id.clone(), meeting.charlie.clone(), derek];
    expected.sort();
    assert_eq!(known, expected);
    // The other client is told of nobody whom it does not need, and how many there are.
    let later = lazily(&meeting.alice, Some(&token)).await;
    let part = &later["rooms"]["join"][&room];
    assert!(!members_in(part).contains(&meeting.charlie), "{part}");
    assert_eq!(part["summary"]["m.joined_member_count"], 3, "{part}");
}

#[tokio::test]
async fn who_wants_all_members_is_woken_when_they_are_known() {
    let meeting = entered().await;
    meeting.alice.syncs().await;
    let waiting =
        meeting.alice.syncs_until("the room", |body| body["rooms"]["join"].get(meeting.id()).is_some());
    let released = async { meeting.peer.holds_state(false) };
    let (body, ()) = tokio::join!(waiting, released);
    assert!(members_in(&body["rooms"]["join"][meeting.id()]).contains(&meeting.charlie));
}

#[tokio::test]
async fn questions_for_all_members_wait_until_they_are_known() {
    let meeting = entered().await;
    let charlies = format!("state/m.room.member/{}", segment(&meeting.charlie));
    for what in ["members", "joined_members", "state", &charlies] {
        let mut waiting = Box::pin(meeting.alice.reads_room(meeting.id(), what));
        let patience = std::time::Duration::from_millis(200);
        assert!(tokio::time::timeout(patience, &mut waiting).await.is_err(), "{what} was answered");
    }
    let levels = meeting.alice.state(meeting.id(), "m.room.power_levels", "").await.ok();
    assert_eq!(levels["users"][&meeting.charlie], 100);
    meeting.becomes_whole().await;
    let joined = meeting.alice.reads_room(meeting.id(), "joined_members").await.ok();
    assert_eq!(joined["joined"].as_object().unwrap().len(), 3);
    let charlie = meeting.alice.state(meeting.id(), "m.room.member", &meeting.charlie).await.ok();
    assert_eq!(charlie["membership"], "join");
}

#[tokio::test]
async fn members_go_on_arriving_after_a_restart() {
    let mut meeting = entered().await;
    let room = meeting.id().to_owned();
    let charlie = meeting.charlie.clone();
    let before = meeting.says(&charlie, "before").await;
    lazily_until(&meeting.alice, &room, &before).await;
    meeting.world.restarts().await;
    let eager = meeting.alice.syncs().await;
    assert!(eager["rooms"]["join"].get(&room).is_none());
    let after = meeting.says(&charlie, "after").await;
    lazily_until(&meeting.alice, &room, &after).await;
    let members = meeting.becomes_whole().await;
    assert_eq!(members["chunk"].as_array().unwrap().len(), 3);
    assert_eq!(meeting.told_state_at(&after).await, meeting.own_state());
    meeting.world.restarts().await;
    let members = meeting.alice.reads_room(&room, "members").await.ok();
    assert_eq!(members["chunk"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn while_members_are_missing_nobody_else_is_let_in_and_the_state_is_not_told() {
    let mut meeting = entered().await;
    let (user, charlie) = (meeting.peer.user("elsie"), meeting.charlie.clone());
    let event = meeting.says(&charlie, "hello").await;
    lazily_until(&meeting.alice, meeting.id(), &event).await;
    meeting.asked_for_state_at(&event).await.fails_as(403, "M_FORBIDDEN");
    for kind in ["join", "knock", "leave"] {
        let (room, user) = (segment(meeting.id()), segment(&user));
        let path = format!("/_matrix/federation/v1/make_{kind}/{room}/{user}?ver=11");
        meeting.peer.gets(&meeting.world, &path).await.fails_as(404, "M_NOT_FOUND");
    }
    let draft = meeting.room.drafts(&user, "m.room.member", Some(&user), json!({ "membership": "join" }));
    let (id, join) = meeting.peer.signs("11", draft);
    let path = format!("/_matrix/federation/v2/send_join/{}/{}", segment(meeting.id()), segment(&id));
    let sent = meeting.peer.asks(&meeting.world, Method::PUT, &path, Some(join)).await;
    sent.fails_as(404, "M_NOT_FOUND");
    meeting.becomes_whole().await;
    assert_eq!(meeting.told_state_at(&event).await, meeting.own_state());
}

#[tokio::test]
async fn an_alias_names_the_servers_that_were_told_with_the_join() {
    let meeting = entered().await;
    let alias = format!("#here:{}", meeting.world.server_name());
    meeting.alice.publishes_alias(&alias, meeting.id()).await.ok();
    let path = format!("/_matrix/client/v3/directory/room/{}", segment(&alias));
    let found = meeting.alice.get(&path).await.ok();
    let servers = found["servers"].as_array().unwrap();
    assert!(servers.contains(&json!(meeting.peer.name())), "{found}");
    assert!(servers.contains(&json!(meeting.world.server_name())), "{found}");
    meeting.becomes_whole().await;
}

#[tokio::test]
async fn users_who_are_not_known_yet_are_heard_typing() {
    let meeting = entered().await;
    let content = json!({ "room_id": meeting.id(), "user_id": meeting.derek, "typing": true });
    meeting.peer.sends_edu(&meeting.world, "m.typing", content).await;
    let body = lazily(&meeting.alice, None).await;
    let ephemeral = &body["rooms"]["join"][meeting.id()]["ephemeral"]["events"];
    assert_eq!(ephemeral[0]["content"]["user_ids"], json!([meeting.derek]), "{body}");
    meeting.becomes_whole().await;
}

#[tokio::test]
async fn rooms_become_whole_between_two_servers() {
    let [a, b] = World::federated(["a", "b"]).await;
    let ([alice, anna], [bob]) = (a.users(["alice", "anna"]).await, b.users(["bob"]).await);
    for version in ["1", "6", "11", "12"] {
        let body = json!({ "preset": "public_chat", "room_version": version });
        let room = alice.creates_room_like(body).await.room_id();
        anna.joins(&room).await.ok();
        let path = format!("/_matrix/client/v3/join/{}?via={}", segment(&room), segment(&a.server_name()));
        bob.post(&path, json!({})).await.ok();
        let members = bob.reads_room(&room, "members").await.ok();
        assert_eq!(members["chunk"].as_array().unwrap().len(), 3, "version {version}");
        let body = bob.waits_to_have_joined(&room).await;
        assert!(members_in(&body).contains(&anna.id), "version {version}: {body}");
        let hello = bob.sends(&room, "hello").await.event_id();
        anna.waits_for_event(&room, &hello).await;
    }
}

#[tokio::test]
async fn the_directories_know_everybody_when_the_room_is_whole() {
    let meeting = entered().await;
    let root = meeting.world.administrator("root").await;
    let entry = format!("/_matrix/client/v3/directory/list/room/{}", segment(meeting.id()));
    root.put(&entry, json!({ "visibility": "public" })).await.ok();
    let found = async |term: &str| {
        let body = json!({ "search_term": term });
        let answer = root.post("/_matrix/client/v3/user_directory/search", body).await.ok();
        answer["results"].as_array().unwrap().iter().map(|user| user["user_id"].clone()).collect::<Vec<_>>()
    };
    let joined = async || root.get("/_matrix/client/v3/publicRooms").await.ok()["chunk"][0].clone();
    assert_eq!(joined().await["num_joined_members"], 1);
    assert_eq!(found("alice").await, [json!(meeting.alice.id)], "who is in a room that anybody may enter");
    assert_eq!(found("derek").await, [json!(null); 0]);
    meeting.becomes_whole().await;
    assert_eq!(joined().await["num_joined_members"], 3);
    assert_eq!(found("derek").await, [json!(meeting.derek)]);
}
