//! What redacted events said (MSC2815): kept for a while, for those who keep order in the room.
//!
//! Owns the rows of the kept originals: written in the batch that redacts, forgotten after
//! [`crate::RoomsSettings::redacted_kept_ms`]. Without that time nothing is kept.

use model::{EventNum, Pdu};
use store::{Batch, Scan};

use crate::{
    Rooms, RoomsError,
    access::{Viewer, VisibleEvent},
    limits::REDACTED_FORGOTTEN_MAX,
    stored::StoredEvent,
    tables::{REDACTED_BY_AGE, REDACTED_ORIGINAL},
    visibility::Shown,
};

/// Keeps what an event says, in the batch that redacts it.
pub(crate) fn keep(batch: &mut Batch, rooms: &Rooms, event: EventNum, original: &Pdu) {
    if rooms.parts.settings.redacted_kept_ms == 0 {
        return;
    }
    let stored = StoredEvent { event_id: original.event_id().to_owned(), json: original.json().clone() };
    batch.put(&REDACTED_ORIGINAL, &event, &stored);
    batch.put(&REDACTED_BY_AGE, &(rooms.parts.clock.now_ms(), event), &());
}

impl Rooms {
    /// Whether what redacted events said is kept at all.
    #[must_use]
    pub fn keeps_redacted_content(&self) -> bool {
        self.parts.settings.redacted_kept_ms > 0
    }

    /// An event as it was before it was redacted; one that was not is shown as it is.
    ///
    /// # Errors
    /// `Forbidden` unless the viewer is a member with the power to redact, or keeps order on the whole server
    /// (`is_administrator`); [`RoomsError::RedactedContentGone`] when it was not kept, or not so long.
    pub async fn unredacted(
        &self,
        viewer: Viewer<'_>,
        event: &VisibleEvent,
        is_administrator: bool,
    ) -> Result<Shown, RoomsError> {
        let room = event.room().room();
        if !is_administrator {
            self.must_be_joined(room, viewer.user).await?;
            if !self.power_levels(room).await?.may_redact_others(viewer.user) {
                return Err(RoomsError::forbidden(
                    "what redacted events said is for those who may redact the events of others",
                ));
            }
        }
        let shown = event.shown().clone();
        if shown.meta.redacted_by.is_none() {
            return Ok(shown);
        }
        let kept = self.parts.store.get(&REDACTED_ORIGINAL, &shown.num).await?;
        let Some(StoredEvent { event_id, json }) = kept else {
            return Err(RoomsError::RedactedContentGone { kept_ms: self.parts.settings.redacted_kept_ms });
        };
        let pdu = Pdu::parse(event_id, json)
            .map_err(|error| RoomsError::Corrupt(format!("a kept original: {error}")))?;
        Ok(Shown { pdu, ..shown })
    }

    /// Forgets originals that were kept long enough; how many. Call again while that is not 0.
    ///
    /// # Errors
    /// The store's own.
    pub async fn forget_redacted_content(&self) -> Result<usize, RoomsError> {
        let before_ms = self.parts.clock.now_ms().saturating_sub(self.parts.settings.redacted_kept_ms);
        let scan = Scan::all().until(&(before_ms, EventNum::new(0))).limit(REDACTED_FORGOTTEN_MAX);
        let old = self.parts.store.scan_keys(&REDACTED_BY_AGE, scan).await?;
        if old.is_empty() {
            return Ok(0);
        }
        let mut batch = Batch::new();
        for key in &old {
            batch.delete(&REDACTED_ORIGINAL, &key.1);
            batch.delete(&REDACTED_BY_AGE, key);
        }
        self.parts.store.commit(batch).await?;
        Ok(old.len())
    }
}
