//! What becomes of what is sent proves whether our app is in a conversation, at once and also where no event tells: the room of a
//! webhook that was removed, or of a group that is no more, has to know it with the first word that does not arrive there.

use bridge_api::Refusal;
use ruma::RoomId;

use crate::{BridgeError, Bridges, conflicts::until_undisturbed, lanes::Lane};

/// What became of something that was sent to a conversation.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    /// It is there.
    Arrived,
    /// It was refused because our app is not in the conversation.
    Outside,
    /// It was refused because something is no more: what it is about, or all of the conversation.
    Gone,
}

impl Proof {
    /// What a refusal proves, if anything.
    pub fn of(refusal: Option<&Refusal>) -> Option<Self> {
        match refusal? {
            Refusal::NotInConversation => Some(Self::Outside),
            Refusal::Gone => Some(Self::Gone),
            _ => None,
        }
    }
}

impl Bridges {
    /// Notes what is proved of a conversation by what was begun to be sent there at `begun_ms`. What cannot be noted now is proved
    /// again by the next word.
    pub(crate) async fn note_proof(&self, lane: &Lane, room: &RoomId, proof: Proof, begun_ms: u64) {
        let removed_ms = self.portals().get(lane).and_then(|row| row.removed_ms);
        let noted = match (proof, removed_ms) {
            (Proof::Arrived, Some(removed_ms)) if removed_ms < begun_ms => {
                until_undisturbed(|| self.note_presence(lane, room, true, begun_ms)).await
            }
            (proof @ (Proof::Outside | Proof::Gone), None) => {
                until_undisturbed(|| self.look_for(lane, room, &proof)).await
            }
            _ => Ok(()),
        };
        if let Err(error) = noted {
            tracing::warn!(%error, conversation = %lane.1, "it is not noted whether our app is in a conversation");
        }
    }

    /// Asks whether a conversation is still there, where the platform tells that; elsewhere its refusal counts, if it says so.
    async fn look_for(&self, lane: &Lane, room: &RoomId, proof: &Proof) -> Result<(), BridgeError> {
        let conversations = self.seat(lane.0).and_then(|seat| seat.connector.conversations());
        match conversations.filter(|conversations| conversations.tells_absence(&lane.1)) {
            Some(conversations) => self.ask_for(conversations, lane, room).await,
            None if *proof == Proof::Outside => {
                self.note_presence(lane, room, false, self.0.clock.now_ms()).await
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_said_of_the_conversation_proves_something_of_it() {
        assert_eq!(Proof::of(Some(&Refusal::NotInConversation)), Some(Proof::Outside));
        assert_eq!(Proof::of(Some(&Refusal::Gone)), Some(Proof::Gone));
        for other in [None, Some(&Refusal::NotPermitted), Some(&Refusal::Impossible), Some(&Refusal::TooLate)]
        {
            assert_eq!(Proof::of(other), None, "{other:?}");
        }
    }
}
