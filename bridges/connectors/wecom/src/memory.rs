//! What is remembered while the process runs: what was said, so that it can be quoted and quotes be known; what people are called;
//! by what a message can be answered. Losing it costs a quote, a name or a second way to answer, never a message.

use std::collections::VecDeque;

use bridge_api::{Bounded, ConversationId, MessageId, PersonId, RichText};
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::limits::{
    ANSWERABLE_FOR, CARD_ANSWER_WITHIN, EXCERPT_CHARACTERS_MAX, EXCERPTS_MAX, HANDLES_MAX, NAMES_MAX,
    QUOTABLE_CONVERSATIONS_MAX, QUOTABLE_MAX,
};

/// What is remembered of one company's conversations.
pub struct Memory {
    excerpts: Mutex<Bounded<MessageId, String>>,
    quotable: Mutex<Bounded<ConversationId, VecDeque<(String, MessageId)>>>,
    names: Mutex<Bounded<PersonId, String>>,
    people: Mutex<Bounded<String, PersonId>>,
    /// By what the last message of a conversation can be answered over the present connection.
    answers: Mutex<Bounded<ConversationId, (String, Instant)>>,
    /// By what a pressed card can be changed.
    presses: Mutex<Bounded<String, (String, Instant)>>,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            excerpts: Mutex::new(Bounded::new(EXCERPTS_MAX)),
            quotable: Mutex::new(Bounded::new(QUOTABLE_CONVERSATIONS_MAX)),
            names: Mutex::new(Bounded::new(NAMES_MAX)),
            people: Mutex::new(Bounded::new(NAMES_MAX)),
            answers: Mutex::new(Bounded::new(HANDLES_MAX)),
            presses: Mutex::new(Bounded::new(HANDLES_MAX)),
        }
    }
}

impl Memory {
    /// Remembers how a message begins, and what it says for those who quote it.
    pub fn said(&self, conversation: &ConversationId, message: &MessageId, speaker: &str, words: &str) {
        let whole = if speaker.is_empty() { words.to_owned() } else { format!("{speaker}: {words}") };
        self.excerpts.lock().put(message.clone(), RichText::excerpt(&whole, EXCERPT_CHARACTERS_MAX));
        let mut quotable = self.quotable.lock();
        let mut known = quotable.take(conversation).unwrap_or_default();
        known.push_back((essence(words), message.clone()));
        known.push_back((essence(&whole), message.clone()));
        while known.len() > 2 * QUOTABLE_MAX {
            known.pop_front();
        }
        quotable.put(conversation.clone(), known);
    }

    /// How a message begins.
    pub fn excerpt(&self, message: &MessageId) -> Option<String> {
        self.excerpts.lock().get(message).cloned()
    }

    /// The one message of a conversation that says this; nothing when several do.
    pub fn quoted(&self, conversation: &ConversationId, words: &str) -> Option<MessageId> {
        let wanted = essence(words);
        let quotable = self.quotable.lock();
        let known = quotable.get(conversation)?;
        let mut found =
            known.iter().filter(|(words, _)| !wanted.is_empty() && *words == wanted).map(|(_, id)| id);
        let first = found.next()?;
        found.all(|other| other == first).then(|| first.clone())
    }

    /// Remembers what somebody is called.
    pub fn called(&self, person: &PersonId, name: &str) {
        if !name.is_empty() {
            self.names.lock().put(person.clone(), name.to_owned());
        }
    }

    /// What somebody is called, if anybody said it yet.
    pub fn name(&self, person: &PersonId) -> Option<String> {
        self.names.lock().get(person).cloned()
    }

    /// Remembers who is behind an encrypted id.
    pub fn is(&self, open: &str, person: &PersonId) {
        self.people.lock().put(open.to_owned(), person.clone());
    }

    /// Who is behind an encrypted id, if it was looked up before.
    pub fn who(&self, open: &str) -> Option<PersonId> {
        self.people.lock().get(open).cloned()
    }

    /// Remembers by what a message of a conversation can be answered.
    pub fn answerable(&self, conversation: &ConversationId, handle: &str) {
        self.answers.lock().put(conversation.clone(), (handle.to_owned(), Instant::now()));
    }

    /// By what the last message of a conversation can be answered.
    pub fn answer(&self, conversation: &ConversationId) -> Option<String> {
        let answers = self.answers.lock();
        let (handle, at) = answers.get(conversation)?;
        (at.elapsed() < ANSWERABLE_FOR).then(|| handle.clone())
    }

    /// Remembers by what a pressed card can be changed for a moment.
    pub fn pressed(&self, task: &str, handle: &str) {
        self.presses.lock().put(task.to_owned(), (handle.to_owned(), Instant::now()));
    }

    /// Takes that by which a pressed card can be changed, if the moment is not over.
    pub fn press(&self, task: &str) -> Option<String> {
        let (handle, at) = self.presses.lock().take(task)?;
        (at.elapsed() < CARD_ANSWER_WITHIN).then_some(handle)
    }

    /// Forgets what only the last connection could answer.
    pub fn disconnected(&self) {
        self.answers.lock().clear();
        self.presses.lock().clear();
    }
}

/// The letters of a text alone: what is quoted comes without its markup.
pub fn essence(words: &str) -> String {
    words.chars().filter(|letter| letter.is_alphanumeric()).take(512).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_quote_is_known_when_one_message_alone_says_it() {
        let memory = Memory::default();
        let here = ConversationId::new("group:a").expect("an id");
        let id = |text: &str| MessageId::new(text).expect("an id");
        memory.said(&here, &id("1"), "", "ok");
        memory.said(&here, &id("2"), "", "ok");
        memory.said(&here, &id("3"), "Ada", "lunch at **12**?");
        assert_eq!(memory.quoted(&here, "ok"), None);
        assert_eq!(memory.quoted(&here, "**Ada:** lunch at 12?"), Some(id("3")));
        assert_eq!(memory.quoted(&here, "lunch at 12?"), Some(id("3")));
        assert_eq!((memory.quoted(&here, "?"), memory.quoted(&here, "dinner")), (None, None));
        assert_eq!(memory.excerpt(&id("3")).as_deref(), Some("Ada: lunch at **12**?"));
    }

    #[tokio::test(start_paused = true)]
    async fn handles_end_with_their_time_and_with_their_connection() {
        let memory = Memory::default();
        let here = ConversationId::new("group:a").expect("an id");
        memory.answerable(&here, "R1");
        memory.pressed("t1", "R2");
        assert_eq!(memory.answer(&here).as_deref(), Some("R1"));
        tokio::time::advance(CARD_ANSWER_WITHIN).await;
        assert_eq!(memory.press("t1"), None);
        memory.disconnected();
        assert_eq!(memory.answer(&here), None);
    }
}
