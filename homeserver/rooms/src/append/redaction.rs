//! Redactions: the stored copy loses what its room version does not keep.

use model::{EventNum, Pdu, TimelinePos};
use ruma::EventId;

use super::Draft;
use crate::RoomsError;
use crate::index::{self, Indexed};
use crate::read::EventMeta;
use crate::stored::StoredEvent;
use crate::tables::{EVENT, EVENT_META, PENDING_REDACTION};

impl Draft {
    /// Applies a redaction to its target, or leaves a note for when the target comes.
    ///
    /// A target in another room, an unknown one and one that the redaction may not touch stay as
    /// they are: the redaction itself is an event like any other.
    pub(super) async fn apply_redaction(
        &mut self,
        redaction: EventNum,
        pdu: &Pdu,
        redacts: &EventId,
    ) -> Result<(), RoomsError> {
        let store = self.rooms.parts.store.clone();
        let Some(target) = self.rooms.event_num(&store, redacts).await? else {
            self.batch.put(&PENDING_REDACTION, &(redacts.to_owned(), redaction), &self.room);
            return Ok(());
        };
        let meta = self.rooms.meta(&store, target).await?;
        let original = self.rooms.pdu(&store, target).await?;
        if meta.room != self.room || meta.redacted_by.is_some() || original.kind() == "m.room.create" {
            return Ok(());
        }
        if !self.may_redact(pdu, &original).await? {
            tracing::debug!(redaction = %pdu.event_id(), target = %redacts, "the sender may not redact this event");
            return Ok(());
        }
        self.redact_stored(redaction, target, &original, &meta)
    }

    /// From room version 3 the right is checked here and not by the auth rules. A server answers for its
    /// own users, so for ours the stricter rule of the client API holds
    /// (<https://spec.matrix.org/v1.19/rooms/v3/#handling-redactions>).
    pub(super) async fn may_redact(&self, redaction: &Pdu, target: &Pdu) -> Result<bool, RoomsError> {
        let levels = self.power_levels().await?;
        let may_be_sent = !self.rooms.is_local(redaction.sender())
            || rules::redaction::may_be_sent(redaction.sender(), target, &levels);
        Ok(may_be_sent && rules::redaction::may_be_applied(redaction, target, &levels))
    }

    pub(super) fn redact_stored(
        &mut self,
        redaction: EventNum,
        target: EventNum,
        original: &Pdu,
        meta: &EventMeta,
    ) -> Result<(), RoomsError> {
        let redacted = rules::redaction::redact(original, self.version())
            .map_err(|error| RoomsError::Corrupt(format!("an event to redact: {error}")))?;
        let stored = StoredEvent { event_id: original.event_id().to_owned(), json: redacted.json().clone() };
        crate::unredacted::keep(&mut self.batch, &self.rooms, target, original);
        self.batch.put(&EVENT, &target, &stored);
        let row = EventMeta { redacted_by: Some(redaction), ..meta.clone() };
        self.batch.put(&EVENT_META, &target, &row.to_row());
        let position = meta.position.unwrap_or(TimelinePos::ZERO);
        index::redact(&mut self.batch, &Indexed { room: self.room, event: target, position, pdu: original });
        self.effects.redacted(target);
        Ok(())
    }
}
