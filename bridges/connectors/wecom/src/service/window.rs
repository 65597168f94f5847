//! How often each customer may still be answered: the platform takes five messages within two days of what the customer wrote last.
//! What is said is counted durably before it is said, so neither a restart nor an answer that was lost is a way around it. Of whom
//! nothing is written down the platform judges by itself.

use std::sync::Arc;

use bridge_api::{CallError, Clock, ConversationId, Shelf, ShelfRefused, digest};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use super::limits::{ANSWERED_MAX, ANSWERS_MAX, SAME_SECOND_MAX, WINDOW_KEPT_MS, WINDOW_MS};
use crate::client::meaning;

/// The platform's own word for too many messages, and for too late ones.
const TOO_MANY: i64 = 95_001;
const TOO_LATE: i64 = 95_002;

/// What is written down of a customer's conversation.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Row {
    /// When the customer wrote last, in milliseconds since the Unix epoch, and what.
    spoke_ms: u64,
    message: String,
    /// What else they wrote in that same second, because the platform counts time in seconds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    beside: Vec<String>,
    /// The ids under which they were answered since.
    answers: Vec<String>,
    /// The ids under which they were answered before that, the latest last: what is read anew is not taken for theirs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    answered: Vec<String>,
}

impl Row {
    /// Whether something that was written at `at_ms` comes after all that is known.
    fn is_news(&self, message: &str, at_ms: u64) -> bool {
        let is_known = self.message == message || self.beside.iter().any(|known| known == message);
        at_ms > self.spoke_ms || at_ms == self.spoke_ms && !is_known && self.beside.len() < SAME_SECOND_MAX
    }

    /// The same after the customer wrote this.
    fn spoken(mut self, message: &str, at_ms: u64) -> Self {
        let before = std::mem::replace(&mut self.message, message.to_owned());
        if at_ms == self.spoke_ms {
            self.beside.push(before);
        } else {
            self.beside.clear();
        }
        self.spoke_ms = at_ms;
        self.answered.append(&mut self.answers);
        let surplus = self.answered.len().saturating_sub(ANSWERED_MAX);
        self.answered.drain(..surplus);
        self
    }
}

/// The counts of one company.
pub(super) struct Window {
    shelf: Arc<dyn Shelf>,
    clock: Clock,
    /// Rows are read, changed and written one after the other.
    turn: Mutex<()>,
}

impl Window {
    /// Counts on `shelf`.
    pub(super) fn new(shelf: Arc<dyn Shelf>, clock: Clock) -> Self {
        Self { shelf, clock, turn: Mutex::new(()) }
    }

    /// The customer wrote this message at `at_ms`; what is read once more begins nothing anew.
    ///
    /// # Errors
    /// When the shelf refuses.
    pub(super) async fn spoke(
        &self,
        conversation: &ConversationId,
        message: &str,
        at_ms: u64,
    ) -> Result<(), ShelfRefused> {
        let _turn = self.turn.lock().await;
        let row = match self.row(conversation).await? {
            Some(row) if !row.is_news(message, at_ms) => return Ok(()),
            Some(row) => row.spoken(message, at_ms),
            None => Row { spoke_ms: at_ms, message: message.to_owned(), ..Row::default() },
        };
        self.write(conversation, &row).await
    }

    /// Takes one of the answers that are left, for what is said under this id; the same id takes none twice. Whether it took one just
    /// now: what took one before may have been said then, whatever becomes of it now.
    ///
    /// # Errors
    /// What the platform would say when none is left; when it cannot be written down.
    pub(super) async fn take(&self, conversation: &ConversationId, id: &str) -> Result<bool, CallError> {
        let _turn = self.turn.lock().await;
        let Some(mut row) = self.row(conversation).await? else { return Ok(false) };
        if row.answers.iter().any(|known| known == id) {
            return Ok(false);
        }
        let refused = |code| Err(CallError::ours(meaning(code, ""), "the customer has to write again first"));
        if self.clock.now_ms() >= row.spoke_ms.saturating_add(WINDOW_MS) {
            return refused(TOO_LATE);
        }
        if row.answers.len() >= ANSWERS_MAX {
            return refused(TOO_MANY);
        }
        row.answers.push(id.to_owned());
        self.write(conversation, &row).await?;
        Ok(true)
    }

    /// What was to be said under this id was never said.
    pub(super) async fn give_back(&self, conversation: &ConversationId, id: &str) {
        let _turn = self.turn.lock().await;
        let given = async {
            let Some(mut row) = self.row(conversation).await? else { return Ok(()) };
            row.answers.retain(|known| known != id);
            self.write(conversation, &row).await
        };
        if let Err(error) = given.await {
            tracing::warn!(%error, "it is not written down that a customer was not answered");
        }
    }

    /// Whether we said something under this id, as far as it is known.
    ///
    /// # Errors
    /// When the shelf refuses.
    pub(super) async fn is_ours(
        &self,
        conversation: &ConversationId,
        id: &str,
    ) -> Result<bool, ShelfRefused> {
        let row = self.row(conversation).await?;
        Ok(row.is_some_and(|row| row.answers.iter().chain(&row.answered).any(|known| known == id)))
    }

    async fn row(&self, conversation: &ConversationId) -> Result<Option<Row>, ShelfRefused> {
        self.shelf.read(&key(conversation)).await
    }

    async fn write(&self, conversation: &ConversationId, row: &Row) -> Result<(), ShelfRefused> {
        self.shelf.write(&key(conversation), row, WINDOW_KEPT_MS).await
    }
}

fn key(conversation: &ConversationId) -> String {
    format!("service:window:{}", digest(conversation.as_str().as_bytes()))
}

#[cfg(test)]
mod tests {
    use bridge_api::{Meaning, double::Rows};

    use super::*;

    const NOW_MS: u64 = 1_700_000_000_000;

    fn here() -> ConversationId {
        ConversationId::new("service:wkA|wmA").expect("an id")
    }

    fn is_silenced(taken: Result<bool, CallError>) -> bool {
        matches!(taken, Err(CallError { meaning: Meaning::Silenced(_), .. }))
    }

    #[tokio::test]
    async fn five_answers_are_left_after_each_message_also_after_a_restart() {
        let (rows, clock, here) = (Arc::new(Rows::default()), Clock::fake(NOW_MS), here());
        let window = || Window::new(rows.clone(), clock.clone());
        window().take(&here, "unknown").await.expect("the platform judges");
        window().spoke(&here, "m1", NOW_MS).await.expect("written");
        for id in ["a", "b", "b", "c", "d", "e", "a"] {
            window().take(&here, id).await.expect("an answer");
        }
        assert!(is_silenced(window().take(&here, "f").await));
        window().spoke(&here, "m1", NOW_MS).await.expect("read once more");
        assert!(is_silenced(window().take(&here, "f").await));
        window().give_back(&here, "e").await;
        window().take(&here, "f").await.expect("it was given back");
        assert_eq!(window().is_ours(&here, "f").await, Ok(true));
        window().spoke(&here, "m2", NOW_MS).await.expect("written");
        window().take(&here, "g").await.expect("the customer wrote again");
        assert_eq!(window().is_ours(&here, "f").await, Ok(true), "also when it is read once more later");
        assert_eq!(window().is_ours(&here, "unknown").await, Ok(false));
        clock.advance(WINDOW_MS);
        assert!(is_silenced(window().take(&here, "h").await));
        window().take(&here, "g").await.expect("that was said in time");
    }

    #[tokio::test]
    async fn what_is_written_within_one_second_begins_anew_once_each() {
        let (window, here) = (Window::new(Arc::<Rows>::default(), Clock::fake(NOW_MS)), here());
        for message in ["m1", "m2", "m3"] {
            window.spoke(&here, message, NOW_MS).await.expect("written");
        }
        for id in ["a", "b", "c", "d", "e"] {
            assert_eq!(window.take(&here, id).await, Ok(true));
        }
        for message in ["m1", "m2", "m3"] {
            window.spoke(&here, message, NOW_MS).await.expect("read once more");
            assert!(is_silenced(window.take(&here, "f").await), "{message} is known");
        }
        window.spoke(&here, "m4", NOW_MS).await.expect("written");
        assert_eq!(window.take(&here, "f").await, Ok(true), "it came behind the answers");
        window.spoke(&here, "m5", NOW_MS + 1_000).await.expect("written");
        for message in ["m1", "m4", "m5"] {
            let at_ms = if message == "m5" { NOW_MS + 1_000 } else { NOW_MS };
            window.spoke(&here, message, at_ms).await.expect("read once more");
        }
        for id in ["g", "h", "i", "j", "k"] {
            assert_eq!(window.take(&here, id).await, Ok(true));
        }
        assert!(is_silenced(window.take(&here, "l").await));
    }

    #[tokio::test]
    async fn what_is_remembered_of_a_customer_is_bounded() {
        let (window, here) = (Window::new(Arc::<Rows>::default(), Clock::fake(NOW_MS)), here());
        for number in 0..2 * SAME_SECOND_MAX {
            window.spoke(&here, &format!("m{number}"), NOW_MS).await.expect("written");
        }
        for number in 0..=ANSWERED_MAX as u64 {
            window.take(&here, &format!("answer {number}")).await.expect("an answer");
            window.spoke(&here, &format!("n{number}"), NOW_MS + 1_000 * (number + 1)).await.expect("written");
        }
        let row = window.row(&here).await.expect("readable").expect("a row");
        assert_eq!((row.answered.len(), row.beside.len()), (ANSWERED_MAX, 0));
        assert_eq!(window.is_ours(&here, "answer 0").await, Ok(false), "it is the oldest one");
    }

    #[tokio::test]
    async fn what_took_an_answer_before_is_told_apart_from_what_takes_one_now() {
        let (window, here) = (Window::new(Arc::<Rows>::default(), Clock::fake(NOW_MS)), here());
        assert_eq!(window.take(&here, "a").await, Ok(false), "nothing is counted of whom nothing is known");
        window.spoke(&here, "m1", NOW_MS).await.expect("written");
        assert_eq!(window.take(&here, "a").await, Ok(true));
        assert_eq!(window.take(&here, "a").await, Ok(false));
        window.give_back(&here, "a").await;
        assert_eq!(window.take(&here, "a").await, Ok(true));
    }

    #[tokio::test]
    async fn what_cannot_be_written_down_is_not_said() {
        let rows = Arc::new(Rows::default());
        let window = Window::new(rows.clone(), Clock::fake(NOW_MS));
        window.spoke(&here(), "m1", NOW_MS).await.expect("written");
        rows.refuse(true);
        assert_eq!(window.take(&here(), "a").await.expect_err("not written").meaning, Meaning::Busy);
    }
}
