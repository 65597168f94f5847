//! What the platform's identifiers are called on our side. Pure.
//!
//! Eight kinds of conversation, of which four hear and speak: `user:<userid>` is the chat of one person with the app, `bot:<userid>` with
//! the AI bot, `group:<chatid>` a group in which the bot is, `service:<open_kfid>|<external_userid>` a customer with an account of
//! customer service; `chat:<chatid>` is a group that the app made and `webhook:<name>` a group with a webhook, both of which are only
//! spoken to; `room:<roomid>` and `between:<userid>|<userid>` are a group and two people of the chat archive, which are only heard. The
//! four spaces of chat ids look alike and are not the same, hence the prefixes; on the wire an id stands as the platform gave it. People
//! are their userid in lower case, because the platform takes any case and returns another one now and then; customers are their
//! external_userid as it is. What we sent is `msg:<msgid>`, `card:<task_id>`, to customers `service:<msgid>` with an id of ours, or where
//! the platform gives nothing back `bot:<req_id>` and `said:<our key>`.

use bridge_api::{ConversationId, MessageId, PersonId};

/// Where something is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place<'a> {
    /// To one person by the app, by the userid.
    Direct(&'a str),
    /// In a group that the app made.
    Chat(&'a str),
    /// In a group with the AI bot.
    BotGroup(&'a str),
    /// To one person by the AI bot.
    BotDirect(&'a str),
    /// To a webhook, by its name.
    Webhook(&'a str),
    /// In the chat archive, where nothing can be said: a group, or two people.
    Archived(&'a str),
    /// To a customer in the name of an account of customer service.
    Service {
        /// The account, by its open_kfid.
        account: &'a str,
        /// The customer, by the external_userid.
        customer: &'a str,
    },
}

/// Where a conversation is; nothing for an id that is none of ours.
pub fn place(conversation: &ConversationId) -> Option<Place<'_>> {
    let (kind, id) = conversation.as_str().split_once(':').filter(|(_, id)| !id.is_empty())?;
    match kind {
        "user" => Some(Place::Direct(id)),
        "chat" => Some(Place::Chat(id)),
        "group" => Some(Place::BotGroup(id)),
        "bot" => Some(Place::BotDirect(id)),
        "webhook" => Some(Place::Webhook(id)),
        "room" | "between" => Some(Place::Archived(id)),
        "service" => {
            let (account, customer) = id.split_once('|')?;
            let is_whole = !account.is_empty() && !customer.is_empty();
            is_whole.then_some(Place::Service { account, customer })
        }
        _ => None,
    }
}

/// What a message is on the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known<'a> {
    /// Ours, by its msgid.
    Message(&'a str),
    /// Our card, by its task id.
    Card(&'a str),
    /// Ours to a customer, by its msgid.
    Answer(&'a str),
    /// Ours, of which the platform told nothing by which it could be taken back.
    Nameless,
    /// Somebody else's.
    Theirs,
}

/// What a message is on the platform.
pub fn known(message: &MessageId) -> Known<'_> {
    match message.as_str().split_once(':') {
        Some(("msg", id)) => Known::Message(id),
        Some(("card", task)) => Known::Card(task),
        Some(("service", id)) => Known::Answer(id),
        Some(("bot" | "said", _)) => Known::Nameless,
        _ => Known::Theirs,
    }
}

/// Whether it is an encrypted id of a person. They are long, begin with `wo` and tell case apart.
pub fn is_open(user: &str) -> bool {
    user.len() >= 24 && (user.starts_with("wo") || user.starts_with("wm"))
}

/// Who is called `user`.
pub fn person(user: &str) -> Option<PersonId> {
    let user = user.trim();
    PersonId::new(if is_open(user) { user.to_owned() } else { user.to_lowercase() }).ok()
}

/// Which customer is called `external`; the platform tells these ids apart by case.
pub fn customer(external: &str) -> Option<PersonId> {
    PersonId::new(external.trim()).ok()
}

/// The userid of somebody whom the API can address.
pub fn user(person: &PersonId) -> Option<&str> {
    Some(person.as_str()).filter(|id| !id.contains('|') && !id.starts_with('@'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_messages_are_told_apart() {
        let of = |id: &str| ConversationId::new(id).expect("an id");
        let table = [
            ("user:zhangsan", Some(Place::Direct("zhangsan"))),
            ("chat:abc", Some(Place::Chat("abc"))),
            ("group:wrX:y", Some(Place::BotGroup("wrX:y"))),
            ("bot:lisi", Some(Place::BotDirect("lisi"))),
            ("webhook:ops", Some(Place::Webhook("ops"))),
            ("room:wrY", Some(Place::Archived("wrY"))),
            ("between:lisi|wangwu", Some(Place::Archived("lisi|wangwu"))),
            ("service:wkA|wmB", Some(Place::Service { account: "wkA", customer: "wmB" })),
            ("service:wkA|", None),
            ("service:wkA", None),
            ("group:", None),
            ("wrX", None),
            ("oc_1:x", None),
        ];
        for (id, expected) in table {
            assert_eq!(place(&of(id)), expected, "{id}");
        }
        let of = |id: &str| MessageId::new(id).expect("an id");
        assert_eq!((known(&of("msg:a")), known(&of("card:b"))), (Known::Message("a"), Known::Card("b")));
        assert_eq!(known(&of("service:c")), Known::Answer("c"));
        assert_eq!((known(&of("bot:a")), known(&of("7001"))), (Known::Nameless, Known::Theirs));
    }

    #[test]
    fn a_person_is_one_person_in_any_case() {
        assert_eq!(person("ZhangSan"), person("zhangsan"));
        let open = "woAJ2GCAAAXtWyujaWJHDDGi0mACHAAA";
        assert_eq!(person(open).map(String::from).as_deref(), Some(open));
        assert_eq!(person("  "), None);
        let everybody = PersonId::new("@all").expect("an id");
        assert_eq!((user(&everybody), user(&person("a|b").expect("an id"))), (None, None));
    }
}
