//! What is remembered of conversations: session webhooks and names while the process runs, beginnings of messages for some weeks.
//! Losing it costs an address by name or a quote, never a message.

use std::sync::Arc;

use bridge_api::{Bounded, ConversationId, MessageId, PersonId, RichText, Shelf, Slots};
use parking_lot::Mutex;
use reqwest::Url;

use crate::limits::{EXCERPT_CHARACTERS_MAX, EXCERPTS_MAX, NAMES_MAX, SESSION_MARGIN_MS, SESSIONS_MAX};

/// A webhook that answers in one conversation for a while. Whoever holds its address may speak there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Where to post.
    pub url: Url,
    /// When it ends, in milliseconds since the Unix epoch.
    pub ends_at_ms: u64,
}

/// What is remembered of one app's conversations.
pub struct Memory {
    sessions: Mutex<Bounded<ConversationId, Session>>,
    excerpts: Mutex<Bounded<MessageId, String>>,
    /// The same on the shelf.
    kept: Slots,
    names: Mutex<Bounded<PersonId, String>>,
}

impl Memory {
    /// Nothing yet but what lies on the shelf.
    pub fn new(shelf: Arc<dyn Shelf>) -> Self {
        Self {
            sessions: Mutex::new(Bounded::new(SESSIONS_MAX)),
            excerpts: Mutex::new(Bounded::new(EXCERPTS_MAX)),
            kept: Slots::new(shelf, "said"),
            names: Mutex::new(Bounded::new(NAMES_MAX)),
        }
    }

    /// Remembers a session webhook.
    pub fn session_opened(&self, conversation: &ConversationId, session: Session) {
        self.sessions.lock().put(conversation.clone(), session);
    }

    /// The session webhook of a conversation, unless its end is near.
    pub fn session(&self, conversation: &ConversationId, now_ms: u64) -> Option<Session> {
        let sessions = self.sessions.lock();
        let session = sessions.get(conversation)?;
        (now_ms.saturating_add(SESSION_MARGIN_MS) < session.ends_at_ms).then(|| session.clone())
    }

    /// Forgets a session webhook that the platform does not know any more.
    pub fn session_ended(&self, conversation: &ConversationId) {
        self.sessions.lock().take(conversation);
    }

    /// Remembers how a message begins.
    pub async fn said(&self, message: &MessageId, words: &str) {
        self.heard(message, words);
        self.keep(message).await;
    }

    /// The same for as long as the process runs, until [`Memory::keep`] writes it down.
    pub fn heard(&self, message: &MessageId, words: &str) {
        let excerpt = RichText::excerpt(words, EXCERPT_CHARACTERS_MAX);
        self.excerpts.lock().put(message.clone(), excerpt);
    }

    /// Writes down how a message begins.
    pub async fn keep(&self, message: &MessageId) {
        let held = self.excerpts.lock().get(message).cloned();
        if let Some(excerpt) = held {
            self.kept.put(message.as_str(), &excerpt).await;
        }
    }

    /// How a message begins.
    pub async fn excerpt(&self, message: &MessageId) -> Option<String> {
        let held = self.excerpts.lock().get(message).cloned();
        match held {
            Some(excerpt) => Some(excerpt),
            None => self.kept.get(message.as_str()).await,
        }
    }

    /// Remembers what somebody is called.
    pub fn called(&self, person: &PersonId, name: &str) {
        if !name.is_empty() {
            self.names.lock().put(person.clone(), name.to_owned());
        }
    }

    /// What somebody is called; their id when nobody said it yet.
    pub fn name(&self, person: &PersonId) -> String {
        self.names.lock().get(person).cloned().unwrap_or_else(|| person.as_str().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use bridge_api::double::Rows;

    use super::*;

    #[tokio::test]
    async fn how_a_message_begins_is_known_after_a_restart() {
        let rows = Arc::new(Rows::default());
        let message = MessageId::new("msgX==").expect("an id");
        Memory::new(rows.clone()).said(&message, "Li: hello").await;
        let memory = Memory::new(rows);
        assert_eq!(memory.excerpt(&message).await.as_deref(), Some("Li: hello"));
        assert_eq!(memory.excerpt(&MessageId::new("msgY==").expect("an id")).await, None);
    }

    #[test]
    fn a_session_is_left_before_it_ends() {
        let memory = Memory::new(Arc::new(Rows::default()));
        let conversation = ConversationId::new("cid1").expect("an id");
        let url = "https://oapi.dingtalk.com/robot/sendBySession?session=s1".parse().expect("an address");
        memory.session_opened(&conversation, Session { url, ends_at_ms: 1_000_000 });
        assert!(memory.session(&conversation, 900_000).is_some());
        assert!(memory.session(&conversation, 940_000).is_none());
        memory.session_ended(&conversation);
        assert!(memory.session(&conversation, 0).is_none());
    }
}
