//! What the platform's events mean: groups, people, our own messages, cards. Pure; only the events of the page are read, the
//! rest is nothing to a bridge.

use std::collections::BTreeMap;

use bridge_api::{
    Arrival, ConversationId, EventKey, Happened, MessageId, Person, PersonId, Pressed,
    limits::{FORM_VALUE_CHARACTERS_MAX, FORM_VALUES_MAX, PEOPLE_AT_ONCE_MAX},
    message_of_ours,
};
use serde_json::Value;

use crate::{
    ids,
    lenient::{number, text, texts},
};

/// The parameter in which a template brings what was written.
pub const INPUT: &str = "input";
/// The parameter in which a button says what the card calls it.
pub const INPUT_NAME: &str = "input_name";

/// The events of groups that mean something to a bridge. Who owns a group means nothing in a room.
const GROUP_CHANGES: [&str; 5] =
    ["chat_add_member", "chat_remove_member", "chat_quit", "chat_update_title", "chat_disband"];

/// An event as it came, by either way.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// `chat_add_member` and so on.
    pub kind: &'a str,
    /// By what repeats are known.
    pub id: &'a str,
    /// When it was made, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// Its fields.
    pub data: &'a Value,
}

/// Whether the platform counts a push of this kind; it does not for contacts.
pub fn is_counted(kind: &str) -> bool {
    let free = ["user_", "org_", "label_"];
    !free.iter().any(|prefix| kind.starts_with(prefix))
}

/// Reads an event. `None` for one that says nothing to a bridge, or says it without sense.
pub fn read(event: Event<'_>, client_id: &str) -> Option<Arrival> {
    let data = event.data;
    let what = happened(event.kind, data)?;
    let conversation = match event.kind {
        "user_modify_org" => None,
        // The platform calls a chat with one person otherwise than we do; the message tells where it is.
        "robot_msg_read" | "robot_msg_recall" => None,
        // A sample of the platform's shows a person where the group should be.
        _ => Some(group(data)?),
    };
    let key = EventKey::new(format!("{client_id}:event:{}", event.id)).ok()?;
    let named = ["timeStamp", "operatTime", "operateTime", "TimeStamp"];
    let at_ms = named.iter().find_map(|name| number(data, name)).unwrap_or(event.at_ms);
    Some(Arrival { key, conversation, at_ms, trace: Some(event.id.to_owned()), what })
}

/// The people whom an event names.
pub fn people(data: &Value) -> Vec<PersonId> {
    let mut users = texts(data, "userId");
    users.extend(texts(data, "UserId"));
    users.into_iter().take(PEOPLE_AT_ONCE_MAX).filter_map(|user| ids::person(&user)).collect()
}

/// The chatId of an event of a group that names no group: a sample of the platform's shows a person in its place.
pub fn misplaced(kind: &str, data: &Value) -> Option<String> {
    let chat = either(data, "chatId", "ChatId").filter(|_| GROUP_CHANGES.contains(&kind))?;
    group(data).is_none().then_some(chat)
}

/// Somebody left the company, as an event of that told.
pub fn gone(event: Event<'_>, client_id: &str, person: PersonId) -> Option<Arrival> {
    let key = EventKey::new(format!("{client_id}:event:{}:{person}", event.id)).ok()?;
    let at_ms = number(event.data, "timeStamp").unwrap_or(event.at_ms);
    let what = Happened::PersonGone(person);
    Some(Arrival { key, conversation: None, at_ms, trace: Some(event.id.to_owned()), what })
}

fn happened(kind: &str, data: &Value) -> Option<Happened> {
    let by = || either(data, "operator", "Operator").and_then(|user| ids::person(&user));
    let people = || people(data);
    Some(match kind {
        "chat_add_member" => {
            let people: Vec<_> = people().into_iter().map(|person| Person::named(person, "")).collect();
            Happened::Joined { people: Some(people).filter(|people| !people.is_empty())? }
        }
        "chat_remove_member" => {
            Happened::Left { people: Some(people()).filter(|people| !people.is_empty())?, by: by() }
        }
        "chat_quit" => Happened::Left { people: vec![by()?], by: None },
        "chat_update_title" => Happened::Renamed { name: either(data, "title", "Title")?, by: by() },
        "chat_disband" => Happened::Dissolved,
        "im_cool_app_install" => Happened::BotAdded { by: by() },
        "im_cool_app_uninstall" => Happened::BotRemoved { by: by() },
        "robot_msg_read" => Happened::Read {
            person: ids::person(&text(data, "userId")?)?,
            messages: vec![message_of_ours(&format!("key:{}", text(data, "processQueryKey")?)).ok()?],
        },
        "robot_msg_recall" => Happened::Recalled {
            message: message_of_ours(&format!("key:{}", text(data, "processQueryKey")?)).ok()?,
            by: text(data, "userId").and_then(|user| ids::person(&user)),
        },
        "user_modify_org" => {
            let name = text(data.pointer("/diffInfo/curr")?, "name")?;
            let user =
                text(data.get("diffInfo")?, "userid").or_else(|| texts(data, "userId").into_iter().next())?;
            Happened::PersonChanged(Person::named(ids::person(&user)?, name))
        }
        _ => return None,
    })
}

fn either(data: &Value, name: &str, capital: &str) -> Option<String> {
    text(data, name).or_else(|| text(data, capital))
}

fn group(data: &Value) -> Option<ConversationId> {
    let id = either(data, "openConversationId", "OpenConversationId").filter(|id| id.starts_with("cid"))?;
    ConversationId::new(id).ok()
}

/// Reads the callback of a card. `delivery` tells one press from another, `raw` is what the platform vouches for.
pub fn pressed(
    callback: &Value,
    delivery: &str,
    raw: &[u8],
    client_id: &str,
    now_ms: u64,
) -> Option<Arrival> {
    // The content is JSON within a text.
    let content: Value = match callback.get("content")? {
        Value::String(inner) => serde_json::from_str(inner).ok()?,
        other => other.clone(),
    };
    let private = content.get("cardPrivateData")?;
    let mut values = BTreeMap::new();
    if let Some(parameters) = private.get("params").and_then(Value::as_object) {
        let cut = |text: &str| text.chars().take(FORM_VALUE_CHARACTERS_MAX).collect::<String>();
        for (name, value) in parameters.iter().take(FORM_VALUES_MAX) {
            let value = value.as_str().map_or_else(|| cut(&value.to_string()), cut);
            values.insert(cut(name), value);
        }
    }
    // A template knows one line to write; the button says what the card calls it.
    if let (Some(written), Some(name)) = (values.remove(INPUT), values.remove(INPUT_NAME)) {
        values.entry(name).or_insert(written);
    }
    // The ids of the platform's own get a number behind them now and then, so ours counts first.
    let action = values.remove("action").or_else(|| texts(private, "actionIds").into_iter().next())?;
    let message = MessageId::new(format!("card:{}", text(callback, "outTrackId")?)).ok()?;
    let user = text(callback, "userId")?;
    let by = match number(callback, "userIdType") {
        Some(2) => PersonId::new(format!("union:{user}")).ok()?,
        _ => ids::person(&user)?,
    };
    let place = text(callback, "spaceId").unwrap_or_default();
    let place = place
        .rsplit("IM_GROUP.")
        .next()
        .and_then(|place| place.rsplit("IM_ROBOT.").next())
        .unwrap_or_default();
    let conversation = match text(callback, "spaceType").as_deref() {
        Some("IM_GROUP") if place.starts_with("cid") => ConversationId::new(place).ok(),
        _ => None,
    };
    let key = EventKey::new(format!("{client_id}:card:{delivery}:{action}")).ok()?;
    let what = Happened::Pressed(Pressed { message, by, action, values, proof: bridge_api::digest(raw) });
    Some(Arrival { key, conversation, at_ms: now_ms, trace: Some(delivery.to_owned()), what })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn person(id: &str) -> PersonId {
        PersonId::new(id).expect("an id")
    }

    #[test]
    fn events_of_groups_mean_what_the_page_says() {
        let base = |more: Value| {
            let mut data = json!({"timeStamp": "1700000000000", "chatId": "chat1", "openConversationId": "cid1==", "operator": "u9"});
            for (name, value) in more.as_object().expect("an object") {
                data[name] = value.clone();
            }
            data
        };
        let by = Some(person("u9"));
        let read_by = json!({"userId": "u1", "processQueryKey": "pqk="});
        let ours = MessageId::new("key:pqk=").expect("an id");
        let table = [
            (
                "chat_add_member",
                json!({"userId": ["u1"]}),
                Some(Happened::Joined { people: vec![Person::named(person("u1"), "")] }),
            ),
            ("chat_add_member", json!({"userId": []}), None),
            (
                "chat_remove_member",
                json!({"userId": "[\"u1\"]"}),
                Some(Happened::Left { people: vec![person("u1")], by: by.clone() }),
            ),
            ("chat_quit", json!({}), Some(Happened::Left { people: vec![person("u9")], by: None })),
            (
                "chat_update_title",
                json!({"title": "New"}),
                Some(Happened::Renamed { name: "New".into(), by: by.clone() }),
            ),
            ("chat_disband", json!({}), Some(Happened::Dissolved)),
            ("chat_disband", json!({"openConversationId": "u7"}), None),
            ("im_cool_app_install", json!({}), Some(Happened::BotAdded { by: by.clone() })),
            ("im_cool_app_uninstall", json!({}), Some(Happened::BotRemoved { by })),
            (
                "robot_msg_read",
                read_by.clone(),
                Some(Happened::Read { person: person("u1"), messages: vec![ours.clone()] }),
            ),
            ("robot_msg_recall", read_by, Some(Happened::Recalled { message: ours, by: Some(person("u1")) })),
            ("bpms_task_change", json!({}), None),
        ];
        for (kind, more, expected) in table {
            let data = base(more);
            let event = Event { kind, id: "e1", at_ms: 1, data: &data };
            let arrival = read(event, "dingsimapp");
            assert_eq!(arrival.as_ref().map(|arrival| arrival.what.clone()), expected, "{kind} {data}");
            if let Some(arrival) = arrival {
                assert_eq!((arrival.key.as_str(), arrival.at_ms), ("dingsimapp:event:e1", 1_700_000_000_000));
                let group = Some("cid1==").filter(|_| !kind.starts_with("robot_"));
                assert_eq!(arrival.conversation.map(String::from).as_deref(), group, "{kind}");
            }
        }
        let data = json!({"timeStamp": "5", "userId": ["u1"], "diffInfo": {"userid": "u1", "prev": {"name": "A"}, "curr": {"name": "B"}}});
        let arrival = read(Event { kind: "user_modify_org", id: "e2", at_ms: 1, data: &data }, "a")
            .expect("an arrival");
        assert_eq!(
            (arrival.conversation, arrival.what),
            (None, Happened::PersonChanged(Person::named(person("u1"), "B")))
        );
        assert!(!is_counted("user_modify_org") && is_counted("chat_quit"));
    }

    #[test]
    fn an_event_that_names_a_person_for_its_group_is_known_by_its_chat() {
        let wrong = json!({"chatId": "chat1", "openConversationId": "u7"});
        let right = json!({"chatId": "chat1", "openConversationId": "cid1=="});
        let old = json!({"ChatId": "chat1"});
        let table = [
            ("chat_quit", &wrong, Some("chat1")),
            ("chat_disband", &old, Some("chat1")),
            ("chat_quit", &right, None),
            ("chat_update_owner", &wrong, None),
            ("chat_quit", &json!({"openConversationId": "u7"}), None),
        ];
        for (kind, data, expected) in table {
            assert_eq!(misplaced(kind, data).as_deref(), expected, "{kind} {data}");
        }
    }

    #[test]
    fn each_of_those_who_left_the_company_is_told_by_themselves() {
        let data = json!({"timeStamp": "1700000000000", "userId": ["u1", "u2"]});
        let event = Event { kind: "user_leave_org", id: "e3", at_ms: 1, data: &data };
        assert!(read(event, "a").is_none(), "whether they are back it does not say");
        assert_eq!(people(&data), [person("u1"), person("u2")]);
        for (who, key) in [("u1", "a:event:e3:u1"), ("u2", "a:event:e3:u2")] {
            let arrival = gone(event, "a", person(who)).expect("an arrival");
            assert_eq!((arrival.key.as_str(), arrival.at_ms), (key, 1_700_000_000_000));
            assert_eq!((arrival.conversation, arrival.what), (None, Happened::PersonGone(person(who))));
        }
    }

    #[test]
    fn a_pressed_button_is_known_by_our_own_name_for_it() {
        let raw = json!({"type": "actionCallback", "outTrackId": "appr-42", "corpId": "dingc", "userId": "u1", "userIdType": 1,
            "spaceType": "IM_GROUP", "spaceId": "cidAbc==", "extension": "{}",
            "content": "{\"cardPrivateData\":{\"actionIds\":[\"btn_ok0\"],\"params\":{\"action\":\"agree\",\"case\":7,\"input\":\"too dear\",\"input_name\":\"reason\"}}}"});
        let bytes = raw.to_string();
        let arrival = pressed(&raw, "m1", bytes.as_bytes(), "dingsimapp", 9).expect("an arrival");
        assert_eq!(arrival.key.as_str(), "dingsimapp:card:m1:agree");
        assert_eq!(arrival.conversation.map(String::from).as_deref(), Some("cidAbc=="));
        let Happened::Pressed(pressed_button) = arrival.what else { panic!("no button") };
        assert_eq!((pressed_button.message.as_str(), pressed_button.by.as_str()), ("card:appr-42", "u1"));
        assert_eq!(pressed_button.action, "agree");
        let values =
            [("case".to_owned(), "7".to_owned()), ("reason".to_owned(), "too dear".to_owned())].into();
        assert_eq!(pressed_button.values, values);
        assert_eq!(pressed_button.proof.len(), 64);
        for garbage in [json!({}), json!({"content": "{"}), json!({"content": "[[[]]]", "outTrackId": "a"})] {
            assert!(pressed(&garbage, "m", b"", "a", 0).is_none(), "{garbage}");
        }
    }
}
