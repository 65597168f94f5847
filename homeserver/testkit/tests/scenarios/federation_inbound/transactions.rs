//! Transactions that are repeated, and the ephemeral messages in them.

use serde_json::{Value, json};

use super::meeting::meeting;

#[tokio::test]
async fn t35_a_repeated_transaction_is_answered_again_and_changes_nothing() {
    let mut meeting = meeting().await;
    let (id, event) = meeting.branch.says(&meeting.peer, &meeting.eve, "once");
    let events = [event];
    let first = meeting.peer.sends_as(&meeting.world, "same", &events, &[]).await.ok();
    let again = meeting.peer.sends_as(&meeting.world, "same", &[], &[]).await.ok();
    assert_eq!(first, again);
    // The same event under another id.
    meeting.peer.sends_as(&meeting.world, "other", &events, &[]).await.ok();
    meeting.catches_up().await;
    let history = meeting.alice.whole_history(&meeting.room).await;
    assert_eq!(history.iter().filter(|event| event["event_id"] == id.as_str()).count(), 1);
    let many = vec![events[0].clone(); 51];
    meeting.peer.sends_as(&meeting.world, "many", &many, &[]).await.expect_status(400);
    let edus = vec![json!({ "edu_type": "m.typing", "content": {} }); 101];
    meeting.peer.sends_as(&meeting.world, "loud", &[], &edus).await.expect_status(400);
}

#[tokio::test]
async fn typing_receipts_and_presence_of_a_peers_user_are_seen_and_of_others_not() {
    let meeting = meeting().await;
    let (eve, room) = (meeting.eve.clone(), meeting.room.clone());
    let last = meeting.alice.sends(&room, "read me").await.event_id();
    for user in [&meeting.alice.id, &eve] {
        let typing = json!({ "room_id": room, "user_id": user, "typing": true });
        meeting.peer.sends_edu(&meeting.world, "m.typing", typing).await;
        let receipt = json!({ &room: { "m.read": { user: { "data": { "ts": 1 }, "event_ids": [last] } } } });
        meeting.peer.sends_edu(&meeting.world, "m.receipt", receipt).await;
    }
    let presence = json!({ "push": [{
        "user_id": eve, "presence": "online", "last_active_ago": 5, "status_msg": "here",
    }] });
    meeting.peer.sends_edu(&meeting.world, "m.presence", presence).await;
    let (mut typing, mut read, mut present) = (false, false, false);
    let join = format!("/rooms/join/{}", room.replace('/', "~1"));
    meeting
        .alice
        .syncs_until("typing, receipt and presence of eve", |sync| {
            let events = sync.pointer(&format!("{join}/ephemeral/events")).and_then(Value::as_array);
            for event in events.into_iter().flatten() {
                if event["type"] == "m.typing" {
                    assert!(
                        !event["content"]["user_ids"].as_array().unwrap().contains(&json!(meeting.alice.id))
                    );
                    typing |= event["content"]["user_ids"].as_array().unwrap().contains(&json!(eve));
                }
                read |= event["type"] == "m.receipt" && event["content"][&last]["m.read"][&eve].is_object();
            }
            let people = sync["presence"]["events"].as_array().into_iter().flatten();
            present |= people
                .into_iter()
                .any(|event| event["sender"] == eve.as_str() && event["content"]["status_msg"] == "here");
            typing && read && present
        })
        .await;
}

#[tokio::test]
async fn t25_messages_to_devices_come_once_and_only_to_devices_that_exist() {
    let meeting = meeting().await;
    let message = |id: &str, sender: &str| {
        json!({
            "sender": sender, "type": "m.test", "message_id": id,
            "messages": { &meeting.alice.id: { &meeting.alice.device_id: { "n": id }, "NOSUCH": { "n": id } } },
        })
    };
    for (id, sender) in
        [("1", &meeting.eve), ("1", &meeting.eve), ("0", &meeting.alice.id), ("2", &meeting.eve)]
    {
        meeting.peer.sends_edu(&meeting.world, "m.direct_to_device", message(id, sender)).await;
    }
    let mut seen = Vec::new();
    meeting
        .alice
        .syncs_until("both messages", |sync| {
            let events = sync["to_device"]["events"].as_array().into_iter().flatten();
            seen.extend(events.map(|event| event["content"]["n"].clone()));
            seen.contains(&json!("2"))
        })
        .await;
    assert_eq!(seen, [json!("1"), json!("2")]);
}

#[tokio::test]
async fn changed_devices_of_a_peers_user_are_told_to_those_who_share_a_room() {
    let meeting = meeting().await;
    let update = json!({ "user_id": meeting.eve, "device_id": "NEW", "stream_id": 1, "prev_id": [] });
    meeting.alice.syncs().await;
    meeting.peer.sends_edu(&meeting.world, "m.device_list_update", update).await;
    meeting
        .alice
        .syncs_until("eve's devices changed", |sync| {
            let changed = sync["device_lists"]["changed"].as_array();
            changed.is_some_and(|users| users.contains(&json!(meeting.eve)))
        })
        .await;
}

#[tokio::test]
async fn a_receipt_that_comes_before_its_event_counts_when_the_event_is_there() {
    let mut meeting = meeting().await;
    let (id, event) = meeting.branch.says(&meeting.peer, &meeting.eve, "read by myself");
    let receipt = json!({
        &meeting.room: { "m.read": { &meeting.eve: { "event_ids": [&id], "data": { "ts": 1 } } } },
    });
    meeting.peer.sends_edu(&meeting.world, "m.receipt", receipt).await;
    meeting.peer.sends(&meeting.world, [&event]).await;
    meeting
        .alice
        .syncs_until("eve's receipt", |body| {
            let events = &body["rooms"]["join"][&meeting.room]["ephemeral"]["events"];
            let events = events.as_array().into_iter().flatten();
            events.clone().any(|event| event["content"][&id]["m.read"][&meeting.eve].is_object())
        })
        .await;
}
