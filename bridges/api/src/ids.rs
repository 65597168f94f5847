//! Opaque identifiers of a platform. Nobody but its connector reads them; here they are only kept within bounds.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::limits::{
    CURSOR_BYTES_MAX, ID_BYTES_MAX, IDEMPOTENCY_KEY_CHARACTERS_MAX, PART_SUFFIX_CHARACTERS_MAX,
};

/// Why an identifier is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdInvalid {
    /// It is empty.
    #[error("an identifier is empty")]
    Empty,
    /// It is longer than allowed.
    #[error("an identifier is longer than {0} bytes")]
    TooLong(usize),
    /// It holds a control character or a space at its ends.
    #[error("an identifier holds control characters")]
    Garbled,
}

fn checked(text: &str, bytes_max: usize) -> Result<(), IdInvalid> {
    if text.is_empty() {
        return Err(IdInvalid::Empty);
    }
    if text.len() > bytes_max {
        return Err(IdInvalid::TooLong(bytes_max));
    }
    if text.chars().any(char::is_control) || text.trim() != text {
        return Err(IdInvalid::Garbled);
    }
    Ok(())
}

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident, $bytes_max:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The identifier as the platform writes it.
            ///
            /// # Errors
            /// [`IdInvalid`] when it is empty, too long or holds control characters.
            pub fn new(text: impl Into<String>) -> Result<Self, IdInvalid> {
                let text = text.into();
                checked(&text, $bytes_max)?;
                Ok(Self(text))
            }

            /// As the platform writes it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdInvalid;

            fn try_from(text: String) -> Result<Self, IdInvalid> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }
    };
}

identifier!(
    /// A group or a direct chat, stable as long as it exists.
    ConversationId,
    ID_BYTES_MAX
);
identifier!(
    /// A person or a program of the platform, the same in all conversations of one app (Feishu: the `open_id`).
    PersonId,
    ID_BYTES_MAX
);
identifier!(
    /// One message of the platform.
    MessageId,
    ID_BYTES_MAX
);
identifier!(
    /// A file of the platform, by whatever its connector needs to fetch or send it.
    MediaId,
    ID_BYTES_MAX
);
identifier!(
    /// A topic within a conversation.
    ThreadId,
    ID_BYTES_MAX
);
identifier!(
    /// What an arrival is told from its repeats by: it names app, kind and id, because two apps see the same message
    /// (`cli_a:message:om_1`). Equal for every delivery of the same thing, live, repeated or from history.
    EventKey,
    ID_BYTES_MAX
);
identifier!(
    /// An approval, a task or a meeting of our bots, as the bot calls it for ever.
    EntryKey,
    ID_BYTES_MAX
);
identifier!(
    /// An approval, a to-do or an event in a platform's own app, by whatever its connector needs to find it.
    EntryOnPlatform,
    ID_BYTES_MAX
);
identifier!(
    /// Where the next page begins, as the platform gave it.
    Cursor,
    CURSOR_BYTES_MAX
);
identifier!(
    /// By what a platform, or a connector's shelf, knows that it has sent something before.
    IdempotencyKey,
    IDEMPOTENCY_KEY_CHARACTERS_MAX - PART_SUFFIX_CHARACTERS_MAX
);

impl IdempotencyKey {
    /// The key of the `index`-th request that one sending takes: text in pieces, a line that names who sent a file.
    pub fn part(&self, index: usize) -> String {
        if index == 0 { self.0.clone() } else { format!("{}-{}", self.0, index.min(999)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_kept_within_bounds() {
        assert_eq!(MessageId::new("om_1").map(String::from), Ok("om_1".to_owned()));
        assert_eq!(MessageId::new(""), Err(IdInvalid::Empty));
        assert_eq!(MessageId::new("a".repeat(256)), Err(IdInvalid::TooLong(255)));
        for garbled in ["a\0b", "a\nb", " a", "a "] {
            assert_eq!(PersonId::new(garbled), Err(IdInvalid::Garbled), "{garbled:?}");
        }
        assert!(serde_json::from_str::<PersonId>("\"\"").is_err());
        assert_eq!(
            serde_json::to_string(&PersonId::new("on_1").expect("valid")).expect("serialises"),
            "\"on_1\""
        );
    }

    #[test]
    fn parts_of_one_sending_have_keys_of_their_own_within_the_bound() {
        let key = IdempotencyKey::new("k".repeat(46)).expect("valid");
        assert_eq!(key.part(0), key.as_str());
        assert_ne!(key.part(1), key.part(2));
        assert_eq!(key.part(5_000).len(), 50);
        assert!(IdempotencyKey::new("k".repeat(47)).is_err());
    }
}
