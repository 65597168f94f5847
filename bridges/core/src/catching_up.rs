//! Which conversations have history that is not read yet since their line came up.

use std::{collections::HashSet, time::Duration};

use bridge_api::ConversationId;
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::limits::BEHIND_MAX;

/// What one line is behind with.
#[derive(Default)]
pub(crate) struct CatchingUp(Mutex<State>);

#[derive(Default)]
struct State {
    /// The newest connection.
    serial: u64,
    /// What came live there says nothing of what came before it.
    unread: HashSet<ConversationId>,
    /// Until then what came live waits for its history.
    hold_until: Option<Instant>,
}

impl CatchingUp {
    /// A line is up: the history of these conversations is not read.
    pub fn begin(&self, conversations: impl Iterator<Item = ConversationId>) {
        let mut state = self.0.lock();
        state.serial += 1;
        state.unread.extend(conversations);
        state.hold_until = Some(Instant::now() + BEHIND_MAX);
    }

    /// The newest connection, for [`CatchingUp::is_read`].
    pub fn serial(&self) -> u64 {
        self.0.lock().serial
    }

    /// The history of a conversation is read, as far as it was missed before the connection of this number.
    pub fn is_read(&self, conversation: &ConversationId, serial: u64) {
        let mut state = self.0.lock();
        if state.serial == serial {
            state.unread.remove(conversation);
        }
    }

    /// Whether the history of a conversation is still to be read.
    pub fn is_unread(&self, conversation: &ConversationId) -> bool {
        self.0.lock().unread.contains(conversation)
    }

    /// How long what waits for the conversation's room has to wait for its history at most.
    pub fn held(&self, conversation: &ConversationId) -> Option<Duration> {
        let state = self.0.lock();
        let left = state.hold_until?.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())?;
        state.unread.contains(conversation).then_some(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conversation(name: &str) -> ConversationId {
        ConversationId::new(name).expect("valid")
    }

    #[tokio::test(start_paused = true)]
    async fn what_came_live_waits_for_its_history_and_not_for_ever() {
        let behind = CatchingUp::default();
        assert_eq!(behind.held(&conversation("a")), None);
        behind.begin(["a", "b"].map(conversation).into_iter());
        assert_eq!(behind.held(&conversation("a")), Some(BEHIND_MAX));
        assert_eq!(behind.held(&conversation("new")), None, "nothing was missed there");
        behind.is_read(&conversation("a"), behind.serial());
        assert_eq!(behind.held(&conversation("a")), None);
        tokio::time::advance(BEHIND_MAX).await;
        assert!(behind.held(&conversation("b")).is_none() && behind.is_unread(&conversation("b")));
    }

    #[tokio::test(start_paused = true)]
    async fn history_that_was_read_for_an_older_connection_leaves_open_what_the_newer_one_missed() {
        let behind = CatchingUp::default();
        behind.begin([conversation("a")].into_iter());
        let older = behind.serial();
        behind.begin([conversation("a")].into_iter());
        behind.is_read(&conversation("a"), older);
        assert!(behind.is_unread(&conversation("a")));
    }
}
