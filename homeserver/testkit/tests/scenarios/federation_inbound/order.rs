//! Where an event stands that came late, beside others or with a claim about its depth.

use serde_json::{Value, json};
use testkit::limits::LOOK_INTERVAL;
use testkit::{Peer, segment};

use super::meeting::{meeting, messages};

#[tokio::test]
async fn what_comes_late_stands_before_what_was_built_on_it() {
    let mut meeting = meeting().await;
    let late: Vec<(String, Value)> =
        (0..3).map(|n| meeting.branch.says(&meeting.peer, &meeting.eve, &format!("late {n}"))).collect();
    let (last, event) = meeting.branch.says(&meeting.peer, &meeting.eve, "built on what comes late");
    meeting.tells_only(&late[2].1);
    meeting.peer.sends(&meeting.world, [&event]).await;
    meeting.alice.waits_for_event(&meeting.room, &last).await;
    // The peer has all of it again, and sends it as if nothing had been.
    meeting.tells_all();
    for (_, event) in &late {
        meeting.peer.sends(&meeting.world, [event]).await;
    }
    meeting.catches_up().await;
    let mut expected: Vec<String> = late.into_iter().map(|(id, _)| id).collect();
    expected.push(last);
    let mut shown = messages(&meeting.alice, &meeting.room).await;
    shown.retain(|id| expected.contains(id));
    assert_eq!(shown, expected);
}

#[tokio::test]
async fn what_is_missing_before_two_gaps_comes_before_the_older_one() {
    let mut meeting = meeting().await;
    let (expected, events): (Vec<String>, Vec<Value>) =
        (0..6).map(|n| meeting.branch.says(&meeting.peer, &meeting.eve, &format!("message {n}"))).unzip();
    // The first is missing before the second, and the fourth before the fifth.
    for (told, sent) in [(1, 2), (4, 5)] {
        meeting.tells_only(&events[told]);
        meeting.peer.sends(&meeting.world, [&events[sent]]).await;
        meeting.alice.waits_for_event(&meeting.room, &expected[sent]).await;
    }
    meeting.tells_all();
    assert_eq!(messages(&meeting.alice, &meeting.room).await, expected);
}

#[tokio::test]
async fn what_comes_late_has_its_place_also_where_another_branch_has_filled_a_part_of_the_gap() {
    let mut meeting = meeting().await;
    let mut beside = meeting.branch.clone();
    beside.time_ms += 1_000;
    let (aside, aside_event) = beside.says(&meeting.peer, &meeting.eve, "on a branch of its own");
    meeting.catches_up().await;
    let (mut expected, events): (Vec<String>, Vec<Value>) =
        (0..2).map(|n| meeting.branch.says(&meeting.peer, &meeting.eve, &format!("late {n}"))).unzip();
    meeting.branch.last.push(aside.clone());
    let (joint, joint_event) = meeting.branch.says(&meeting.peer, &meeting.eve, "on both branches");
    let (last, last_event) = meeting.branch.says(&meeting.peer, &meeting.eve, "the last word");
    meeting.tells_only(&joint_event);
    meeting.peer.sends(&meeting.world, [&last_event]).await;
    meeting.alice.waits_for_event(&meeting.room, &last).await;
    // Who scrolls back gets the shallow branch only, and it stands behind the gap now.
    meeting.peer.answers(
        "backfill",
        200,
        json!({
            "origin": meeting.peer.name(), "origin_server_ts": 0, "pdus": [aside_event],
        }),
    );
    assert!(messages(&meeting.alice, &meeting.room).await.contains(&aside));
    meeting.tells_all();
    meeting.peer.sends(&meeting.world, [&events[0]]).await;
    meeting.catches_up().await;
    expected.extend([joint, last]);
    let mut shown = messages(&meeting.alice, &meeting.room).await;
    shown.retain(|id| expected.contains(id));
    assert_eq!(shown, expected);
}

#[tokio::test]
async fn what_lies_behind_a_refused_event_is_told_to_others() {
    let mut meeting = meeting().await;
    let first = meeting.alice.sends(&meeting.room, "first").await.event_id();
    meeting.branch.last = vec![first.clone()];
    let eve = meeting.eve.clone();
    let name = json!({ "name": "eve's" });
    let (refused, event) = meeting.branch.clone().adds(&meeting.peer, &eve, "m.room.name", Some(""), name);
    meeting.peer.sends(&meeting.world, [&event]).await;
    meeting.branch.last = vec![refused.clone()];
    meeting.branch.depth += 1;
    let (last, event) = meeting.branch.says(&meeting.peer, &eve, "on what was refused");
    meeting.peer.sends(&meeting.world, [&event]).await;
    meeting.alice.waits_for_event(&meeting.room, &last).await;
    assert!(!meeting.has_event(&refused).await);
    let path =
        format!("/_matrix/federation/v1/backfill/{}?limit=10&v={}", segment(&meeting.room), segment(&last));
    let told = meeting.peer.gets(&meeting.world, &path).await.ok();
    let told: Vec<String> =
        told["pdus"].as_array().unwrap().iter().map(|event| Peer::id_of("11", event)).collect();
    assert_eq!(told[..3], [last, refused, first]);
}

#[tokio::test]
async fn an_event_that_cannot_name_all_ends_has_the_state_of_those_that_it_names() {
    const BRANCHES: usize = 30;
    let meeting = meeting().await;
    let base = meeting.branch.clone();
    let own = meeting.alice.sends(&meeting.room, "before the flood").await.event_id();
    let name = json!({ "membership": "join", "displayname": "new" });
    let kind = "m.room.member";
    let (renamed, event) = base.clone().adds(&meeting.peer, &meeting.eve, kind, Some(&*meeting.eve), name);
    meeting.peer.sends(&meeting.world, [&event]).await;
    let branches: Vec<Value> = (0..BRANCHES)
        .map(|n| base.clone().says(&meeting.peer, &meeting.eve, &format!("branch {n}")).1)
        .collect();
    meeting.peer.sends_all(&meeting.world, &branches, &[]).await.ok();
    // The room is tied together where it has so many ends.
    let tie = loop {
        let told: Vec<Value> =
            meeting.peer.transactions().into_iter().flat_map(|(_, events)| events).collect();
        let tie = told.into_iter().find(|event| event["type"] == "org.matrix.dummy_event");
        if let Some(tie) = tie {
            break tie;
        }
        tokio::time::sleep(LOOK_INTERVAL).await;
    };
    let parents: Vec<String> = serde_json::from_value(tie["prev_events"].clone()).unwrap();
    assert!(parents.len() == 20 && !parents.contains(&renamed), "{parents:?}");
    assert!(parents.contains(&own), "others show what was said here in its order: {parents:?}");
    let path = format!(
        "/_matrix/federation/v1/state_ids/{}?event_id={}",
        segment(&meeting.room),
        segment(&Peer::id_of("11", &tie))
    );
    let state = meeting.peer.gets(&meeting.world, &path).await.ok();
    assert!(!state["pdu_ids"].as_array().unwrap().contains(&json!(renamed)), "its parents know no new name");
    assert_eq!(meeting.state_is(kind, &meeting.eve).await["displayname"], "new");
    let last = meeting.alice.sends(&meeting.room, "after all").await.event_id();
    let path =
        format!("/_matrix/federation/v1/state_ids/{}?event_id={}", segment(&meeting.room), segment(&last));
    let state = meeting.peer.gets(&meeting.world, &path).await.ok();
    assert!(state["pdu_ids"].as_array().unwrap().contains(&json!(renamed)));
}

#[tokio::test]
async fn history_is_ordered_by_the_graph_and_not_by_the_depth_that_is_claimed() {
    let mut meeting = meeting().await;
    let mut expected = Vec::new();
    for (number, depth) in [9_000, 7, 800, 1].into_iter().enumerate() {
        let content = json!({ "msgtype": "m.text", "body": format!("message {number}") });
        let mut event = meeting.branch.drafts(&meeting.eve, "m.room.message", None, content);
        event["depth"] = json!(depth);
        let (id, event) = meeting.peer.signs("11", event);
        meeting.branch.takes(&meeting.peer, &id, &event);
        meeting.tells_only(&event);
        expected.push(id);
    }
    let (last, event) = meeting.branch.says(&meeting.peer, &meeting.eve, "after the gap");
    meeting.peer.sends(&meeting.world, [&event]).await;
    meeting.alice.waits_for_event(&meeting.room, &last).await;
    meeting.tells_all();
    expected.push(last);
    assert_eq!(messages(&meeting.alice, &meeting.room).await, expected);
}

#[tokio::test]
async fn nobody_can_silence_a_room_by_the_greatest_depth_there_is() {
    let mut meeting = meeting().await;
    let content = json!({ "msgtype": "m.text", "body": "how deep am I?" });
    let mut event = meeting.branch.drafts(&meeting.eve, "m.room.message", None, content);
    event["depth"] = json!(9_007_199_254_740_991_u64);
    let (id, event) = meeting.peer.signs("11", event);
    meeting.peer.sends(&meeting.world, [&event]).await;
    meeting.alice.waits_for_event(&meeting.room, &id).await;
    let first = meeting.alice.sends(&meeting.room, "as deep").await.event_id();
    let second = meeting.alice.sends(&meeting.room, "and no deeper").await.event_id();
    assert_eq!(messages(&meeting.alice, &meeting.room).await, [id, first, second]);
}

#[tokio::test]
async fn two_branches_become_one_room() {
    let mut meeting = meeting().await;
    let mut other = meeting.branch.clone();
    other.time_ms += 1_000;
    let (one, first) = meeting.branch.says(&meeting.peer, &meeting.eve, "one branch");
    let (two, second) = other.says(&meeting.peer, &meeting.eve, "another branch");
    meeting.peer.sends(&meeting.world, [&first, &second]).await;
    meeting.alice.waits_for_event(&meeting.room, &two).await;
    assert!(meeting.has_event(&one).await);
    meeting.alice.sends(&meeting.room, "tied").await.ok();
    assert_eq!(meeting.state_is("m.room.member", &meeting.eve).await["membership"], "join");
}
