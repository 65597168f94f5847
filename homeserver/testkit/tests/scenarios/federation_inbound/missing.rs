//! What an event stands on and was not sent is asked for, and bridged where nobody has it.

use serde_json::{Value, json};

use super::meeting::{meeting, meeting_in};

#[tokio::test]
async fn a_peers_messages_and_state_arrive_in_every_version() {
    for version in ["3", "6", "10", "11", "12"] {
        let mut meeting = meeting_in(version).await;
        let join = meeting.state_is("m.room.member", &meeting.eve).await;
        assert_eq!(join["membership"], "join", "version {version}");
        let (id, event) = meeting.branch.says(&meeting.peer, &meeting.eve, "hello");
        let outcome = meeting.peer.sends(&meeting.world, [&event]).await;
        assert_eq!(outcome["pdus"], json!({ &id: {} }), "version {version}");
        meeting.alice.waits_for_event(&meeting.room, &id).await;
        let leave = json!({ "membership": "leave" });
        let eve = meeting.eve.clone();
        let (id, event) = meeting.branch.adds(&meeting.peer, &eve, "m.room.member", Some(&eve), leave);
        meeting.peer.sends(&meeting.world, [&event]).await;
        meeting.alice.waits_for_event(&meeting.room, &id).await;
        assert_eq!(meeting.state_is("m.room.member", &eve).await["membership"], "leave");
    }
}

#[tokio::test]
async fn what_is_missing_between_is_asked_for() {
    let mut meeting = meeting().await;
    let unsent: Vec<String> =
        (0..5).map(|n| meeting.branch.says(&meeting.peer, &meeting.eve, &format!("unsent {n}")).0).collect();
    let (id, event) = meeting.branch.says(&meeting.peer, &meeting.eve, "sent");
    meeting.peer.sends(&meeting.world, [&event]).await;
    meeting.alice.waits_for_event(&meeting.room, &id).await;
    let history = meeting.alice.whole_history(&meeting.room).await;
    let ids: Vec<&str> = history.iter().filter_map(|event| event["event_id"].as_str()).collect();
    for id in &unsent {
        assert!(ids.contains(&id.as_str()), "{id} is in the timeline");
    }
    assert!(meeting.peer.asked().iter().any(|asked| asked.contains("get_missing_events")));
}

/// Some old servers, and what stands before some, answer without words of Matrix where they have no endpoint.
#[tokio::test]
async fn what_a_server_has_no_endpoint_for_is_not_waited_for() {
    let mut meeting = meeting().await;
    let (first, event_first) = meeting.branch.says(&meeting.peer, &meeting.eve, "first");
    let mut beside = meeting.branch.clone();
    let (second, event_second) = meeting.branch.says(&meeting.peer, &meeting.eve, "second");
    meeting.peer.answers("get_missing_events", 404, json!("nothing is listening here"));
    meeting.peer.sends(&meeting.world, [&event_second]).await;
    meeting.peer.waits_to_be_asked("get_missing_events").await;
    meeting.peer.sends(&meeting.world, [&event_first]).await;
    meeting.alice.waits_for_event(&meeting.room, &first).await;
    // What was put off would be looked at first.
    meeting.world.restarts().await;
    let (third, event_third) = beside.says(&meeting.peer, &meeting.eve, "third");
    meeting.peer.sends(&meeting.world, [&event_third]).await;
    meeting.alice.waits_for_event(&meeting.room, &third).await;
    assert!(!meeting.has_event(&second).await, "it was dropped, because nobody told what is before it");
    meeting.peer.sends(&meeting.world, [&event_second]).await;
    meeting.alice.waits_for_event(&meeting.room, &second).await;
}

#[tokio::test]
async fn a_gap_that_nobody_fills_is_bridged_by_the_state_behind_it_and_shown_as_a_gap() {
    let mut meeting = meeting().await;
    let lost: Vec<(String, Value)> =
        (0..3).map(|n| meeting.branch.says(&meeting.peer, &meeting.eve, &format!("lost {n}"))).collect();
    let (id, event) = meeting.branch.says(&meeting.peer, &meeting.eve, "after the gap");
    meeting.tells_only(&lost[2].1);
    meeting.peer.sends(&meeting.world, [&event]).await;
    let sync = meeting.alice.waits_for_event(&meeting.room, &id).await;
    drop(sync);
    assert!(meeting.peer.asked().iter().any(|asked| asked.contains("state_ids")));
    assert!(!meeting.has_event(&lost[0].0).await);
    // The state goes on: alice is still in the room and may speak.
    meeting.alice.sends(&meeting.room, "still here").await.ok();
    // Later the peer has it again, and who scrolls back sees it.
    meeting.tells_all();
    let history = meeting.alice.whole_history(&meeting.room).await;
    let ids: Vec<&str> = history.iter().filter_map(|event| event["event_id"].as_str()).collect();
    for (id, _) in &lost {
        assert!(ids.contains(&id.as_str()), "{id} was fetched");
    }
}

#[tokio::test]
async fn an_answer_that_cannot_be_had_now_is_asked_for_again() {
    let mut meeting = meeting().await;
    let (lost, _) = meeting.branch.says(&meeting.peer, &meeting.eve, "lost");
    let (last, event) = meeting.branch.says(&meeting.peer, &meeting.eve, "the last word");
    meeting.peer.answers("", 502, json!({ "errcode": "M_UNKNOWN", "error": "out of order" }));
    meeting.peer.sends(&meeting.world, [&event]).await;
    meeting.peer.waits_to_be_asked("get_missing_events").await;
    meeting.peer.answers_truly("");
    meeting.alice.waits_for_event(&meeting.room, &last).await;
    assert!(meeting.has_event(&lost).await);
}

#[tokio::test]
async fn an_event_whose_parent_cannot_be_read_is_left_out_and_the_next_one_comes() {
    let mut meeting = meeting().await;
    let before = meeting.branch.clone();
    let content = json!({ "msgtype": "m.text", "body": "half an event", "number": 0.5 });
    let mut bad = meeting.branch.drafts(&meeting.eve, "m.room.message", None, content);
    bad["depth"] = json!(meeting.branch.depth + 1);
    let bad_id = "$a-bad-event-that-nobody-can-read-because-of-its-number";
    meeting.peer.keeps(bad_id, &bad);
    meeting.branch.last = vec![bad_id.to_owned()];
    let (on_top, event) = meeting.branch.says(&meeting.peer, &meeting.eve, "on top of it");
    meeting.peer.sends(&meeting.world, [&event]).await;
    meeting.branch = before;
    meeting.catches_up().await;
    assert!(!meeting.has_event(&on_top).await);
    assert!(!meeting.peer.asked().iter().any(|asked| asked.contains("state_ids")));
}
