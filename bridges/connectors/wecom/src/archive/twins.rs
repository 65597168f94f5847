//! The same words by two ways: a group may be heard by the AI bot and by the archive, which call its messages by different ids.
//! Whichever brings them first wins, the other one is left out, and what is taken back later is known by both ids.

use std::sync::Arc;

use bridge_api::{ConversationId, Failure, MessageId, PersonId, Shelf, digest};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use super::{
    ArchiveSettings,
    limits::{TWINS_KEPT_MS, TWINS_MAX, TWINS_WITHIN_MS},
};
use crate::memory::essence;

/// By which way words came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Way {
    /// By the AI bot.
    Bot,
    /// By the archive.
    Archive,
}

/// Words that somebody said.
pub struct Words<'a> {
    /// Where.
    pub conversation: &'a ConversationId,
    /// Who.
    pub person: &'a PersonId,
    /// What, without what it quotes.
    pub words: &'a str,
    /// By which id this way knows it.
    pub message: &'a MessageId,
    /// When, in milliseconds since the Unix epoch.
    pub at_ms: u64,
}

/// Knows what came by which way.
pub struct Twins {
    settings: ArchiveSettings,
    shelf: Arc<dyn Shelf>,
    /// One looks at a time: both ways may come at the same moment.
    looking: Mutex<()>,
}

/// One time that the same person said the same words in one place.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Seen {
    way: Way,
    message: MessageId,
    at_ms: u64,
    /// The message of the other way that it is.
    twin: Option<MessageId>,
    /// Whether it came behind its twin.
    is_second: bool,
}

impl Twins {
    /// Those of one company.
    pub fn new(settings: ArchiveSettings, shelf: Arc<dyn Shelf>) -> Self {
        Self { settings, shelf, looking: Mutex::new(()) }
    }

    /// The conversation that a group is here.
    pub fn conversation(&self, room: &str) -> Option<ConversationId> {
        self.settings.conversation(room)
    }

    /// The message by which the other way brought the same words before; nothing when they are new. A repeat answers the same.
    ///
    /// # Errors
    /// When the shelf refuses.
    pub async fn earlier(&self, way: Way, said: &Words<'_>) -> Result<Option<MessageId>, Failure> {
        let essence = essence(said.words);
        if essence.is_empty() || !self.settings.is_paired(said.conversation) {
            return Ok(None);
        }
        let of = format!("{}\n{}\n{essence}", said.conversation, said.person);
        let key = format!("twins:{}", digest(of.as_bytes()));
        let _one = self.looking.lock().await;
        let mut known: Vec<Seen> = self.shelf.read(&key).await?.unwrap_or_default();
        if let Some(known) = known.iter().find(|seen| seen.way == way && seen.message == *said.message) {
            return Ok(known.twin.clone().filter(|_| known.is_second));
        }
        let is_near = |seen: &&mut Seen| {
            seen.way != way && seen.twin.is_none() && seen.at_ms.abs_diff(said.at_ms) <= TWINS_WITHIN_MS
        };
        let twin = known.iter_mut().find(is_near).map(|seen| {
            seen.twin = Some(said.message.clone());
            seen.message.clone()
        });
        let is_second = twin.is_some();
        let seen =
            Seen { way, message: said.message.clone(), at_ms: said.at_ms, twin: twin.clone(), is_second };
        known.push(seen);
        if known.len() > TWINS_MAX {
            known.remove(0);
        }
        if let Some(first) = &twin {
            self.shelf.write(&alias(said.message), first, TWINS_KEPT_MS).await?;
        }
        self.shelf.write(&key, &known, TWINS_KEPT_MS).await?;
        Ok(twin)
    }

    /// By which id a message was brought.
    ///
    /// # Errors
    /// When the shelf refuses.
    pub async fn brought(&self, message: MessageId) -> Result<MessageId, Failure> {
        Ok(self.shelf.read(&alias(&message)).await?.unwrap_or(message))
    }
}

fn alias(message: &MessageId) -> String {
    format!("twin:{}", digest(message.as_str().as_bytes()))
}

#[cfg(test)]
mod tests {
    use bridge_api::double::Rows;

    use super::*;
    use crate::archive::tests::settings;

    const AT: u64 = 1_700_000_000_000;

    fn id(text: &str) -> MessageId {
        MessageId::new(text).expect("an id")
    }

    async fn earlier(twins: &Twins, way: Way, message: &str, words: &str, at_ms: u64) -> Option<MessageId> {
        let (conversation, person) = (ConversationId::new("group:wrBot"), PersonId::new("lisi"));
        let (conversation, person) = (conversation.expect("an id"), person.expect("an id"));
        let (conversation, person, message) = (&conversation, &person, &id(message));
        twins.earlier(way, &Words { conversation, person, words, message, at_ms }).await.expect("rows")
    }

    #[tokio::test]
    async fn words_that_come_by_both_ways_count_once_each_time_they_are_said() {
        let rows: Arc<Rows> = Arc::default();
        let twins = Twins::new(settings(), rows.clone());
        assert_eq!(earlier(&twins, Way::Bot, "b1", "ok!", AT).await, None);
        assert_eq!(earlier(&twins, Way::Bot, "b2", "ok", AT + 9_000).await, None);
        // Also after a restart, and however often it comes again.
        let twins = Twins::new(settings(), rows);
        for _ in 0..2 {
            assert_eq!(earlier(&twins, Way::Archive, "a1", "OK", AT).await, None, "letters count");
            assert_eq!(earlier(&twins, Way::Archive, "a2", "ok", AT + 800).await, Some(id("b1")));
            assert_eq!(earlier(&twins, Way::Archive, "a3", "ok", AT + 9_100).await, Some(id("b2")));
            assert_eq!(
                earlier(&twins, Way::Archive, "a4", "ok", AT + 10_000).await,
                None,
                "said a third time"
            );
        }
        assert_eq!(twins.brought(id("a2")).await, Ok(id("b1")));
        assert_eq!(twins.brought(id("a4")).await, Ok(id("a4")));
    }

    #[tokio::test]
    async fn the_archive_may_come_first_and_hours_part_what_is_the_same() {
        let twins = Twins::new(settings(), Arc::<Rows>::default());
        assert_eq!(earlier(&twins, Way::Archive, "a1", "lunch", AT).await, None);
        assert_eq!(earlier(&twins, Way::Bot, "b1", "lunch", AT + 500).await, Some(id("a1")));
        assert_eq!(earlier(&twins, Way::Bot, "b2", "lunch", AT + 24 * 3_600_000).await, None);
        assert_eq!(earlier(&twins, Way::Bot, "b3", "", AT).await, None);
    }
}
