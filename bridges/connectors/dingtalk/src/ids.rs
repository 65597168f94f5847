//! What the platform's identifiers are called on our side. Pure.
//!
//! A group is its `cid…`; a chat with the robot is `user:<userId>`, because that is what sending wants; a custom webhook robot is
//! `webhook:<name>`. People are their userId. What we sent is `key:<processQueryKey>`, `card:<outTrackId>` or, where the platform
//! gives nothing back, `hook:<our key>`.

use bridge_api::{ConversationId, MessageId, PersonId};
use serde_json::Value;

use crate::lenient::text;

/// Where something is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place<'a> {
    /// In a group, by its openConversationId.
    Group(&'a str),
    /// To one person, by the userId.
    Direct(&'a str),
    /// To a custom webhook, by its name.
    Webhook(&'a str),
}

/// Where a conversation is.
pub fn place(conversation: &ConversationId) -> Place<'_> {
    let id = conversation.as_str();
    if let Some(user) = id.strip_prefix("user:") {
        Place::Direct(user)
    } else if let Some(name) = id.strip_prefix("webhook:") {
        Place::Webhook(name)
    } else {
        Place::Group(id)
    }
}

/// What a message is on the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known<'a> {
    /// Ours, by its processQueryKey.
    Key(&'a str),
    /// Our card, by its outTrackId.
    Card(&'a str),
    /// Ours, of which the platform told nothing.
    Hook,
    /// Somebody else's.
    Theirs,
}

/// What a message is on the platform.
pub fn known(message: &MessageId) -> Known<'_> {
    match message.as_str().split_once(':') {
        Some(("key", key)) => Known::Key(key),
        Some(("card", track)) => Known::Card(track),
        Some(("hook", _)) => Known::Hook,
        _ => Known::Theirs,
    }
}

/// Who is called `user` in our company.
pub fn person(user: &str) -> Option<PersonId> {
    PersonId::new(user).ok()
}

/// The userId of somebody whom the API can address.
pub fn user(person: &PersonId) -> Option<&str> {
    let id = person.as_str();
    let other = ["union:", "dingtalk:", "corp:"].iter().any(|prefix| id.starts_with(prefix));
    (!other).then_some(id)
}

/// Whether who says a robot's message belongs to another company; nothing where the platform does not say.
pub fn is_external(message: &Value) -> Option<bool> {
    Some(text(message, "senderCorpId")? != text(message, "chatbotCorpId")?)
}

/// Who says a robot's message. Before an app is published there is no userId, and people of other companies have none of ours.
pub fn sender(message: &Value) -> Option<PersonId> {
    let foreign = text(message, "senderCorpId").filter(|_| is_external(message) == Some(true));
    let id = match (text(message, "senderStaffId"), foreign) {
        (Some(user), None) => user,
        (Some(user), Some(corp)) => format!("corp:{corp}:{user}"),
        (None, _) => match text(message, "senderUnionId") {
            Some(union) => format!("union:{union}"),
            None => format!("dingtalk:{}", text(message, "senderId")?),
        },
    };
    PersonId::new(id).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn places_and_messages_are_told_apart() {
        let of = |id: &str| ConversationId::new(id).expect("an id");
        assert_eq!(place(&of("cidA/b+c==")), Place::Group("cidA/b+c=="));
        assert_eq!(place(&of("user:manager4220")), Place::Direct("manager4220"));
        assert_eq!(place(&of("webhook:ops")), Place::Webhook("ops"));
        let of = |id: &str| MessageId::new(id).expect("an id");
        assert_eq!(known(&of("key:pqk=")), Known::Key("pqk="));
        assert_eq!(known(&of("card:a-1")), Known::Card("a-1"));
        assert_eq!((known(&of("hook:a")), known(&of("msgX=="))), (Known::Hook, Known::Theirs));
    }

    #[test]
    fn senders_are_known_by_the_best_id_that_there_is() {
        let table = [
            (json!({"senderStaffId": "u1", "senderUnionId": "x", "senderId": "$:a"}), Some("u1")),
            (json!({"senderStaffId": "u1", "senderCorpId": "c1", "chatbotCorpId": "c1"}), Some("u1")),
            (json!({"senderStaffId": "u1", "senderCorpId": "c2", "chatbotCorpId": "c1"}), Some("corp:c2:u1")),
            (json!({"senderUnionId": "x", "senderId": "$:a"}), Some("union:x")),
            (json!({"senderId": "$:LWCP_v1:$aa"}), Some("dingtalk:$:LWCP_v1:$aa")),
            (json!({}), None),
        ];
        for (message, expected) in table {
            let found = sender(&message);
            assert_eq!(found.as_ref().map(PersonId::as_str), expected, "{message}");
            let addressable = found.as_ref().and_then(user).is_some();
            assert_eq!(addressable, expected == Some("u1"), "{message}");
        }
    }
}
