//! What the connector has to remember beyond a restart, on the core's shelf.

use bridge_api::{Failure, Shelf};

const DAY_MS: u64 = 24 * 3600 * 1000;

/// What is remembered, and for how long.
#[derive(Clone, Copy, Debug)]
pub enum Remembered<'a> {
    /// The message that a request with this key became: the platform knows the key for one hour.
    Sent(&'a str),
    /// The id of our reaction of a kind to a message: events do not carry it, and removing takes it.
    Reaction(&'a str, &'a str),
    /// The key of an upload, by digest and kind.
    Upload(&'a str, &'a str),
    /// The revision of a card that is shown.
    Revision(&'a str),
    /// Topics of a chat in which something was said lately.
    ActiveTopics(&'a str),
    /// A message of a topic, to which whatever goes into the topic is a reply.
    Topic(&'a str),
}

impl Remembered<'_> {
    fn key(self) -> String {
        match self {
            Self::Sent(key) => format!("sent:{key}"),
            Self::Reaction(message, kind) => format!("reaction:{message}:{kind}"),
            Self::Upload(digest, kind) => format!("upload:{kind}:{digest}"),
            Self::Revision(message) => format!("revision:{message}"),
            Self::ActiveTopics(chat) => format!("topics:{chat}"),
            Self::Topic(topic) => format!("topic:{topic}"),
        }
    }

    const fn keep_ms(self) -> u64 {
        match self {
            Self::Sent(_) | Self::Upload(..) => 7 * DAY_MS,
            // Cards can be changed for fourteen days.
            Self::Revision(_) | Self::ActiveTopics(_) => 15 * DAY_MS,
            Self::Reaction(..) | Self::Topic(_) => 365 * DAY_MS,
        }
    }

    /// What is remembered; nothing as well for bytes that are no text.
    pub async fn get(self, shelf: &dyn Shelf) -> Result<Option<String>, Failure> {
        let value = shelf.get(&self.key()).await?;
        Ok(value.and_then(|value| String::from_utf8(value).ok()))
    }

    /// Remembers.
    pub async fn put(self, shelf: &dyn Shelf, value: &str) -> Result<(), Failure> {
        Ok(shelf.put(&self.key(), value.as_bytes(), self.keep_ms()).await?)
    }

    /// Forgets.
    pub async fn forget(self, shelf: &dyn Shelf) -> Result<(), Failure> {
        Ok(shelf.remove(&self.key()).await?)
    }
}
