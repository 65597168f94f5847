//! What is remembered: for some weeks what was said, so that it can be quoted and quotes be known; while the process runs what people
//! are called, and by what a message can be answered. Losing it costs a quote, a name or a second way to answer, never a message.

use std::{collections::VecDeque, sync::Arc};

use bridge_api::{Bounded, ConversationId, MessageId, PersonId, RichText, Shelf, Slots, digest};
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::{
    ids::{self, Known, Place},
    limits::{
        ANSWERABLE_FOR, CARD_ANSWER_WITHIN, EXCERPT_CHARACTERS_MAX, EXCERPTS_MAX, HANDLES_MAX, NAMES_MAX,
        QUOTABLE_CONVERSATIONS_MAX, QUOTABLE_MAX,
    },
};

/// What is remembered of one company's conversations.
pub struct Memory {
    excerpts: Mutex<Bounded<MessageId, String>>,
    quotable: Mutex<Bounded<ConversationId, VecDeque<(String, MessageId)>>>,
    /// The same on the shelf: by message how it begins, by conversation and words which message says them.
    begins: Slots,
    says: Slots,
    names: Mutex<Bounded<PersonId, String>>,
    people: Mutex<Bounded<String, PersonId>>,
    /// By what the last message of a conversation can be answered over the present connection.
    answers: Mutex<Bounded<ConversationId, (String, Instant)>>,
    /// By what a pressed card can be changed.
    presses: Mutex<Bounded<String, (String, Instant)>>,
}

impl Memory {
    /// Nothing yet but what lies on the shelf.
    pub fn new(shelf: Arc<dyn Shelf>) -> Self {
        Self {
            begins: Slots::new(Arc::clone(&shelf), "begins"),
            says: Slots::new(shelf, "says"),
            excerpts: Mutex::new(Bounded::new(EXCERPTS_MAX)),
            quotable: Mutex::new(Bounded::new(QUOTABLE_CONVERSATIONS_MAX)),
            names: Mutex::new(Bounded::new(NAMES_MAX)),
            people: Mutex::new(Bounded::new(NAMES_MAX)),
            answers: Mutex::new(Bounded::new(HANDLES_MAX)),
            presses: Mutex::new(Bounded::new(HANDLES_MAX)),
        }
    }

    /// Remembers how a message begins, and what it says for those who quote it.
    pub async fn said(&self, conversation: &ConversationId, message: &MessageId, speaker: &str, words: &str) {
        let whole = if speaker.is_empty() { words.to_owned() } else { format!("{speaker}: {words}") };
        let excerpt = RichText::excerpt(&whole, EXCERPT_CHARACTERS_MAX);
        // Ours stand there with the name of who says them, and are quoted so.
        let quoted = if ids::known(message) == Known::Theirs { words } else { whole.as_str() };
        tokio::join!(
            self.keep(conversation, message, &excerpt),
            self.keep_saying(conversation, message, quoted)
        );
        self.excerpts.lock().put(message.clone(), excerpt);
        let mut quotable = self.quotable.lock();
        let mut known = quotable.take(conversation).unwrap_or_default();
        known.push_back((essence(words), message.clone()));
        known.push_back((essence(&whole), message.clone()));
        while known.len() > 2 * QUOTABLE_MAX {
            known.pop_front();
        }
        quotable.put(conversation.clone(), known);
    }

    /// Writes down how a message begins, unless nothing can be said there that quotes it.
    async fn keep(&self, conversation: &ConversationId, message: &MessageId, excerpt: &str) {
        if !matches!(ids::place(conversation), Some(Place::Archived(_))) {
            self.begins.put(message.as_str(), excerpt).await;
        }
    }

    /// Writes down which message of a conversation says this, or that several do.
    async fn keep_saying(&self, conversation: &ConversationId, message: &MessageId, words: &str) {
        let Some(key) = key_of(conversation, words) else { return };
        let said = |before: Option<&str>| match before {
            None => Some(message.as_str().to_owned()),
            Some(known) if known == message.as_str() => None,
            // Written anew each time: were it to make place, the next one would seem to be the only one.
            Some(_) => Some(SEVERAL.to_owned()),
        };
        self.says.change(&key, said).await;
    }

    /// How a message begins.
    pub async fn excerpt(&self, message: &MessageId) -> Option<String> {
        let held = self.excerpts.lock().get(message).cloned();
        match held {
            Some(excerpt) => Some(excerpt),
            None => self.begins.get(message.as_str()).await,
        }
    }

    /// The one message of a conversation that says this; nothing when several do.
    pub async fn quoted(&self, conversation: &ConversationId, words: &str) -> Option<MessageId> {
        match &*self.saying(conversation, words) {
            [one] => Some(one.clone()),
            [] => {
                let known = self.says.get(&key_of(conversation, words)?).await?;
                MessageId::new(known).ok().filter(|known| known.as_str() != SEVERAL)
            }
            _ => None,
        }
    }

    /// The same among what was said since the start of the process.
    pub fn said_lately(&self, conversation: &ConversationId, words: &str) -> Option<MessageId> {
        match &*self.saying(conversation, words) {
            [one] => Some(one.clone()),
            _ => None,
        }
    }

    /// Which of the last messages of a conversation say this.
    fn saying(&self, conversation: &ConversationId, words: &str) -> Vec<MessageId> {
        let wanted = essence(words);
        let quotable = self.quotable.lock();
        let known = quotable.get(conversation).filter(|_| !wanted.is_empty());
        let saying = known.into_iter().flatten().filter(|(words, _)| *words == wanted);
        let mut found: Vec<MessageId> = saying.map(|(_, id)| id.clone()).collect();
        found.dedup();
        found
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

/// What stands on the shelf where several messages of a conversation say the same.
const SEVERAL: &str = "-";

/// Under what the words of a conversation lie on the shelf; nothing for words without letters.
fn key_of(conversation: &ConversationId, words: &str) -> Option<String> {
    let essence = essence(words);
    (!essence.is_empty()).then(|| digest(format!("{conversation}\n{essence}").as_bytes()))
}

/// The letters of a text alone: what is quoted comes without its markup.
pub fn essence(words: &str) -> String {
    words.chars().filter(|letter| letter.is_alphanumeric()).take(512).collect()
}

#[cfg(test)]
mod tests {
    use bridge_api::{double::Rows, limits::SLOT_ROWS};

    use super::*;

    fn memory(rows: &Arc<Rows>) -> Memory {
        Memory::new(rows.clone())
    }

    #[tokio::test(start_paused = true)]
    async fn a_quote_is_known_when_one_message_alone_says_it_also_after_a_restart() {
        let rows = Arc::default();
        let held = memory(&rows);
        let here = ConversationId::new("group:a").expect("an id");
        let id = |text: &str| MessageId::new(text).expect("an id");
        held.said(&here, &id("1"), "", "ok").await;
        held.said(&here, &id("2"), "", "ok").await;
        held.said(&here, &id("3"), "Li", "rain?").await;
        held.said(&here, &id("msg:4"), "Ada", "lunch at **12**?").await;
        assert_eq!(held.quoted(&here, "lunch at 12?").await, Some(id("msg:4")));
        for memory in [held, memory(&rows)] {
            assert_eq!(memory.quoted(&here, "ok").await, None);
            assert_eq!(memory.quoted(&here, "rain?").await, Some(id("3")));
            assert_eq!(memory.quoted(&here, "**Ada:** lunch at 12?").await, Some(id("msg:4")));
            assert_eq!((memory.quoted(&here, "?").await, memory.quoted(&here, "dinner").await), (None, None));
            assert_eq!(memory.excerpt(&id("msg:4")).await.as_deref(), Some("Ada: lunch at **12**?"));
            let elsewhere = ConversationId::new("group:b").expect("an id");
            assert_eq!(memory.quoted(&elsewhere, "rain?").await, None);
        }
        assert_eq!(memory(&rows).said_lately(&here, "rain?"), None, "that was before the restart");
    }

    #[tokio::test]
    async fn that_several_say_the_same_is_as_young_as_the_last_one_that_says_it() {
        let rows: Arc<dyn Shelf> = Arc::<Rows>::default();
        let memory = Memory::new(Arc::clone(&rows));
        let here = ConversationId::new("group:a").expect("an id");
        let id = |text: &str| MessageId::new(text).expect("an id");
        for number in ["1", "2"] {
            memory.keep_saying(&here, &id(number), "ok").await;
        }
        let mut name = String::new();
        for index in 0..SLOT_ROWS {
            if rows.get(&format!("says:{index}")).await.expect("rows").is_some() {
                name = format!("says:{index}");
            }
        }
        let said = async || rows.read::<Vec<(String, String)>>(&name).await.expect("rows").expect("a row");
        let key = key_of(&here, "ok").expect("letters");
        for number in 0.. {
            memory.keep_saying(&here, &id("3"), &format!("other {number}")).await;
            if said().await.len() > 1 {
                break;
            }
        }
        assert_eq!(said().await[0].0, key);
        memory.keep_saying(&here, &id("4"), "ok").await;
        assert_eq!(said().await[1], (key, SEVERAL.to_owned()));
    }

    #[tokio::test(start_paused = true)]
    async fn handles_end_with_their_time_and_with_their_connection() {
        let memory = memory(&Arc::default());
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
