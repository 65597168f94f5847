//! What is not allowed stays out, and who may not know learns nothing.

use http::Method;
use serde_json::json;
use testkit::segment;

use super::meeting::meeting;

#[tokio::test]
async fn t06_a_rejected_event_never_gets_into_the_state_also_not_after_a_restart() {
    let mut meeting = meeting().await;
    let name = json!({ "name": "eve's room" });
    let draft = meeting.branch.drafts(&meeting.eve, "m.room.name", Some(""), name);
    let (forged, event) = meeting.peer.signs("11", draft);
    meeting.peer.keeps(&forged, &event);
    let outcome = meeting.peer.sends(&meeting.world, [&event]).await;
    assert_eq!(outcome["pdus"][&forged], json!({}), "accepted to be looked at");
    // An event that names the rejected one as its authority is rejected too.
    let mut draft = meeting.branch.drafts(&meeting.eve, "m.room.message", None, json!({ "body": "x" }));
    draft["auth_events"].as_array_mut().unwrap().push(json!(forged));
    let (on_top, event) = meeting.peer.signs("11", draft);
    meeting.peer.sends(&meeting.world, [&event]).await;
    meeting.catches_up().await;
    assert!(!meeting.has_event(&forged).await && !meeting.has_event(&on_top).await);
    meeting.alice.state(&meeting.room, "m.room.name", "").await.fails_with("M_NOT_FOUND");
    meeting.world.restarts().await;
    meeting.alice.state(&meeting.room, "m.room.name", "").await.fails_with("M_NOT_FOUND");
    assert!(!meeting.has_event(&forged).await);
}

#[tokio::test]
async fn who_was_banned_cannot_speak_from_before_the_ban() {
    let mut meeting = meeting().await;
    let banned = json!({ "user_id": meeting.eve });
    let mut old = meeting.branch.clone();
    meeting.alice.room_action(&meeting.room, "ban", banned).await.ok();
    let (late, event) = old.says(&meeting.peer, &meeting.eve, "I was here before");
    meeting.peer.sends(&meeting.world, [&event]).await;
    // A second user of the peer shows when everything before is worked off.
    meeting.branch = meeting.peer.joins(&meeting.world, &meeting.room, "mallory").await;
    meeting.eve = meeting.peer.user("mallory");
    meeting.catches_up().await;
    assert!(!meeting.has_event(&late).await);
    assert_eq!(meeting.state_is("m.room.member", &meeting.peer.user("eve")).await["membership"], "ban");
}

#[tokio::test]
async fn a_forged_event_of_somebody_else_is_dropped() {
    let mut meeting = meeting().await;
    let draft =
        meeting.branch.drafts(&meeting.alice.id, "m.room.message", None, json!({ "body": "I am alice" }));
    let (forged, event) = meeting.peer.signs("11", draft);
    meeting.peer.sends(&meeting.world, [&event]).await;
    meeting.catches_up().await;
    assert!(!meeting.has_event(&forged).await);
}

#[tokio::test]
async fn t04_an_event_of_another_room_looks_exactly_like_an_unknown_one() {
    let meeting = meeting().await;
    let secret = meeting.alice.creates_room().await;
    let hidden = meeting.alice.sends(&secret, "secret").await.event_id();
    let unknown = "$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    let room = segment(&meeting.room);
    for path in [
        |room: &str, event: &str| format!("/_matrix/federation/v1/state/{room}?event_id={event}"),
        |room: &str, event: &str| format!("/_matrix/federation/v1/state_ids/{room}?event_id={event}"),
        |room: &str, event: &str| format!("/_matrix/federation/v1/event_auth/{room}/{event}"),
        |_: &str, event: &str| format!("/_matrix/federation/v1/event/{event}"),
    ] {
        let mut answers = Vec::new();
        for event in [hidden.as_str(), unknown] {
            let mut answer = meeting.peer.gets(&meeting.world, &path(&room, &segment(event))).await;
            answers.push((answer.status(), answer.body().clone()));
        }
        assert_eq!(answers[0], answers[1], "{}", path(&room, "x"));
        assert_eq!(answers[0].0, 404);
    }
}

#[tokio::test]
async fn t05_a_server_that_is_not_in_the_room_or_shut_out_of_it_learns_nothing() {
    let mut meeting = meeting().await;
    let private = meeting.alice.creates_room().await;
    let inside = meeting.alice.sends(&private, "inside").await.event_id();
    let seen = meeting.alice.sends(&meeting.room, "seen").await.event_id();
    let paths = |room: &str, event: &str| {
        let (room, event) = (segment(room), segment(event));
        [
            format!("/_matrix/federation/v1/state/{room}?event_id={event}"),
            format!("/_matrix/federation/v1/state_ids/{room}?event_id={event}"),
            format!("/_matrix/federation/v1/backfill/{room}?v={event}&limit=10"),
            format!("/_matrix/federation/v1/event_auth/{room}/{event}"),
            format!("/_matrix/federation/v1/timestamp_to_event/{room}?ts=0&dir=f"),
        ]
    };
    for path in paths(&private, &inside) {
        meeting.peer.gets(&meeting.world, &path).await.fails_as(403, "M_FORBIDDEN");
    }
    for path in paths(&meeting.room, &seen) {
        meeting.peer.gets(&meeting.world, &path).await.ok();
    }
    let acl = json!({ "allow": ["*"], "deny": ["EVE.test"] });
    meeting.alice.sets_state(&meeting.room, "m.room.server_acl", "", acl).await.ok();
    for path in paths(&meeting.room, &seen) {
        meeting.peer.gets(&meeting.world, &path).await.fails_as(403, "M_FORBIDDEN");
    }
    let missing = format!("/_matrix/federation/v1/get_missing_events/{}", segment(&meeting.room));
    let body = json!({ "earliest_events": [], "latest_events": [seen], "limit": 10 });
    meeting.peer.asks(&meeting.world, Method::POST, &missing, Some(body)).await.fails_as(403, "M_FORBIDDEN");
    let (id, event) = meeting.branch.says(&meeting.peer, &meeting.eve, "shut out");
    let outcome = meeting.peer.sends(&meeting.world, [&event]).await;
    assert!(outcome["pdus"][&id]["error"].is_string());
}

#[tokio::test]
async fn history_is_given_to_servers_in_the_room_and_redacted_where_their_users_could_not_see_it() {
    let meeting = meeting().await;
    let visibility = json!({ "history_visibility": "joined" });
    meeting.alice.sets_state(&meeting.room, "m.room.history_visibility", "", visibility).await.ok();
    let shown = meeting.alice.sends(&meeting.room, "shown").await.event_id();
    let path = format!("/_matrix/federation/v1/event/{}", segment(&shown));
    assert_eq!(meeting.peer.gets(&meeting.world, &path).await.ok()["pdus"][0]["content"]["body"], "shown");
    let room = segment(&meeting.room);
    let path = format!("/_matrix/federation/v1/backfill/{room}?v={}&limit=100", segment(&shown));
    let page = meeting.peer.gets(&meeting.world, &path).await.ok();
    let kinds: Vec<&str> =
        page["pdus"].as_array().unwrap().iter().filter_map(|pdu| pdu["type"].as_str()).collect();
    assert!(kinds.contains(&"m.room.create") && kinds.len() > 5, "{kinds:?}");
    assert!(page["pdus"][0].get("unsigned").is_none());
    let state = format!("/_matrix/federation/v1/state_ids/{room}?event_id={}", segment(&shown));
    let ids = meeting.peer.gets(&meeting.world, &state).await.ok();
    assert!(ids["pdu_ids"].as_array().unwrap().len() > 5 && ids["auth_chain_ids"].is_array());
}

/// What an administrator could type somewhere, in many disguises.
fn commands(victim: &str) -> Vec<String> {
    let plain = [
        format!("!admin users deactivate {victim}"),
        format!("!lianqiao user lock {victim}"),
        format!("/deactivate {victim}"),
        format!("@root: !admin users make-admin {victim}"),
    ];
    plain.iter().flat_map(|text| [text.clone(), format!("\\{text}"), format!("```\n{text}\n```")]).collect()
}

#[tokio::test]
async fn t26_what_looks_like_an_administrators_command_in_a_room_is_nothing_but_text() {
    const AUDIT: &str = "/_lianqiao/admin/v1/audit?limit=100";
    let mut meeting = meeting().await;
    let root = meeting.world.administrator("root").await;
    root.joins(&meeting.room).await.ok();
    let victim = meeting.alice.id.clone();
    let before = root.get(AUDIT).await.ok()["entries"].clone();
    let mut last = String::new();
    for text in commands(&victim) {
        root.sends(&meeting.room, &text).await.ok();
        let harmless = root.sends(&meeting.room, "nothing").await.event_id();
        root.edits(&meeting.room, &harmless, &text).await.ok();
        let (said, event) = meeting.branch.says(&meeting.peer, &meeting.eve, &text);
        meeting.peer.sends(&meeting.world, [&event]).await;
        let content = json!({
            "msgtype": "m.text", "body": format!("* {text}"), "m.new_content": { "msgtype": "m.text", "body": text },
            "m.relates_to": { "rel_type": "m.replace", "event_id": said },
        });
        let (id, edit) =
            meeting.branch.adds(&meeting.peer, &meeting.eve.clone(), "m.room.message", None, content);
        meeting.peer.sends(&meeting.world, [&edit]).await;
        last = id;
    }
    meeting.alice.waits_for_event(&meeting.room, &last).await;
    assert_eq!(root.get(AUDIT).await.ok()["entries"], before, "nobody acted");
    meeting.alice.get("/_matrix/client/v3/account/whoami").await.ok();
    let path = format!("/_synapse/admin/v2/users/{}", segment(&victim));
    let user = root.get(&path).await.ok();
    assert_eq!((&user["admin"], &user["deactivated"]), (&json!(false), &json!(false)), "{user}");
}
