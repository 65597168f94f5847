//! What a restored backup means for positions: none that was given out after the backup is given out again.
//!
//! The backup ends at some position, and the server went on from there before its data was replaced. So the first
//! opening after a restore jumps far past both, in the write that notes which restore this was: the same marker is
//! applied once, whatever stops the process. Positions between the end of the backup and the end of the jump are *lost*:
//! who shows one has seen what this store does not know. What else has to be forgotten is the business of whoever owns
//! the rows; until they are done, the restore stands as unfinished.

use model::StreamPos;
use serde::{Deserialize, Serialize};

use crate::limits::{RESTORE_POSITIONS_JUMP, RESTORES_REMEMBERED_MAX};

/// A restore that the store has to hear of when it is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restore {
    /// What tells it from every other restore.
    pub id: String,
    /// The last position of the data that the backup replaced, as far as anybody could read it.
    pub position_before: StreamPos,
}

/// What the manifest remembers of restores.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Restores {
    /// How many there were.
    pub(crate) epoch: u64,
    /// The newest ones, oldest first.
    pub(crate) newest: Vec<LostPositions>,
    /// Whether something is still to be forgotten.
    pub(crate) is_unfinished: bool,
}

/// Positions that one restore made meaningless.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LostPositions {
    id: String,
    /// The end of the backup.
    after: u64,
    /// The end of the jump.
    up_to: u64,
}

impl Restores {
    /// Notes a restore of data that ends at `stored`, and says where to go on; none for one that was noted before.
    pub(crate) fn note(&mut self, restore: &Restore, stored: StreamPos) -> Option<StreamPos> {
        if self.newest.iter().any(|known| known.id == restore.id) {
            return None;
        }
        let up_to = stored.max(restore.position_before).get() + RESTORE_POSITIONS_JUMP;
        self.epoch += 1;
        self.is_unfinished = true;
        self.newest.push(LostPositions { id: restore.id.clone(), after: stored.get(), up_to });
        let too_many = self.newest.len().saturating_sub(RESTORES_REMEMBERED_MAX);
        self.newest.drain(..too_many);
        Some(StreamPos::new(up_to))
    }

    /// Whether a position was given out by data that was replaced, or by nobody.
    pub(crate) fn has_lost(&self, position: StreamPos) -> bool {
        let position = position.get();
        self.newest.iter().any(|lost| lost.after < position && position < lost.up_to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn restore(id: u64, position_before: u64) -> Restore {
        Restore { id: id.to_string(), position_before: StreamPos::new(position_before) }
    }

    #[test]
    fn a_restore_jumps_once_and_past_everything() {
        let mut restores = Restores::default();
        let position = restores.note(&restore(1, 90), StreamPos::new(40));
        assert_eq!(position, Some(StreamPos::new(90 + RESTORE_POSITIONS_JUMP)));
        assert_eq!(restores.note(&restore(1, 90), StreamPos::new(40)), None);
        assert_eq!((restores.epoch, restores.is_unfinished), (1, true));
        let jumped = 90 + RESTORE_POSITIONS_JUMP;
        for (position, lost) in [(40, false), (41, true), (90, true), (jumped - 1, true), (jumped, false)] {
            assert_eq!(restores.has_lost(StreamPos::new(position)), lost, "{position}");
        }
    }

    #[test]
    fn only_the_newest_are_remembered() {
        let mut restores = Restores::default();
        for id in 0..40 {
            assert!(restores.note(&restore(id, 0), StreamPos::new(id)).is_some());
        }
        assert_eq!((restores.epoch, restores.newest.len()), (40, RESTORES_REMEMBERED_MAX));
    }
}
