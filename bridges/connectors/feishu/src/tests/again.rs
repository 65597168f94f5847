//! What was said last is read again by few requests, whatever stands in a chat.

use bridge_api::{Backfill as _, ConversationId, Happened};
use serde_json::{Value, json};

use super::peer::{Peer, good};
use crate::limits::TOPICS_READ_AGAIN_MAX;

const LIST: &str = "/open-apis/im/v1/messages";
const NOW_MS: u64 = 1_700_000_000_000;

/// A message of history that begins a topic of its own.
fn item(number: usize, kind: &str, more: Value) -> Value {
    let mut item = json!({
        "message_id": format!("om_{number}"), "msg_type": kind, "chat_id": "oc_1", "thread_id": format!("omt_{number}"),
        "create_time": NOW_MS.to_string(), "update_time": (NOW_MS + 5).to_string(),
        "sender": { "id": "ou_a", "id_type": "open_id", "sender_type": "user" },
        "body": { "content": "{\"text\":\"hello\"}" },
    });
    if let (Value::Object(fields), Value::Object(more)) = (&mut item, more) {
        fields.extend(more);
    }
    item
}

#[tokio::test]
async fn a_chat_with_many_topics_costs_some_requests_and_what_was_passed_on_none() {
    let (peer, feishu) = Peer::start().await;
    let mut items: Vec<Value> = (0..20).map(|number| item(number, "text", json!({}))).collect();
    items.push(item(20, "merge_forward", json!({})));
    items.push(item(21, "merge_forward", json!({ "deleted": true })));
    items.push(item(22, "text", json!({ "updated": true })));
    items.push(item(23, "text", json!({ "create_time": (NOW_MS - 1).to_string(), "updated": true })));
    peer.answers(LIST, vec![good(json!({ "items": items, "has_more": true, "page_token": "next" }))]);
    let chat = ConversationId::new("oc_1").expect("an id");
    let latest = feishu.latest(&chat, NOW_MS).await.expect("read");
    let count = |is: fn(&Happened) -> bool| latest.iter().filter(|arrival| is(&arrival.what)).count();
    let counts = [
        count(|what| matches!(what, Happened::Message(_))),
        count(|what| matches!(what, Happened::Edited { .. })),
        count(|what| matches!(what, Happened::Recalled { .. })),
    ];
    assert_eq!(counts, [21, 1, 1], "nothing from before its time, and each once");
    assert_eq!(peer.asked(LIST).len(), 1 + TOPICS_READ_AGAIN_MAX, "no page behind the newest");
    assert!(peer.asked(&format!("{LIST}/om_20")).is_empty());
}
