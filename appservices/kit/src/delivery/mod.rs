//! One parcel to its end: sent, refused for good, or to be tried again.
//!
//! The key of a letter is its transaction id at the homeserver, so a request whose answer was lost in a crash is
//! repeated and comes to the same event.

mod letters;

use model::StreamPos;
use ruma::OwnedRoomId;
use store::{Batch, StoreError};

use crate::{
    BotError, Kit,
    catch_up::Missed,
    letter::{Letter, Parcel},
    limits::{CONFLICTS_MAX, FILE_BYTES_MAX},
    runtime::Bots,
    tables::{OUTBOX, PIECES, Sent},
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
}

/// Takes a parcel out of the outbox, with what stands beside it.
fn end(batch: &mut Batch, place: StreamPos, pieces: &[(StreamPos, u32)]) {
    batch.delete(&OUTBOX, &place);
    for piece in pieces {
        batch.delete(&PIECES, piece);
    }
}
