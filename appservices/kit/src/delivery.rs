//! One parcel to its end: sent, refused for good, or to be tried again.
//!
//! The key of a letter is its transaction id at the homeserver, so a request whose answer was lost in a crash is
//! repeated and comes to the same event.

use model::StreamPos;
use ruma::{OwnedEventId, OwnedRoomId};
use sha2::{Digest as _, Sha256};
use store::{Batch, StoreError};

use crate::{
    BotError, Intent, Kit,
    catch_up::Missed,
    content,
    letter::{Letter, Parcel, Related, Relation, To},
    limits::{CONFLICTS_MAX, FILE_BYTES_MAX},
    runtime::Bots,
    tables::{OUTBOX, PIECES, SENT, Sent},
    wire::CallError,
    work::Task,
};

/// What a parcel came to.
enum Done {
    Sent(Sent),
    /// A new version of the letter with this key is a message of its own, because the room of that letter was replaced.
    Moved(Sent, String),
    Joined(Vec<Missed>),
    /// There is nothing to remember.
    Nothing,
}

/// Why a parcel is not delivered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Undelivered {
    /// It never will be.
    #[error("{0}")]
    Refused(String),
    /// The homeserver's side; the error says when to try again.
    #[error(transparent)]
    Call(CallError),
    /// This bot is not in this room yet; its coming wakes what waits for it.
    #[error("{0} is on its way into {1}")]
    OnTheWay(String, OwnedRoomId),
    /// Our side.
    #[error(transparent)]
    Bot(#[from] BotError),
}

impl From<StoreError> for Undelivered {
    fn from(error: StoreError) -> Self {
        Self::Bot(error.into())
    }
}

impl From<CallError> for Undelivered {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Refused { .. } => Self::Refused(error.to_string()),
            CallError::Limited(_) | CallError::Unreachable(_) => Self::Call(error),
        }
    }
}

impl Kit {
    /// Delivers the parcel of this place and takes it out of the outbox. One that is refused for good is taken out as
    /// well, after its bot has been told.
    ///
    /// # Errors
    /// What may pass; the parcel stays.
    pub(crate) async fn deliver(&self, place: StreamPos, bots: &Bots) -> Result<(), Undelivered> {
        let Some(parcel) = self.0.store.get(&OUTBOX, &place).await? else { return Ok(()) };
        // Lanes are many, and each file may be as large as a letter may have one.
        let _turn = match &parcel {
            Parcel::Laden { letter, bytes } if letter.attachment.is_some() && *bytes <= FILE_BYTES_MAX => {
                Some(self.0.passing.lock().await)
            }
            Parcel::Letter(_) | Parcel::Laden { .. } | Parcel::Join { .. } | Parcel::Leave { .. } => None,
        };
        let parcel = self.unpacked(place, parcel).await?;
        let done = match self.send(&parcel, place).await {
            Ok(done) => done,
            Err(Undelivered::Refused(reason)) => return self.give_back(place, &parcel, &reason, bots).await,
            Err(error) => return Err(error),
        };
        self.keep(place, &parcel, &done).await?;
        match done {
            Done::Sent(_) | Done::Moved(..) => {
                metrics::counter!("bots_letters_total", "outcome" => "sent").increment(1);
            }
            Done::Joined(_) => self.0.arrived.notify_waiters(),
            Done::Nothing => {}
        }
        Ok(())
    }

    /// Notes what a parcel came to and takes it out of the outbox; anew where somebody changed the same rows in between, for
    /// the transaction that tells of a join comes together with the answer.
    async fn keep(&self, place: StreamPos, parcel: &Parcel, done: &Done) -> Result<(), StoreError> {
        let pieces = self.pieces(place, parcel).await?;
        for _ in 0..CONFLICTS_MAX {
            let mut batch = Batch::new();
            end(&mut batch, place, &pieces);
            match (parcel, done) {
                (Parcel::Letter(letter), Done::Sent(sent)) => {
                    self.keep_letter(&mut batch, letter, sent.clone()).await?;
                }
                (Parcel::Letter(letter), Done::Moved(sent, key)) => {
                    self.keep_moved(&mut batch, letter, key, sent.clone()).await?;
                }
                (Parcel::Join { bot, room }, Done::Joined(missed)) => {
                    self.come(&mut batch, bot, room).await?;
                    self.meet(&mut batch, bot, room).await?;
                    self.hear_missed(&mut batch, bot, missed).await?;
                    self.want_description(&mut batch, bot, room).await?;
                }
                (_, Done::Sent(_) | Done::Moved(..) | Done::Joined(_) | Done::Nothing) => {}
            }
            match self.0.store.commit(batch).await {
                Err(StoreError::Conflict) => {}
                outcome => return outcome.map(drop),
            }
        }
        Err(StoreError::Conflict)
    }

    async fn give_back(
        &self,
        place: StreamPos,
        parcel: &Parcel,
        reason: &str,
        bots: &Bots,
    ) -> Result<(), Undelivered> {
        metrics::counter!("bots_letters_total", "outcome" => "refused").increment(1);
        tracing::warn!(reason, lane = parcel.lane(self.server_name()), "what a bot sends is refused");
        let pieces = self.pieces(place, parcel).await?;
        let word = match parcel {
            Parcel::Letter(letter) => self.not_taken_away(letter).await?,
            Parcel::Laden { .. } | Parcel::Join { .. } | Parcel::Leave { .. } => None,
        };
        let end = |batch: &mut Batch| {
            end(batch, place, &pieces);
            word.iter().for_each(|letter| self.0.outbox.put(batch, letter.clone()));
        };
        match (parcel, bots.get(parcel.bot())) {
            (Parcel::Letter(Letter { key, .. }), Some(bot)) => {
                let _turn = bots.turn(bot.localpart()).await;
                Ok(self.have(&**bot, &Task::Undeliverable { key, reason }, &end).await?)
            }
            (Parcel::Letter(_) | Parcel::Laden { .. } | Parcel::Join { .. } | Parcel::Leave { .. }, _) => {
                let mut batch = Batch::new();
                end(&mut batch);
                if let Parcel::Join { bot, room } = parcel {
                    self.stay_away(&mut batch, bot, room).await?;
                }
                self.0.store.commit(batch).await?;
                Ok(())
            }
        }
    }

    /// Asks the homeserver.
    async fn send(&self, parcel: &Parcel, place: StreamPos) -> Result<Done, Undelivered> {
        let unknown = || Undelivered::Refused(format!("no bot is called {:?}", parcel.bot()));
        let intent = self.intent(parcel.bot()).ok_or_else(unknown)?;
        match parcel {
            Parcel::Join { room, .. } => {
                intent.join(room).await?;
                self.encryption_of(&intent, room).await?;
                Ok(Done::Joined(self.missed(&intent, room).await?))
            }
            Parcel::Leave { room, .. } => {
                intent.leave(room).await?;
                Ok(Done::Nothing)
            }
            Parcel::Letter(letter) | Parcel::Laden { letter, .. } => {
                self.send_letter(&intent, letter, place).await
            }
        }
    }

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

    async fn send_letter(
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

/// Takes a parcel out of the outbox, with what stands beside it.
fn end(batch: &mut Batch, place: StreamPos, pieces: &[(StreamPos, u32)]) {
    batch.delete(&OUTBOX, &place);
    for piece in pieces {
        batch.delete(&PIECES, piece);
    }
}

/// Keys hold whatever ids bots have; transaction ids stand in paths.
fn transaction_id(key: &str) -> String {
    let digest = Sha256::digest(key.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
