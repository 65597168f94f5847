//! What is remembered of conversations while the process runs: session webhooks, beginnings of messages, names. Losing it costs
//! an address by name or a quote, never a message.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
};

use bridge_api::{ConversationId, MessageId, PersonId};
use parking_lot::Mutex;
use reqwest::Url;

use crate::limits::{EXCERPT_CHARACTERS_MAX, EXCERPTS_MAX, NAMES_MAX, SESSION_MARGIN_MS, SESSIONS_MAX};

/// A map that forgets what was put in first when it is full.
struct Bounded<K, V> {
    most: usize,
    map: HashMap<K, V>,
    order: VecDeque<K>,
}

impl<K: Clone + Eq + Hash, V> Bounded<K, V> {
    fn new(most: usize) -> Self {
        Self { most, map: HashMap::new(), order: VecDeque::new() }
    }

    fn put(&mut self, key: K, value: V) {
        if self.map.insert(key.clone(), value).is_none() {
            self.order.push_back(key);
        }
        while self.order.len() > self.most {
            if let Some(oldest) = self.order.pop_front() {
                self.map.remove(&oldest);
            }
        }
    }

    fn remove(&mut self, key: &K) {
        if self.map.remove(key).is_some() {
            self.order.retain(|known| known != key);
        }
    }
}

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
        let session = sessions.map.get(conversation)?;
        (now_ms.saturating_add(SESSION_MARGIN_MS) < session.ends_at_ms).then(|| session.clone())
    }

    /// Forgets a session webhook that the platform does not know any more.
    pub fn session_ended(&self, conversation: &ConversationId) {
        self.sessions.lock().remove(conversation);
    }

    /// Remembers how a message begins.
    pub fn said(&self, message: &MessageId, words: &str) {
        let mut excerpt: String =
            words.lines().next().unwrap_or_default().chars().take(EXCERPT_CHARACTERS_MAX).collect();
        if excerpt.len() < words.trim_end().len() {
            excerpt.push('…');
        }
        self.excerpts.lock().put(message.clone(), excerpt);
    }

    /// How a message begins.
    pub fn excerpt(&self, message: &MessageId) -> Option<String> {
        self.excerpts.lock().map.get(message).cloned()
    }

    /// Remembers what somebody is called.
    pub fn called(&self, person: &PersonId, name: &str) {
        if !name.is_empty() {
            self.names.lock().put(person.clone(), name.to_owned());
        }
    }

    /// What somebody is called; their id when nobody said it yet.
    pub fn name(&self, person: &PersonId) -> String {
        self.names.lock().map.get(person).cloned().unwrap_or_else(|| person.as_str().to_owned())
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

    #[test]
    fn a_full_map_forgets_what_is_oldest() {
        let mut map = Bounded::new(2);
        for key in ["a", "b", "a", "c"] {
            map.put(key, ());
        }
        assert!(!map.map.contains_key("a") && map.map.contains_key("b") && map.map.contains_key("c"));
        assert_eq!(map.order.len(), 2);
    }
}
