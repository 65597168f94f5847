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

/// Reads an event. Nothing for one that says nothing to a bridge, or says it without sense; of many people so many at once as an
/// arrival may name, with keys of their own behind the first.
pub fn read(event: Event<'_>, client_id: &str) -> Vec<Arrival> {
    let pieces = happened(event.kind, event.data).map(in_pieces).unwrap_or_default();
    let arrivals = pieces.into_iter().enumerate();
    arrivals.filter_map(|(index, what)| arrival(event, client_id, index, what)).collect()
}

fn arrival(event: Event<'_>, client_id: &str, index: usize, what: Happened) -> Option<Arrival> {
    let data = event.data;
    let conversation = match event.kind {
        "user_modify_org" => None,
        // The platform calls a chat with one person otherwise than we do; the message tells where it is.
        "robot_msg_read" | "robot_msg_recall" => None,
        // A sample of the platform's shows a person where the group should be.
        _ => Some(group(data)?),
    };
    let piece = if index == 0 { String::new() } else { format!(":{index}") };
    let key = EventKey::new(format!("{client_id}:event:{}{piece}", event.id)).ok()?;
    let named = ["timeStamp", "operatTime", "operateTime", "TimeStamp"];
    let at_ms = named.iter().find_map(|name| number(data, name)).unwrap_or(event.at_ms);
    Some(Arrival { key, conversation, at_ms, trace: Some(event.id.to_owned()), what })
}

/// The same in pieces that name no more than [`PEOPLE_AT_ONCE_MAX`] people each.
fn in_pieces(what: Happened) -> Vec<Happened> {
    match what {
        Happened::Joined { people } => {
            let pieces = people.chunks(PEOPLE_AT_ONCE_MAX);
            pieces.map(|people| Happened::Joined { people: people.to_vec() }).collect()
        }
        Happened::Left { people, by } => {
            let pieces = people.chunks(PEOPLE_AT_ONCE_MAX);
            pieces.map(|people| Happened::Left { people: people.to_vec(), by: by.clone() }).collect()
        }
        what => vec![what],
    }
}

/// The people whom an event names, all of them: the length of what came is their bound.
pub fn people(data: &Value) -> Vec<PersonId> {
    let mut users = texts(data, "userId");
    users.extend(texts(data, "UserId"));
    users.iter().filter_map(|user| ids::person(user)).collect()
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
mod tests;
