//! Whether conversations are still there with our app in them, and what they are called: asked at each connection and once a day, where
//! a platform says so. Of a group that was dissolved, that our app was removed from, or that got another name while nobody listened no
//! event tells.

use base::Shutdown;
use bridge_api::{Arrival, Conversation, ConversationKind, Conversations, FailureKind, Happened, Refusal};
use ruma::RoomId;
use store::Batch;

use crate::{
    BridgeError, Bridges,
    backfill::patient,
    bridges::Seat,
    conflicts::until_undisturbed,
    lanes::Lane,
    limits::{STILL_THERE_FAILURES_MAX, STILL_THERE_INTERVAL, STILL_THERE_PAUSE_MIN, STILL_THERE_STEP},
    names::tamed,
    rounds::Rounds,
    tables::PortalRow,
};

impl Bridges {
    /// Asks from time to time, until the shutdown.
    pub(crate) async fn keep_asking_for_conversations(&self, seat: &Seat, shutdown: &Shutdown) {
        let Some(conversations) = seat.connector.conversations() else { return };
        let rounds = Rounds { every: STILL_THERE_INTERVAL, pause_min: STILL_THERE_PAUSE_MIN };
        rounds.keep(seat, shutdown, || Box::pin(self.ask_for_all(seat, conversations)) as _).await;
    }

    /// One after the other: nobody waits for it, and what people say has the platform's requests first.
    async fn ask_for_all(&self, seat: &Seat, conversations: &dyn Conversations) {
        let mut failures = 0;
        for (lane, room) in self.portals().bound(seat.network) {
            if !conversations.tells_absence(&lane.1) {
                continue;
            }
            match until_undisturbed(|| self.ask_for(conversations, &lane, &room)).await {
                Ok(()) => {}
                Err(error) if error.passes() => {
                    tracing::warn!(%error, conversation = %lane.1, "whether it is still there cannot be asked; will try again");
                    failures += 1;
                    if failures == STILL_THERE_FAILURES_MAX {
                        return;
                    }
                }
                Err(error) => {
                    tracing::debug!(%error, conversation = %lane.1, "whether it is still there is not told");
                }
            }
            tokio::time::sleep(STILL_THERE_STEP).await;
        }
    }

    /// Tells the room when its conversation is not there any more, or is there again, and what it is called by now.
    pub(crate) async fn ask_for(
        &self,
        conversations: &dyn Conversations,
        lane: &Lane,
        room: &RoomId,
    ) -> Result<(), BridgeError> {
        let asked_ms = self.0.clock.now_ms();
        let found = match patient(|| conversations.conversation(&lane.1)).await {
            Ok(found) => found,
            Err(failure) => match failure.kind {
                FailureKind::Refused(Refusal::Gone | Refusal::NotInConversation) => None,
                _ => return Err(failure.into()),
            },
        };
        self.note_presence(lane, room, found.is_some(), asked_ms).await?;
        if let Some(found) = found {
            self.note_name(lane, &found).await;
        }
        Ok(())
    }

    /// Notes whether our app is in a conversation, as was asked or proved at a time.
    pub(crate) async fn note_presence(
        &self,
        lane: &Lane,
        room: &RoomId,
        is_there: bool,
        at_ms: u64,
    ) -> Result<(), BridgeError> {
        let row = self.portals().get(lane).filter(|row| row.room.as_deref() == Some(room));
        let Some(row) = row.filter(|row| row.removed_ms.is_none() != is_there) else { return Ok(()) };
        // What an event told meanwhile is newer than the answer.
        if row.removed_ms.max(row.let_in_ms) > Some(at_ms) {
            return Ok(());
        }
        // Events of before the answer may come late, and say nothing more.
        let (key, stands) = match is_there {
            true => ("bridge.told.added", PortalRow { removed_ms: None, let_in_ms: Some(at_ms), ..row }),
            false => ("bridge.told.absent", PortalRow { removed_ms: Some(at_ms), ..row }),
        };
        let (mut batch, name) = (Batch::new(), self.name_of(lane));
        let unique = format!("standing/{}/{}/{at_ms}", lane.0.key(), lane.1);
        self.notice(&mut batch, room, &unique, key, &[("conversation", &name)]);
        self.note_standing(&mut batch, lane, room, stands).await?;
        self.0.store.commit(batch).await?;
        Ok(())
    }

    /// A group may have another name of which no event told. What cannot be taken in now is seen in the next round.
    async fn note_name(&self, lane: &Lane, found: &Conversation) {
        let name = tamed(&found.name);
        let is_group = found.kind == ConversationKind::Group;
        let is_another = self.portals().get(lane).is_some_and(|row| row.name != name);
        if is_group && is_another && !name.is_empty() {
            let renamed = Happened::Renamed { name, by: None };
            if let Err(error) = self.take_change(lane, renamed).await {
                tracing::warn!(?error, conversation = %lane.1, "another name is not taken in; will try again");
            }
        }
    }

    /// When something happened, by the platform's clock: now where it does not say, and no later, or it would outdo what is to come.
    pub(crate) fn happened_ms(&self, arrival: &Arrival) -> u64 {
        let now_ms = self.0.clock.now_ms();
        if arrival.at_ms == 0 { now_ms } else { arrival.at_ms.min(now_ms) }
    }

    /// Notes whether our app is in a conversation and what that is called, and says so in the state of its room where it is new.
    pub(crate) async fn note_standing(
        &self,
        batch: &mut Batch,
        lane: &Lane,
        room: &RoomId,
        row: PortalRow,
    ) -> Result<(), BridgeError> {
        let Some(old) = self.portals().get(lane).filter(|old| *old != row) else { return Ok(()) };
        self.portals().put(batch, lane, row.clone())?;
        let is_new = old.removed_ms.is_some() != row.removed_ms.is_some() || old.name != row.name;
        let Some(seat) = self.seat(lane.0).filter(|_| is_new) else { return Ok(()) };
        let line = self.line_beside(batch, lane.0).await?;
        let mut bound = self.bound_in(lane.0, room);
        for (_, standing) in bound.iter_mut().filter(|(other, _)| other == lane) {
            *standing = row.clone();
        }
        self.state_with(batch, seat, &line, (room, bound));
        Ok(())
    }
}
