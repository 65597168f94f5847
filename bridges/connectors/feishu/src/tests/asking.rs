//! What is asked of the platform, and what is made of its answers.

use bridge_api::{
    Backfill as _, Card, Cards as _, CheckOutcome, Connector as _, Content, ConversationId,
    Conversations as _, Edit, Edits as _, Failure, FailureKind, IdempotencyKey, MessageId, Outgoing,
    PersonId, Reaction, Reactions as _, Recalls as _, Refusal, RichText, Speaker, Support, ThreadId,
};
use serde_json::{Value, json};
use tokio::time::Duration;

use super::peer::{Peer, bad, good};

const MESSAGES: &str = "/open-apis/im/v1/messages";

fn chat() -> ConversationId {
    ConversationId::new("oc_1").expect("an id")
}

fn message(id: &str) -> MessageId {
    MessageId::new(id).expect("an id")
}

fn outgoing(key: &str, text: &str) -> Outgoing {
    Outgoing {
        key: IdempotencyKey::new(key).expect("a key"),
        conversation: chat(),
        speaker: Speaker { name: "Ann".into(), person: None },
        content: Content::Text(RichText::plain(text)),
        reply_to: None,
        thread: None,
    }
}

fn said(id: &str) -> Value {
    json!({ "message_id": id, "chat_id": "oc_1" })
}

#[tokio::test]
async fn a_message_is_sent_once_whatever_comes_in_between() {
    let (peer, feishu) = Peer::start().await;
    peer.answers(MESSAGES, vec![bad(400, 99_991_663), bad(500, 2200), good(Value::Null), good(said("om_1"))]);
    let out = outgoing("k1", "hi");
    let kinds: Vec<_> = [feishu.send(&out).await, feishu.send(&out).await]
        .into_iter()
        .map(|sent| sent.expect_err("not yet").kind)
        .collect();
    assert!(matches!(&kinds[..], [FailureKind::Later(_), FailureKind::Garbled(_)]), "{kinds:?}");
    let sent = feishu.send(&out).await.expect("sent");
    assert_eq!(sent.messages, [message("om_1")]);
    assert_eq!(feishu.send(&out).await.expect("remembered"), sent);
    let asked = peer.asked(MESSAGES);
    assert_eq!(asked.len(), 4);
    // The stale token was replaced within the first try, and every try had the same key.
    assert_eq!(
        asked.iter().map(|asked| asked.token.as_str()).collect::<Vec<_>>(),
        ["Bearer t-1", "Bearer t-2", "Bearer t-2", "Bearer t-2"]
    );
    for asked in asked {
        let body: Value = serde_json::from_str(&asked.body).expect("JSON");
        assert_eq!(
            (&body["uuid"], &body["receive_id"], &body["msg_type"]),
            (&json!("k1"), &json!("oc_1"), &json!("post"))
        );
        assert_eq!(asked.query, "receive_id_type=chat_id");
    }
}

#[tokio::test]
async fn a_token_that_is_refused_twice_is_told() {
    let (peer, feishu) = Peer::start().await;
    peer.answers(MESSAGES, vec![bad(401, 99_991_663)]);
    let failure = feishu.send(&outgoing("k1", "hi")).await.expect_err("no token is good");
    assert!(matches!(failure.kind, FailureKind::NotSignedIn(_)), "{failure}");
    assert_eq!((failure.code.as_deref(), failure.trace.as_deref()), (Some("99991663"), Some("L1")));
    assert_eq!(peer.asked(MESSAGES).len(), 2);
}

#[tokio::test]
async fn a_card_finds_a_person_who_never_spoke_to_the_app_and_never_grows_older() {
    let (peer, feishu) = Peer::start().await;
    peer.answers(MESSAGES, vec![good(said("om_1"))]);
    peer.answers(&format!("{MESSAGES}/om_1"), vec![good(json!({}))]);
    let person = PersonId::new("ou_li").expect("an id");
    let direct = feishu.direct(&person).expect("a place");
    let card = |revision| Card { title: "Leave".into(), revision, ..Card::default() };
    let content = Content::Card(card(4));
    let out = Outgoing { conversation: direct.clone(), content, ..outgoing("k1", "") };
    assert_eq!(feishu.send(&out).await.expect("sent").messages, [message("om_1")]);
    let asked = &peer.asked(MESSAGES)[0];
    let body: Value = serde_json::from_str(&asked.body).expect("JSON");
    assert_eq!((asked.query.as_str(), &body["receive_id"]), ("receive_id_type=open_id", &json!("ou_li")));
    for (revision, changes) in [(3, 0), (5, 1), (4, 1), (6, 2)] {
        feishu.update(&direct, &message("om_1"), &card(revision)).await.expect("done");
        assert_eq!(peer.asked(&format!("{MESSAGES}/om_1")).len(), changes, "{revision}");
    }
    assert_eq!(feishu.direct(&PersonId::new("on_other").expect("an id")), None);
}

#[tokio::test]
async fn limits_are_told_with_their_time() {
    let (peer, feishu) = Peer::start().await;
    let limited = (429, vec![("x-ogw-ratelimit-reset", "1")], json!({ "code": 99_991_400, "msg": "limit" }));
    peer.answers(MESSAGES, vec![bad(400, 230_020), limited]);
    let chat = feishu.send(&outgoing("k1", "hi")).await.expect_err("limited");
    assert!(matches!(chat.kind, FailureKind::Limited { app: false, .. }), "{chat}");
    let app = feishu.send(&outgoing("k1", "hi")).await.expect_err("limited");
    assert_eq!(app.kind, FailureKind::Limited { after: Duration::from_secs(1), app: true });
}

#[tokio::test]
async fn an_answer_to_what_is_gone_is_said_all_the_same() {
    let (peer, feishu) = Peer::start().await;
    peer.answers(&format!("{MESSAGES}/om_0/reply"), vec![bad(400, 230_011)]);
    peer.answers(MESSAGES, vec![good(said("om_1"))]);
    let out = Outgoing { reply_to: Some(message("om_0")), ..outgoing("k1", "hi") };
    assert_eq!(feishu.send(&out).await.expect("sent").messages, [message("om_1")]);
    assert_eq!(peer.asked(MESSAGES).len(), 1);
}

#[tokio::test]
async fn a_topic_begins_at_a_message_and_goes_on_by_its_id() {
    let (peer, feishu) = Peer::start().await;
    let mut answer = said("om_1");
    answer["thread_id"] = json!("omt_1");
    peer.answers(&format!("{MESSAGES}/om_0/reply"), vec![good(answer)]);
    let begun = Outgoing { thread: ThreadId::new("om_0").ok(), ..outgoing("k1", "hi") };
    let sent = feishu.send(&begun).await.expect("sent");
    assert_eq!(sent.thread, ThreadId::new("omt_1").ok());
    peer.answers(
        MESSAGES,
        vec![good(json!({ "items": [said("om_0")], "has_more": true, "page_token": "p" }))],
    );
    let more = Outgoing { thread: sent.thread, ..outgoing("k2", "more") };
    feishu.send(&more).await.expect("sent");
    assert_eq!(
        peer.asked(MESSAGES)[0].query,
        "container_id_type=thread&container_id=omt_1&sort_type=ByCreateTimeAsc&page_size=1"
    );
    for asked in peer.asked(&format!("{MESSAGES}/om_0/reply")) {
        let body: Value = serde_json::from_str(&asked.body).expect("JSON");
        assert_eq!(body["reply_in_thread"], true);
    }
}

#[tokio::test]
async fn a_change_after_its_time_and_a_recall_of_what_is_gone_are_told_apart() {
    let (peer, feishu) = Peer::start().await;
    peer.answers(
        &format!("{MESSAGES}/om_1"),
        vec![bad(400, 230_072), bad(400, 230_011), bad(400, 230_009), good(json!({}))],
    );
    let edit = Edit {
        key: IdempotencyKey::new("e1").expect("a key"),
        conversation: chat(),
        messages: vec![message("om_1")],
        speaker: Speaker::default(),
        content: Content::Text(RichText::plain("new")),
    };
    let late = Failure { kind: FailureKind::Refused(Refusal::TooLate), ..Failure::refused(Refusal::TooLate) };
    assert_eq!(feishu.edit(&edit).await.expect_err("too late").kind, late.kind);
    feishu.recall(&chat(), &message("om_1")).await.expect("gone is gone");
    assert_eq!(feishu.recall(&chat(), &message("om_1")).await.expect_err("too late").kind, late.kind);
    assert_eq!(feishu.edit(&edit).await.expect("edited").messages, [message("om_1")]);
    let methods: Vec<_> =
        peer.asked(&format!("{MESSAGES}/om_1")).into_iter().map(|asked| asked.method).collect();
    assert_eq!(methods, ["PUT", "DELETE", "DELETE", "PUT"]);
}

#[tokio::test]
async fn a_reaction_is_removed_by_the_id_that_it_got_or_by_the_list() {
    let (peer, feishu) = Peer::start().await;
    let path = format!("{MESSAGES}/om_1/reactions");
    let own = json!({ "reaction_id": "r2", "operator": { "operator_id": "cli_a", "operator_type": "app" } });
    let other =
        json!({ "reaction_id": "r3", "operator": { "operator_id": "ou_1", "operator_type": "user" } });
    peer.answers(&path, vec![good(json!({ "reaction_id": "r1" })), good(json!({ "items": [other, own] }))]);
    peer.answers(&format!("{path}/r1"), vec![good(json!({}))]);
    peer.answers(&format!("{path}/r2"), vec![bad(400, 231_010)]);
    let react = |emoji: &str, added| Reaction {
        conversation: chat(),
        message: message("om_1"),
        emoji: emoji.into(),
        added,
    };
    feishu.react(&react("👍", true)).await.expect("added");
    feishu.react(&react("👍", false)).await.expect("removed by its id");
    feishu.react(&react("👍", false)).await.expect("removed by the list, and gone meanwhile");
    assert_eq!(peer.asked(&format!("{path}/r1")).len(), 1);
    assert_eq!(peer.asked(&format!("{path}/r2")).len(), 1);
    let unknown = feishu.react(&react("🦀", true)).await.expect_err("no such emoji");
    assert_eq!(unknown.kind, FailureKind::Refused(Refusal::Impossible));
}

#[tokio::test]
async fn history_is_read_from_its_time_and_through_its_topics() {
    let (peer, feishu) = Peer::start().await;
    let item = |id: &str, at_ms: u64, topic: Option<&str>| {
        let mut item = json!({ "message_id": id, "msg_type": "text", "create_time": at_ms.to_string(), "chat_id": "oc_1",
            "sender": { "id": "ou_a", "id_type": "open_id", "sender_type": "user" }, "body": { "content": "{\"text\":\"hi\"}" } });
        if let Some(topic) = topic {
            item["thread_id"] = json!(topic);
        }
        if !matches!(id, "om_1" | "om_2") {
            item["root_id"] = json!("om_root");
        }
        item
    };
    let time = 1_700_000_000_000;
    // A reply in a topic that is older than the time was heard live, so the topic is known.
    let began = Outgoing { thread: ThreadId::new("om_9").ok(), ..outgoing("k1", "hi") };
    let mut answer = said("om_10");
    answer["thread_id"] = json!("omt_9");
    peer.answers(&format!("{MESSAGES}/om_9/reply"), vec![good(answer)]);
    feishu.send(&began).await.expect("sent");
    let long =
        json!({ "items": [item("om_5", time + 9, Some("omt_9"))], "has_more": true, "page_token": "new" });
    peer.answers(MESSAGES, vec![
        good(json!({ "items": [item("om_1", time, None), json!({ "garbage": 1 })], "has_more": true, "page_token": "p2" })),
        good(json!({ "items": [item("om_2", time + 1, Some("omt_1"))], "has_more": false })),
        good(long),
        good(json!({ "items": [item("om_4", time + 8, Some("omt_9"))], "has_more": true, "page_token": "p3" })),
        good(json!({ "items": [item("om_5", time + 9, Some("omt_9"))], "has_more": false })),
        good(json!({ "items": [item("om_3", time + 2, Some("omt_1")), item("om_2", time + 1, Some("omt_1")), item("om_0", time - 1, Some("omt_1"))], "has_more": true, "page_token": "old" })),
    ]);
    let (mut found, mut from) = (Vec::new(), None);
    loop {
        let page = feishu.history(&chat(), time, from.as_ref()).await.expect("a page");
        found.extend(page.items.into_iter().map(|arrival| arrival.key.as_str().to_owned()));
        let Some(next) = page.next else { break };
        from = Some(next);
    }
    assert_eq!(found, ["om_1", "om_2", "om_4", "om_5", "om_3"].map(|id| format!("cli_a:message:{id}")));
    let queries: Vec<_> = peer.asked(MESSAGES).into_iter().map(|asked| asked.query).collect();
    let parts = [
        ["container_id_type=chat", "start_time=1700000000", "Asc"],
        ["container_id_type=chat", "page_token=p2", "Asc"],
        ["container_id=omt_9", "Desc", "page_size=50"],
        ["container_id=omt_9", "Asc", "page_size=50"],
        ["container_id=omt_9", "Asc", "page_token=p3"],
        ["container_id=omt_1", "Desc", "page_size=50"],
    ];
    assert_eq!(queries.len(), parts.len(), "{queries:?}");
    for (query, parts) in queries.iter().zip(parts) {
        assert!(parts.iter().all(|part| query.contains(part)), "{query}: {parts:?}");
    }
}

#[tokio::test]
async fn a_check_says_what_works_and_what_to_mend() {
    let (peer, feishu) = Peer::start().await;
    *peer.socket.lock() = "ws://127.0.0.1:9/?service_id=1&device_id=d".to_owned();
    let groups = json!({ "items": [{ "chat_id": "oc_1", "name": "Ops" }], "has_more": false });
    peer.answers("/open-apis/im/v1/chats", vec![good(groups), bad(400, 99_991_672)]);
    let outcomes = |steps: Vec<bridge_api::CheckStep>| -> Vec<CheckOutcome> {
        steps.into_iter().map(|step| step.outcome).collect()
    };
    let works = |found: &str| CheckOutcome::Works(found.to_owned());
    let mut all = vec![works("Bridge"), works("1 个群 · groups")];
    // What is refused because it does not exist was let in: hearing all, a connection, tasks, meetings, free/busy.
    all.extend([works(""), works(""), works(""), works(""), works("")]);
    assert_eq!(outcomes(feishu.check().await), all);
    let found = outcomes(feishu.check().await);
    let CheckOutcome::Fails { reason, advice } = &found[1] else { panic!("{found:?}") };
    assert!(reason.contains("99991672") && advice.en.contains("im:chat"), "{reason}");
    assert_eq!(found[2..], all[3..], "the rest is tried all the same");
}

#[tokio::test]
async fn an_app_that_may_not_read_a_group_says_that_it_hears_what_mentions_it_alone() {
    let (peer, feishu) = Peer::start().await;
    let groups = json!({ "items": [{ "chat_id": "oc_9", "external": true }, { "chat_id": "oc_1" }] });
    peer.answers("/open-apis/im/v1/chats", vec![good(groups)]);
    peer.answers(MESSAGES, vec![bad(400, 230_027)]);
    assert_eq!(feishu.capabilities().lines()[0].into_room, Support::Yes);
    let found = feishu.check().await.into_iter().map(|step| step.outcome).nth(2);
    assert!(
        matches!(&found, Some(CheckOutcome::Skipped(words)) if words.en.contains("group_msg")),
        "{found:?}"
    );
    feishu.introduce().await.expect("it may work");
    assert!(matches!(feishu.capabilities().lines()[0].into_room, Support::Partly(_)));
    assert!(peer.asked(MESSAGES).iter().all(|asked| asked.query.contains("container_id=oc_1")));
    peer.answers(MESSAGES, vec![good(json!({ "items": [] }))]);
    feishu.introduce().await.expect("it may work");
    assert_eq!(feishu.capabilities().lines()[0].into_room, Support::Yes);
}
