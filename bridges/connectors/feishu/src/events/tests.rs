//! Each event of the platform's pages against what it becomes.

use bridge_api::{Arrival, Content, Happened, MessageId, Sender};
use serde_json::{Value, json};

use super::*;

mod people;
mod said;

fn ours() -> Ourselves {
    let open_id = OpenId::parse("ou_bot");
    Ourselves { app_id: "cli_a".to_owned(), open_id, tenant: Arc::default() }
}

fn second(kind: &str, event: Value) -> Value {
    json!({"schema":"2.0","header":{"event_id":"ev1","event_type":kind,"create_time":"1700000000000","token":"","app_id":"cli_a","tenant_key":"t1"},"event":event})
}

fn become_of(event: &Value) -> Became {
    let raw = event.to_string();
    let envelope = Envelope::read(raw.as_bytes()).expect("an envelope");
    translate(&envelope, raw.as_bytes(), &ours()).expect("a translation")
}

fn arrivals(event: &Value) -> Vec<Arrival> {
    match become_of(event) {
        Became::Arrivals(arrivals) => arrivals,
        other => panic!("{other:?}"),
    }
}

fn said(changes: &Value) -> Value {
    let mut message = json!({"message_id":"om_1","create_time":"1700000000123","update_time":"1700000000123","chat_id":"oc_1",
        "chat_type":"group","message_type":"text","content":"{\"text\":\"@_user_1 hi\"}",
        "mentions":[{"key":"@_user_1","id":{"open_id":"ou_b","union_id":"on_b"},"mentioned_type":"user","name":"Li","tenant_key":"t1"}]});
    for (key, value) in changes.as_object().expect("changes") {
        message[key] = value.clone();
    }
    let sender = json!({"sender_id":{"open_id":"ou_a","union_id":"on_a","user_id":"u1"},"sender_type":"user","tenant_key":"t1"});
    second("im.message.receive_v1", json!({"sender":sender,"message":message}))
}

#[test]
fn what_happens_to_messages_and_chats_is_told() {
    let operator = json!({"open_id":"ou_a"});
    let users = json!([{"name":"Li","tenant_key":"t1","user_id":{"open_id":"ou_b"}},{"name":"Guest","tenant_key":"t2","user_id":{"open_id":"ou_c"}}]);
    let chat = |kind: &str, more: Value| {
        let mut event = json!({"chat_id":"oc_1","operator_id":operator,"external":false});
        for (key, value) in more.as_object().expect("fields") {
            event[key] = value.clone();
        }
        second(kind, event)
    };
    let reaction = json!({"message_id":"om_1","reaction_type":{"emoji_type":"THUMBSUP"},"operator_type":"user","user_id":{"open_id":"ou_a"},"action_time":"1700000000999"});
    let table = [
        (
            second(
                "im.message.recalled_v1",
                json!({"message_id":"om_1","chat_id":"oc_1","recall_time":"1700000000999","recall_type":"message_owner"}),
            ),
            "recalled",
            "cli_a:recalled:om_1",
            Some("oc_1"),
        ),
        (second("im.message.reaction.created_v1", reaction.clone()), "reacted", "cli_a:event:ev1", None),
        (second("im.message.reaction.deleted_v1", reaction), "reacted", "cli_a:event:ev1", None),
        (
            second(
                "im.message.message_read_v1",
                json!({"reader":{"reader_id":{"open_id":"ou_a"},"read_time":"1700000000999"},"message_id_list":["om_1","om_2"]}),
            ),
            "read",
            "cli_a:event:ev1",
            None,
        ),
        (
            chat("im.chat.updated_v1", json!({"after_change":{"name":"新名"}})),
            "renamed",
            "cli_a:event:ev1",
            Some("oc_1"),
        ),
        (chat("im.chat.disbanded_v1", json!({})), "dissolved", "cli_a:event:ev1", Some("oc_1")),
        (
            chat("im.chat.member.user.added_v1", json!({"users":users})),
            "joined",
            "cli_a:event:ev1",
            Some("oc_1"),
        ),
        (
            chat("im.chat.member.user.deleted_v1", json!({"users":users})),
            "left",
            "cli_a:event:ev1",
            Some("oc_1"),
        ),
        (
            chat("im.chat.member.user.withdrawn_v1", json!({"users":users})),
            "left",
            "cli_a:event:ev1",
            Some("oc_1"),
        ),
        (
            chat("im.chat.member.bot.added_v1", json!({"name":"?"})),
            "bot_added",
            "cli_a:event:ev1",
            Some("oc_1"),
        ),
        (chat("im.chat.member.bot.deleted_v1", json!({})), "bot_removed", "cli_a:event:ev1", Some("oc_1")),
        (
            second("contact.user.created_v3", json!({"object":{"open_id":"ou_a","name":"李"}})),
            "person_changed",
            "cli_a:event:ev1",
            None,
        ),
        (
            chat(
                "im.chat.updated_v1",
                json!({"before_change":{"name":"","description":"alt"},"after_change":{"name":"","description":""}}),
            ),
            "described",
            "cli_a:event:ev1:described",
            Some("oc_1"),
        ),
    ];
    for (event, kind, key, chat) in table {
        let all = arrivals(&event);
        let [arrival] = all.as_slice() else { panic!("{event}: {all:?}") };
        assert_eq!(arrival.what.kind(), kind, "{event}");
        assert_eq!(arrival.key.as_str(), key, "{event}");
        assert_eq!(arrival.conversation.as_ref().map(ConversationId::as_str), chat, "{event}");
    }
    let joined = arrivals(&chat("im.chat.member.user.added_v1", json!({"users":users})));
    let Happened::Joined { people } = &joined[0].what else { panic!("{joined:?}") };
    assert_eq!(people.iter().map(|person| person.external).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn a_change_of_a_chat_tells_what_is_other_than_before_and_no_more() {
    let change = |before: Value, after: Value| {
        let event = json!({"chat_id":"oc_1","before_change":before,"after_change":after});
        arrivals(&second("im.chat.updated_v1", event))
            .into_iter()
            .map(|arrival| arrival.what)
            .collect::<Vec<_>>()
    };
    let named = Happened::Renamed { name: "新名".into(), by: None };
    let described = |words: Option<&str>, has_other_picture| {
        let words = words.map(str::to_owned);
        Happened::Described { words, has_other_picture }
    };
    let all = change(
        json!({"name":"旧名","description":"a","avatar":"img_1"}),
        json!({"name":"新名","description":"b","avatar":"img_2"}),
    );
    assert_eq!(all, [named.clone(), described(Some("b"), true)]);
    let same = json!({"description":"a","avatar":"img_1"});
    assert_eq!(change(same.clone(), json!({"name":"新名","description":"a","avatar":"img_1"})), [named]);
    assert_eq!(change(same, json!({"avatar":"img_2"})), [described(None, true)]);
    let called = |words: &str| json!({"name":"新名","description":words});
    assert_eq!(change(called("a"), called("b")), [described(Some("b"), false)], "it is called as before");
    assert_eq!(change(json!({}), json!({"at_all_permission":"only_owner","description":""})), []);
}

#[test]
fn who_leaves_alone_was_not_removed() {
    for (operator, by) in [("ou_b", None), ("ou_a", Some("ou_a"))] {
        let event = json!({"chat_id":"oc_1","operator_id":{"open_id":operator},"users":[{"user_id":{"open_id":"ou_b"}}]});
        let all = arrivals(&second("im.chat.member.user.deleted_v1", event));
        let Happened::Left { by: found, .. } = &all[0].what else { panic!("{all:?}") };
        assert_eq!(found.as_ref().map(bridge_api::PersonId::as_str), by);
    }
}

#[test]
fn our_own_reactions_are_known() {
    let event = json!({"message_id":"om_1","reaction_type":{"emoji_type":"OK"},"operator_type":"app","app_id":"cli_a"});
    let all = arrivals(&second("im.message.reaction.created_v1", event));
    assert!(matches!(&all[0].what, Happened::Reacted { from: Sender::Ourselves, added: true, .. }));
    let event = json!({"message_id":"om_1","reaction_type":{"emoji_type":"LGTM"},"operator_type":"app","app_id":"cli_b"});
    let all = arrivals(&second("im.message.reaction.created_v1", event));
    let Happened::Reacted { from, emoji, .. } = &all[0].what else { panic!("{all:?}") };
    assert!(matches!(from, Sender::Bot { id, .. } if id.as_str() == "cli_b"));
    assert_eq!(emoji, "[LGTM]");
}

#[test]
fn many_people_come_in_several_arrivals() {
    let users: Vec<_> =
        (0..1200).map(|number| json!({"name":"x","user_id":{"open_id":format!("ou_{number}")}})).collect();
    let all = arrivals(&second("im.chat.member.user.added_v1", json!({"chat_id":"oc_1","users":users})));
    let keys: Vec<_> = all.iter().map(|arrival| arrival.key.as_str()).collect();
    assert_eq!(keys, ["cli_a:event:ev1", "cli_a:event:ev1:1", "cli_a:event:ev1:2"]);
}

#[test]
fn a_pressed_button_brings_its_values_and_the_forms() {
    let mut event = second(
        "card.action.trigger",
        json!({
        "operator":{"tenant_key":"t1","open_id":"ou_a","union_id":"on_a"},"token":"c-1",
        "action":{"value":{"action":"approve","values":{"req":"r1"}},"tag":"button","form_value":{"reason":"ok","req":"forged","days":["1","2"]}},
        "host":"im_message","context":{"open_message_id":"om_1","open_chat_id":"oc_1"}}),
    );
    event["header"]["create_time"] = json!("1700000000000000");
    let Became::Pressed(arrival) = become_of(&event) else { panic!("no press") };
    assert_eq!(arrival.at_ms, 1_700_000_000_000);
    let Happened::Pressed(pressed) = &arrival.what else { panic!("{arrival:?}") };
    assert_eq!(
        (pressed.action.as_str(), pressed.by.as_str(), pressed.message.as_str()),
        ("approve", "ou_a", "om_1")
    );
    let values: Vec<_> = pressed.values.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    assert_eq!(values, [("days", "1,2"), ("reason", "ok"), ("req", "r1")]);
    assert_eq!(pressed.proof.len(), 64);
}

#[test]
fn the_first_generation_and_unknown_events_are_read() {
    let first = json!({"ts":"1502199207.717","uuid":"u-1","token":"v","type":"event_callback",
        "event":{"type":"p2p_chat_create","app_id":"cli_a","tenant_key":"t1","chat_id":"oc_9","operator":{"open_id":"ou_a"},"user":{"name":"Li","open_id":"ou_a"}}});
    let all = arrivals(&first);
    assert_eq!((all[0].key.as_str(), all[0].at_ms), ("cli_a:event:u-1", 1_502_199_207_000));
    assert!(matches!(&all[0].what, Happened::BotAdded { by: Some(by) } if by.as_str() == "ou_a"));
    assert_eq!(arrivals(&second("something.new_v9", json!({"x":1}))), []);
    assert_eq!(become_of(&second("url.preview.get", json!({}))), Became::Asked);
}

#[test]
fn senseless_events_are_refused_and_nothing_panics() {
    for raw in
        ["", "[]", "{}", "null", r#"{"schema":"2.0"}"#, r#"{"schema":"2.0","header":{"event_type":"x"}}"#]
    {
        assert!(Envelope::read(raw.as_bytes()).is_err(), "{raw}");
    }
    for kind in [
        "im.message.receive_v1",
        "im.message.recalled_v1",
        "im.message.reaction.created_v1",
        "im.chat.disbanded_v1",
        "card.action.trigger",
    ] {
        for event in [
            json!({}),
            json!(null),
            json!([]),
            json!({"message":{"message_id":"../x","content":"x"},"chat_id":"oc_?"}),
        ] {
            let raw = second(kind, event).to_string();
            let envelope = Envelope::read(raw.as_bytes()).expect("an envelope");
            assert!(translate(&envelope, raw.as_bytes(), &ours()).is_err(), "{raw}");
        }
    }
}
