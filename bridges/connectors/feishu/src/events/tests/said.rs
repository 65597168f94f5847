//! What people say, live and from history.

use super::*;

#[test]
fn a_message_is_known_by_itself_and_not_by_its_event() {
    let all = arrivals(&said(&json!({})));
    let [arrival] = all.as_slice() else { panic!("{all:?}") };
    assert_eq!(arrival.key.as_str(), "cli_a:message:om_1");
    assert_eq!(arrival.conversation.as_ref().map(ConversationId::as_str), Some("oc_1"));
    assert_eq!((arrival.at_ms, arrival.trace.as_deref()), (1_700_000_000_123, Some("ev1")));
    let Happened::Message(message) = &arrival.what else { panic!("{arrival:?}") };
    assert!(matches!(&message.from, Sender::Person { id, .. } if id.as_str() == "ou_a"));
    assert_eq!(message.parts[0].to_plain(), "@Li hi");
    assert_eq!((&message.reply_to, &message.thread), (&None, &None));
}

#[test]
fn replies_and_topics_are_told_apart() {
    let table = [
        (json!({"parent_id":"om_0","root_id":"om_0"}), Some("om_0"), None),
        (
            json!({"parent_id":"om_9","root_id":"om_0","thread_id":"omt_1"}),
            Some("om_9"),
            Some(("omt_1", Some("om_0"))),
        ),
        (
            json!({"parent_id":"om_0","root_id":"om_0","thread_id":"omt_1"}),
            None,
            Some(("omt_1", Some("om_0"))),
        ),
        (json!({"thread_id":"omt_1"}), None, Some(("omt_1", None))),
    ];
    for (changes, reply, topic) in table {
        let all = arrivals(&said(&changes));
        let Happened::Message(message) = &all[0].what else { panic!("{all:?}") };
        assert_eq!(message.reply_to.as_ref().map(MessageId::as_str), reply, "{changes}");
        let found =
            message.thread.as_ref().map(|(id, root)| (id.as_str(), root.as_ref().map(MessageId::as_str)));
        assert_eq!(found, topic, "{changes}");
    }
}

#[test]
fn everybody_is_addressed_although_the_list_leaves_them_out() {
    let all = arrivals(&said(&json!({"content":"{\"text\":\"@_all look\"}","mentions":null})));
    let Happened::Message(message) = &all[0].what else { panic!("{all:?}") };
    let Content::Text(text) = &message.parts[0] else { panic!("{message:?}") };
    assert!(text.addresses_everybody());
}

#[test]
fn a_message_of_somebody_without_an_open_id_is_not_lost() {
    for (ids, expected) in [(json!({"union_id":"on_a"}), "on_a"), (json!({}), "")] {
        let mut event = said(&json!({}));
        event["event"]["sender"]["sender_id"] = ids;
        let all = arrivals(&event);
        let Happened::Message(message) = &all[0].what else { panic!("{all:?}") };
        match &message.from {
            Sender::Person { id, .. } => assert_eq!(id.as_str(), expected),
            other => assert_eq!((other, expected), (&Sender::System, "")),
        }
    }
}

#[test]
fn a_message_without_content_was_taken_back() {
    let all = arrivals(&said(&json!({"content":""})));
    assert_eq!(all[0].key.as_str(), "cli_a:recalled:om_1");
    assert!(matches!(&all[0].what, Happened::Recalled { .. }));
}

#[test]
fn history_says_the_same_in_another_shape() {
    let ours = ours();
    ours.note_company("t1");
    let item = |changes: Value| {
        let mut item = json!({"message_id":"om_1","msg_type":"text","create_time":"1700000000123","update_time":"1700000005000","deleted":false,"updated":false,"chat_id":"oc_1",
            "sender":{"id":"ou_a","id_type":"open_id","sender_type":"user","tenant_key":"t1"},"body":{"content":"{\"text\":\"@_user_1 hi\"}"},
            "mentions":[{"key":"@_user_1","id":"ou_b","id_type":"open_id","name":"Li","tenant_key":"t1"}]});
        for (key, value) in changes.as_object().expect("changes") {
            item[key] = value.clone();
        }
        messages::of_history(&item, &ours).expect("arrivals")
    };
    let (live, read) = (arrivals(&said(&json!({}))), item(json!({})));
    assert_eq!(read[0], Arrival { trace: None, ..live[0].clone() });
    let own = item(json!({"sender":{"id":"cli_a","id_type":"app_id","sender_type":"app"}}));
    assert!(matches!(&own[0].what, Happened::Message(message) if message.from == Sender::Ourselves));
    let edited = item(json!({"updated":true}));
    assert_eq!(
        edited.iter().map(|arrival| arrival.key.as_str()).collect::<Vec<_>>(),
        ["cli_a:message:om_1", "cli_a:edited:om_1:1700000005000"]
    );
    let gone = item(json!({"deleted":true,"body":{"content":"This message was recalled"}}));
    assert_eq!(gone.iter().map(|arrival| arrival.key.as_str()).collect::<Vec<_>>(), ["cli_a:recalled:om_1"]);
}

#[test]
fn who_speaks_is_from_outside_when_their_company_is_another() {
    for (company, expected) in [("t1", Some(false)), ("t2", Some(true)), ("", None)] {
        let mut event = said(&json!({}));
        event["event"]["sender"]["tenant_key"] = json!(company);
        let all = arrivals(&event);
        let Happened::Message(message) = &all[0].what else { panic!("{all:?}") };
        assert!(
            matches!(&message.from, Sender::Person { external, .. } if *external == expected),
            "{company}"
        );
    }
    let item = json!({"message_id":"om_1","msg_type":"text","create_time":"1","chat_id":"oc_1","body":{"content":"{\"text\":\"hi\"}"},
        "sender":{"id":"ou_a","id_type":"open_id","sender_type":"user","tenant_key":"t2"}});
    let ours = ours();
    for expected in [None, Some(true)] {
        let all = messages::of_history(&item, &ours).expect("a message");
        let Happened::Message(message) = &all[0].what else { panic!("{all:?}") };
        assert!(matches!(&message.from, Sender::Person { external, .. } if *external == expected));
        // An event tells which company is ours.
        ours.note_company("t1");
    }
}
