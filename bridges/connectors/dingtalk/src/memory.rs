//! What is remembered of conversations while the process runs: session webhooks, beginnings of messages, names. Losing it costs
//! an address by name or a quote, never a message.

use bridge_api::{Bounded, ConversationId, MessageId, PersonId, RichText};
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
    names: Mutex<Bounded<PersonId, String>>,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            sessions: Mutex::new(Bounded::new(SESSIONS_MAX)),
            excerpts: Mutex::new(Bounded::new(EXCERPTS_MAX)),
            names: Mutex::new(Bounded::new(NAMES_MAX)),
        }
    }
}

impl Memory {
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
    pub fn said(&self, message: &MessageId, words: &str) {
        self.excerpts.lock().put(message.clone(), RichText::excerpt(words, EXCERPT_CHARACTERS_MAX));
    }

    /// How a message begins.
    pub fn excerpt(&self, message: &MessageId) -> Option<String> {
        self.excerpts.lock().get(message).cloned()
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
    use super::*;

    #[test]
    fn a_session_is_left_before_it_ends() {
        let (memory, conversation) = (Memory::default(), ConversationId::new("cid1").expect("an id"));
        let url = "https://oapi.dingtalk.com/robot/sendBySession?session=s1".parse().expect("an address");
        memory.session_opened(&conversation, Session { url, ends_at_ms: 1_000_000 });
        assert!(memory.session(&conversation, 900_000).is_some());
        assert!(memory.session(&conversation, 940_000).is_none());
        memory.session_ended(&conversation);
        assert!(memory.session(&conversation, 0).is_none());
    }
}
