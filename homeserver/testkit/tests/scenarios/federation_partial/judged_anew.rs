//! What was judged by a part of the state is judged anew by the whole.

use serde_json::json;

use super::entered::{entered, entered_after_derek_left, lazily_until};

#[tokio::test]
async fn state_that_was_accepted_wrongly_is_taken_back() {
    let (mut meeting, stay) = entered_after_derek_left().await;
    let (bad, event) = meeting.derek_claims(&stay, "m.room.test", "", json!({ "body": "mine" }));
    meeting.peer.sends(&meeting.world, [&event]).await;
    lazily_until(&meeting.alice, meeting.id(), &bad).await;
    let charlie = meeting.charlie.clone();
    let good = meeting.says(&charlie, "hello").await;
    lazily_until(&meeting.alice, meeting.id(), &good).await;
    meeting.becomes_whole().await;
    assert!(!meeting.has(&bad).await, "derek was not in the room");
    assert!(meeting.has(&good).await);
    meeting.alice.state(meeting.id(), "m.room.test", "").await.fails_as(404, "M_NOT_FOUND");
    assert_eq!(meeting.told_state_at(&good).await, meeting.own_state());
}

#[tokio::test]
async fn who_was_banned_does_not_speak_from_before_the_ban_while_members_are_missing() {
    let mut meeting = entered().await;
    let (charlie, derek) = (meeting.charlie.clone(), meeting.derek.clone());
    let mut before = meeting.room.clone();
    let ban = json!({ "membership": "ban" });
    let (ban, event) = meeting.room.adds(&meeting.peer, &charlie, "m.room.member", Some(&derek), ban);
    meeting.peer.sends(&meeting.world, [&event]).await;
    lazily_until(&meeting.alice, meeting.id(), &ban).await;
    let (late, event) = before.says(&meeting.peer, &derek, "I was here before");
    meeting.peer.sends(&meeting.world, [&event]).await;
    let good = meeting.says(&charlie, "hello").await;
    lazily_until(&meeting.alice, meeting.id(), &good).await;
    meeting.becomes_whole().await;
    assert!(!meeting.has(&late).await, "what came after the ban is not shown");
    assert!(meeting.has(&ban).await && meeting.has(&good).await);
    let sent = meeting.alice.sends(meeting.id(), "who is there?").await.event_id();
    assert_eq!(meeting.told_state_at(&sent).await, {
        let mut state = meeting.own_state();
        state.sort();
        state
    });
}

#[tokio::test]
async fn what_was_rejected_wrongly_is_allowed_after_all() {
    let (mut meeting, stay) = entered_after_derek_left().await;
    let elsie = meeting.peer.user("elsie");
    let (kick, event) =
        meeting.derek_claims(&stay, "m.room.member", &elsie, json!({ "membership": "leave" }));
    meeting.peer.sends(&meeting.world, [&event]).await;
    let (state, event) =
        meeting.room.adds(&meeting.peer, &elsie, "m.room.test", Some(""), json!({ "body": "x" }));
    meeting.peer.sends(&meeting.world, [&event]).await;
    let charlie = meeting.charlie.clone();
    let last = meeting.says(&charlie, "hello").await;
    lazily_until(&meeting.alice, meeting.id(), &last).await;
    assert!(meeting.has(&kick).await && !meeting.has(&state).await);
    meeting.becomes_whole().await;
    assert!(!meeting.has(&kick).await && meeting.has(&state).await);
    assert_eq!(meeting.alice.state(meeting.id(), "m.room.test", "").await.ok()["body"], "x");
    assert_eq!(meeting.told_state_at(&last).await, meeting.own_state());
}
