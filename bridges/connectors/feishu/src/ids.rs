//! The identifiers of the platform, one type each, so that a chat is never addressed as a person. This file
//! alone makes and checks them.

use serde::{Deserialize, Deserializer};

use crate::limits::ID_BYTES_MAX;

/// Whether a text can be an identifier: it goes into paths and queries, and an answer may hold anything.
fn is_plain(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'=' | b'+' | b'@');
    !text.is_empty() && text.len() <= ID_BYTES_MAX && text.bytes().all(plain)
}

macro_rules! identifiers {
    ($($(#[$doc:meta])* $name:ident, $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// Checks the prefix, the characters and the length; nothing when one is wrong.
            pub fn parse(text: &str) -> Option<Self> {
                (text.starts_with($prefix) && is_plain(text)).then(|| Self(text.to_owned()))
            }

            /// The identifier as the platform writes it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = String::deserialize(from)?;
                Self::parse(&text).ok_or_else(|| serde::de::Error::custom(concat!("not a ", stringify!($name))))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                to.write_str(&self.0)
            }
        }
    )*};
}

identifiers! {
    /// A person or a bot as this app sees them. Another app sees another one.
    OpenId, "ou_";
    /// A conversation, of a group or of two.
    ChatId, "oc_";
    /// A message.
    MessageKey, "om_";
    /// A topic of a conversation.
    TopicId, "omt_";
    /// A picture that is in a message or was uploaded by this app.
    ImageKey, "";
    /// A file that is in a message or was uploaded by this app.
    FileKey, "";
    /// One reaction of one person to one message.
    ReactionId, "";
    /// A department; the root is `0`.
    DepartmentId, "";
}

/// Whom a message is for: the platform counts and limits both alike.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Addressee {
    /// All of a chat.
    Chat(ChatId),
    /// One person, in the chat of the two, which needs no name and may not exist yet.
    Person(OpenId),
}

impl Addressee {
    /// A chat or a person by their id; nothing for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        ChatId::parse(text).map(Self::Chat).or_else(|| OpenId::parse(text).map(Self::Person))
    }

    /// The identifier as the platform writes it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Chat(id) => id.as_str(),
            Self::Person(id) => id.as_str(),
        }
    }

    /// What kind of identifier it is, as `receive_id_type` has it.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Chat(_) => "chat_id",
            Self::Person(_) => "open_id",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_has_its_prefix_and_plain_characters() {
        let chats = [
            ("oc_5ad11d72b830411d72b836c20", true),
            ("om_1", false),
            ("oc_", true),
            ("oc_../../x", false),
            ("oc_a?b=c", false),
            ("oc_群", false),
            ("", false),
        ];
        for (text, good) in chats {
            assert_eq!(ChatId::parse(text).is_some(), good, "{text}");
        }
        assert!(ChatId::parse(&format!("oc_{}", "a".repeat(ID_BYTES_MAX))).is_none());
        assert_eq!(MessageKey::parse("om_1").map(|id| id.to_string()).as_deref(), Some("om_1"));
    }

    #[test]
    fn a_message_is_for_a_chat_or_a_person() {
        let table = [("oc_1", Some("chat_id")), ("ou_1", Some("open_id")), ("om_1", None), ("on_1", None)];
        for (text, kind) in table {
            let found = Addressee::parse(text);
            assert_eq!(found.as_ref().map(Addressee::kind), kind, "{text}");
            assert!(found.is_none_or(|found| found.as_str() == text), "{text}");
        }
    }

    #[test]
    fn a_topic_is_no_message() {
        assert!(MessageKey::parse("omt_1").is_none());
        assert!(TopicId::parse("om_1").is_none());
        assert!(FileKey::parse("file_v3_00b0_8a-9").is_some());
        assert!(FileKey::parse("../x").is_none());
    }
}
