//! Messages that somebody passed on together.

use bridge_api::{Arrival, Happened};
use serde_json::{Value, json};

use super::peer::{Kept, Peer, bad, good};
use crate::{Feishu, abilities::topics::Noting, events, incoming};

const PATH: &str = "/open-apis/im/v1/messages/om_1";

fn event() -> Value {
    json!({"schema":"2.0","header":{"event_id":"ev1","event_type":"im.message.receive_v1","create_time":"1700000000000","tenant_key":"t1"},
        "event":{"sender":{"sender_id":{"open_id":"ou_a"},"sender_type":"user","tenant_key":"t1"},
            "message":{"message_id":"om_1","create_time":"1700000000123","chat_id":"oc_1","chat_type":"group","message_type":"merge_forward",
                "content":"{\"content\":\"Merged and Forwarded Message\"}"}}})
}

fn child(id: &str, by: &str, kind: &str, content: &Value) -> Value {
    json!({"message_id": id, "upper_message_id": "om_1", "msg_type": kind, "create_time": "1",
        "sender": {"id": by, "id_type": "open_id", "sender_type": "user"}, "body": {"content": content.to_string()}})
}

/// What the event brings.
fn arrivals(feishu: &Feishu) -> Vec<Arrival> {
    let raw = event().to_string();
    let envelope = events::Envelope::read(raw.as_bytes()).expect("an envelope");
    let became = events::translate(&envelope, raw.as_bytes(), &feishu.ours()).expect("a message");
    let events::Became::Arrivals(arrivals) = became else { panic!("{became:?}") };
    arrivals
}

/// What comes of the event.
async fn heard(feishu: &Feishu) -> String {
    let kept = Kept::default();
    bridge_api::Inbox::take(&Noting { inbox: &kept, feishu }, arrivals(feishu)).await.expect("taken");
    let arrivals: Vec<Arrival> = kept.arrivals.lock().clone();
    let [Arrival { what: Happened::Message(message), .. }] = &*arrivals else { panic!("{arrivals:?}") };
    message.parts.iter().map(bridge_api::Content::to_plain).collect::<Vec<_>>().join("|")
}

#[tokio::test]
async fn what_was_passed_on_together_is_brought_line_by_line() {
    let (peer, feishu) = Peer::start().await;
    let items = json!({"items": [
        {"message_id": "om_1", "msg_type": "merge_forward", "body": {"content": "{}"}},
        child("om_2", "ou_b", "text", &json!({"text": "lunch?"})),
        child("om_3", "ou_c", "image", &json!({"image_key": "img_1"})),
        child("om_4", "ou_b", "merge_forward", &json!({"content": "Merged"})),
        {"message_id": "om_5", "upper_message_id": "om_4", "msg_type": "text", "body": {"content": "{\"text\":\"inner\"}"}},
    ]});
    peer.answers(PATH, vec![good(items)]);
    let li = json!({"user": {"open_id": "ou_b", "name": "Li"}});
    peer.answers("/open-apis/contact/v3/users/ou_b", vec![good(li)]);
    let heard = heard(&feishu).await;
    let lines: Vec<&str> = heard.lines().skip(1).collect();
    assert_eq!(lines, ["> Li: lunch?", "> [image]", "> Li: [merge_forward]"]);
    assert_eq!(peer.asked("/open-apis/contact/v3/users/ou_b").len(), 1, "each name is looked up once");
}

#[tokio::test]
async fn where_nobody_says_what_was_passed_on_it_is_named_all_the_same() {
    let (peer, feishu) = Peer::start().await;
    peer.answers(PATH, vec![bad(400, 230_002), good(json!({"items": []}))]);
    for _ in 0..2 {
        assert_eq!(heard(&feishu).await, "[merge_forward]");
    }
}

#[tokio::test(start_paused = true)]
async fn several_that_nobody_says_in_time_are_handed_over_together_all_the_same() {
    let (peer, feishu) = Peer::start().await;
    peer.says_nothing(PATH);
    let kept = Kept::default();
    let several = [arrivals(&feishu), arrivals(&feishu), arrivals(&feishu)].concat();
    assert!(incoming::handed(&Noting { inbox: &kept, feishu: &feishu }, several).await);
    assert_eq!(kept.arrivals.lock().len(), 3);
}
