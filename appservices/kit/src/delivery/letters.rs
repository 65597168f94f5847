//! One letter at the homeserver: where it goes, what it refers to, what it is sent as.

use model::StreamPos;
use ruma::{OwnedEventId, OwnedRoomId};
use sha2::{Digest as _, Sha256};
use store::StoreError;

use super::{Done, Undelivered};
use crate::{
    Intent, Kit, content,
    letter::{Letter, Related, Relation, To},
    tables::{SENT, Sent},
};

impl Kit {
    /// The reactions that a letter offers. A new version says them, or has them behind it; else they are those of the letter
    /// itself.
    async fn reactions_of(&self, letter: &Letter, place: StreamPos) -> Result<Vec<String>, StoreError> {
        match &letter.relation {
            Some(Relation::Edits(Related::Letter(key))) => {
                if let Some(offers) = &letter.offers {
                    return Ok(offers.clone());
                }
                let behind = self.reactions_behind(key, place).await?;
                if !behind.is_empty() {
                    return Ok(behind);
                }
                let sent = self.0.store.get(&SENT, key).await?;
                Ok(sent.map(|sent| sent.reactions).unwrap_or_default())
            }
            Some(Relation::Reacts(..) | Relation::Redacts(_)) => Ok(Vec::new()),
            Some(_) | None => self.reactions_below(letter, place).await,
        }
    }

    pub(super) async fn send_letter(
        &self,
        intent: &Intent,
        letter: &Letter,
        place: StreamPos,
    ) -> Result<Done, Undelivered> {
        if self.0.store.exists(&SENT, &letter.key).await? {
            return Ok(Done::Nothing);
        }
        let related = match letter.relation.as_ref().map(Relation::related) {
            Some(related) => Some(self.related(related).await?),
            None => None,
        };
        let moved = self.moved(letter, related.as_ref()).await?;
        // What refers to another letter has to be where that one is.
        let room = match (&moved, &related, &letter.to) {
            (Some((room, _)), _, _) | (_, Some((Some(room), _)), _) | (_, Some(_), To::Room(room)) => {
                room.clone()
            }
            (_, None, To::Room(room)) => self.successor(&letter.bot, room).await?,
            (_, _, To::Direct(user)) => self.direct_room(intent, &letter.bot, user).await?,
            (_, _, To::Place(key)) => self.place_room(intent, &letter.bot, key).await?,
        };
        if let ("m.room.member", Some(user)) = (&*letter.kind, &letter.state_key)
            && letter.content["membership"] == "invite"
        {
            // Somebody of another server is asked in with that server's consent, which state alone does not get.
            intent.invite(&room, user).await?;
            return Ok(Done::Nothing);
        }
        let transaction_id = transaction_id(&letter.key);
        // Reactions, redactions and state are in the clear everywhere.
        let is_message = letter.state_key.is_none()
            && !matches!(letter.relation, Some(Relation::Reacts(..) | Relation::Redacts(_)));
        let encryption = if is_message { self.encryption_of(intent, &room).await? } else { None };
        let target = related.as_ref().filter(|_| moved.is_none()).map(|(_, event)| event);
        let reactions = self.reactions_of(letter, place).await?;
        let hidden = match letter.is_secret && is_message && encryption.is_none() {
            true => Some(self.without_secret(letter).await?),
            false => None,
        };
        let letter = hidden.as_ref().unwrap_or(letter);
        let carried = Box::pin(self.carried(intent, letter, encryption.is_some())).await?;
        let content = content::of(letter, carried, &reactions, target);
        let event = match (&letter.relation, &letter.state_key, &related) {
            (Some(Relation::Redacts(_)), _, Some((_, target))) => {
                intent.redact(&room, target, &transaction_id, content).await?
            }
            (Some(Relation::Reacts(..)), _, _) => {
                intent.send(&room, "m.reaction", &transaction_id, content).await?
            }
            (_, Some(state_key), _) => intent.set_state(&room, &letter.kind, state_key, content).await?,
            (_, None, _) => match encryption {
                Some(rules) => {
                    let inside = (&*letter.kind, &content);
                    let sealed = self.sealed(&letter.bot, intent, &room, &rules, inside).await?;
                    intent.send(&room, "m.room.encrypted", &transaction_id, sealed).await?
                }
                None => intent.send(&room, &letter.kind, &transaction_id, content).await?,
            },
        };
        let sent = Sent { room, event, kept_day: 0, reactions };
        Ok(match moved {
            Some((_, key)) => Done::Moved(sent, key),
            None => Done::Sent(sent),
        })
    }

    /// Where a new version of a letter becomes a message of its own, and the key of that letter: in the room that took the place
    /// of the letter's, where people are now.
    async fn moved(
        &self,
        letter: &Letter,
        related: Option<&(Option<OwnedRoomId>, OwnedEventId)>,
    ) -> Result<Option<(OwnedRoomId, String)>, Undelivered> {
        let (Some(Relation::Edits(Related::Letter(key))), Some((Some(old), _))) = (&letter.relation, related)
        else {
            return Ok(None);
        };
        let next = self.successor(&letter.bot, old).await?;
        Ok((next != *old).then(|| (next, key.clone())))
    }

    /// The event that is referred to, and its room where it was a letter.
    async fn related(&self, related: &Related) -> Result<(Option<OwnedRoomId>, OwnedEventId), Undelivered> {
        match related {
            Related::Event(event) => Ok((None, event.clone())),
            Related::Letter(key) => match self.0.store.get(&SENT, key).await? {
                Some(Sent { room, event, .. }) => Ok((Some(room), event)),
                None => {
                    Err(Undelivered::Refused(format!("the letter {key:?} that it refers to was not sent")))
                }
            },
        }
    }
}

/// Keys hold whatever ids bots have; transaction ids stand in paths.
fn transaction_id(key: &str) -> String {
    let digest = Sha256::digest(key.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
