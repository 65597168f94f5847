//! Events that another server built, and events on an older part of the graph.
//!
//! The caller has checked form, hashes and signatures and knows every referenced event, or brings the state with it
//! where parents are missing. Here the event is judged three times (its own references, the state before it, the
//! current state; see [`super::judge`]), and the current state is resolved anew over all forward extremities
//! ([`super::adopt`]).

use model::{EventNum, Pdu, RoomNum, StreamPos};
use store::StoreError;

use super::taken::Taken;
use super::{Draft, NewEvent, Writer};
use crate::limits::APPEND_ATTEMPTS_MAX;
use crate::{EventMeta, Rooms, RoomsError};

/// An event whose form, hashes and signatures were checked.
#[derive(Clone, Debug)]
pub struct ForeignEvent {
    /// The event.
    pub pdu: Pdu,
    /// States behind parents that are not known here, as another server tells them: known events each, outliers
    /// mostly. Without any, every parent must be known.
    pub states: Vec<Vec<EventNum>>,
}

impl ForeignEvent {
    /// An event whose parents are all known.
    #[must_use]
    pub fn new(pdu: Pdu) -> Self {
        Self { pdu, states: Vec::new() }
    }
}

/// What became of a foreign event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is in the timeline.
    Accepted {
        /// Its number.
        event: EventNum,
        /// Its place.
        position: StreamPos,
    },
    /// It was here before.
    Known,
    /// It is known with the state around it as history, which a gap takes in: at once, if one names it.
    Kept,
    /// Allowed where it was sent, not by the current state: kept as an ancestor, never shown.
    SoftFailed,
    /// Not allowed where it was sent: kept so that what refers to it can be judged, never used.
    Rejected(String),
}

/// To what end an event is taken in.
#[derive(Clone, Copy, Debug)]
pub(super) enum Taking<'a> {
    /// As news: it comes to the end of the timeline.
    News,
    /// As history: it is judged and waits for its place.
    History,
    /// As news that the room's policy server does not recommend: it is judged, and soft-failed at best.
    Unwanted,
    /// As news that a local user made a moment ago: refused, it leaves nothing.
    Own(&'a NewEvent),
}

/// Why an event of [`Taking::Unwanted`] is soft-failed.
const UNWANTED: &str = "the room's policy server does not recommend it";

impl Rooms {
    /// Takes in an event that this server did not build just now.
    ///
    /// # Errors
    /// [`RoomsError::EventNotFound`] when a referenced event is not known: fetch it first. The
    /// store's own. A refused event is no error but a [`Verdict`].
    pub async fn append_pdu(&self, room: RoomNum, foreign: ForeignEvent) -> Result<Verdict, RoomsError> {
        self.take(room, foreign, Taking::News).await
    }

    /// Judges an event of the past and keeps it with the state around it. It enters the timeline with
    /// [`Rooms::fill_gap`].
    ///
    /// # Errors
    /// As [`Rooms::append_pdu`].
    pub async fn keep_history(&self, room: RoomNum, foreign: ForeignEvent) -> Result<Verdict, RoomsError> {
        self.take(room, foreign, Taking::History).await
    }

    /// As [`Rooms::append_pdu`], refused when no local user is in the room at that moment.
    ///
    /// # Errors
    /// As [`Rooms::append_pdu`], [`RoomsError::RoomNotFound`], and [`RoomsError::NotRecommended`]: whoever sent it
    /// waits for the answer.
    pub(crate) async fn append_pdu_while_resident(
        &self,
        room: RoomNum,
        mut foreign: ForeignEvent,
    ) -> Result<Verdict, RoomsError> {
        foreign.pdu = self.recommended(room, foreign.pdu).await?;
        for _ in 0..APPEND_ATTEMPTS_MAX {
            let mut writer = self.lock_durable(room).await?;
            if !self.is_resident(room).await? {
                return Err(RoomsError::RoomNotFound);
            }
            match self.try_take(room, &mut writer, &foreign, Taking::News).await {
                Err(RoomsError::Store(StoreError::Conflict)) => {}
                outcome => return outcome,
            }
        }
        Err(RoomsError::Contended)
    }

    async fn take(
        &self,
        room: RoomNum,
        mut foreign: ForeignEvent,
        mut taking: Taking<'_>,
    ) -> Result<Verdict, RoomsError> {
        if matches!(taking, Taking::News) {
            match self.recommended(room, foreign.pdu.clone()).await {
                Ok(pdu) => foreign.pdu = pdu,
                Err(RoomsError::NotRecommended(reason)) => {
                    tracing::info!(event_id = %foreign.pdu.event_id(), %reason, "event that is not recommended");
                    taking = Taking::Unwanted;
                }
                Err(error) => return Err(error),
            }
        }
        for _ in 0..APPEND_ATTEMPTS_MAX {
            let mut writer = self.lock_durable(room).await?;
            match self.try_take(room, &mut writer, &foreign, taking).await {
                Err(RoomsError::Store(StoreError::Conflict)) => {}
                outcome => return outcome,
            }
        }
        Err(RoomsError::Contended)
    }

    pub(super) async fn try_take(
        &self,
        room: RoomNum,
        writer: &mut Writer,
        foreign: &ForeignEvent,
        taking: Taking<'_>,
    ) -> Result<Verdict, RoomsError> {
        let outcome = self.try_take_with(room, writer, foreign, taking).await;
        if outcome.is_err() {
            *writer = Writer::default();
        }
        outcome
    }

    async fn try_take_with(
        &self,
        room: RoomNum,
        writer: &mut Writer,
        foreign: &ForeignEvent,
        taking: Taking<'_>,
    ) -> Result<Verdict, RoomsError> {
        let store = &self.parts.store;
        let gap = match taking {
            Taking::News => self.gap_naming(room, writer, &foreign.pdu).await?,
            Taking::History | Taking::Unwanted | Taking::Own(_) => None,
        };
        let known = self.event_num(store, foreign.pdu.event_id()).await?;
        let (event, pdu) = match known {
            // An outlier is judged anew now that its past is known; its stored form counts.
            Some(event) => {
                let meta = self.meta(store, event).await?;
                if meta.room != room {
                    return Err(RoomsError::BadJson("the event belongs to another room".to_owned()));
                }
                if meta.waits_for_a_place() && matches!(taking, Taking::News | Taking::Unwanted) {
                    return self.give_place(room, writer, (event, &*meta), taking).await;
                }
                if !meta.outlier {
                    return Ok(Verdict::Known);
                }
                (event, self.pdu(store, event).await?)
            }
            None => (self.parts.numbers.event_num().await?, foreign.pdu.clone()),
        };
        let taking = if gap.is_some() { Taking::History } else { taking };
        let mut draft = Draft::open(self, room, writer).await?;
        if pdu.room_id() != draft.room_id() {
            return Err(RoomsError::BadJson("the event belongs to another room".to_owned()));
        }
        let judgement = draft.judge(&pdu, &foreign.states).await?;
        let soft_failure = match (&judgement.refusal, taking) {
            (None, Taking::News | Taking::Own(_)) => draft.judge_by_current_state(&pdu).await?,
            (None, Taking::Unwanted) => Some(UNWANTED.to_owned()),
            (Some(_), _) | (None, Taking::History) => None,
        };
        let standing = (soft_failure.is_some(), matches!(taking, Taking::History));
        let mut meta = draft.foreign_meta(event, &pdu, &judgement, standing).await?;
        if let Taking::Own(new) = taking {
            if let Some(refusal) = judgement.refusal.or(soft_failure) {
                return Err(RoomsError::Forbidden(refusal));
            }
            draft.note_request(new, event, &mut meta);
            let taken = Taken { event, pdu: &pdu, meta, is_known: false };
            let position = draft.adopt(taken).await?;
            let commit = self.commit_draft(draft, writer).await?;
            return Ok(Verdict::Accepted { event, position: commit.resolve(position) });
        }
        let taken = Taken { event, pdu: &pdu, meta, is_known: known.is_some() };
        if let Some(refusal) = judgement.refusal {
            tracing::info!(event_id = %pdu.event_id(), refusal, "rejected event");
            self.commit_aside(draft, writer, &taken).await?;
            return Ok(Verdict::Rejected(refusal));
        }
        if let Some(refusal) = soft_failure {
            tracing::info!(event_id = %pdu.event_id(), refusal, "soft-failed event");
            self.commit_aside(draft, writer, &taken).await?;
            return Ok(Verdict::SoftFailed);
        }
        if matches!(taking, Taking::History) {
            self.commit_aside(draft, writer, &taken).await?;
            if let Some(gap) = gap {
                self.try_fill_gaps_up_to(room, writer, &gap, &mut 0).await?;
            }
            return Ok(Verdict::Kept);
        }
        let position = draft.adopt(taken).await?;
        let commit = self.commit_draft(draft, writer).await?;
        Ok(Verdict::Accepted { event, position: commit.resolve(position) })
    }

    /// Puts an event to the end of the timeline that was kept as history and comes as news now: whoever wanted to put
    /// it elsewhere was cut off.
    async fn give_place(
        &self,
        room: RoomNum,
        writer: &mut Writer,
        (event, kept): (EventNum, &EventMeta),
        taking: Taking<'_>,
    ) -> Result<Verdict, RoomsError> {
        let pdu = self.pdu(&self.parts.store, event).await?;
        let mut draft = Draft::open(self, room, writer).await?;
        let soft_failure = match taking {
            Taking::Unwanted => Some(UNWANTED.to_owned()),
            Taking::News | Taking::History | Taking::Own(_) => draft.judge_by_current_state(&pdu).await?,
        };
        let meta = EventMeta { soft_failed: soft_failure.is_some(), ..kept.clone() };
        let taken = Taken { event, pdu: &pdu, meta, is_known: true };
        if let Some(refusal) = soft_failure {
            tracing::info!(event_id = %pdu.event_id(), refusal, "soft-failed event");
            self.commit_aside(draft, writer, &taken).await?;
            return Ok(Verdict::SoftFailed);
        }
        let position = draft.adopt(taken).await?;
        let commit = self.commit_draft(draft, writer).await?;
        Ok(Verdict::Accepted { event, position: commit.resolve(position) })
    }

    /// Keeps an event without a place in the timeline.
    async fn commit_aside(
        &self,
        mut draft: Draft,
        writer: &mut Writer,
        taken: &Taken<'_>,
    ) -> Result<(), RoomsError> {
        draft.put_taken(taken, &taken.meta);
        self.commit_draft(draft, writer).await.map(|_| ())
    }

    pub(super) async fn commit_draft(
        &self,
        draft: Draft,
        writer: &mut Writer,
    ) -> Result<store::Commit, RoomsError> {
        let finished = draft.finish().await?;
        let commit = self.parts.store.commit(finished.batch).await?;
        writer.advance(finished.tip);
        writer.arrived();
        Ok(commit)
    }
}
