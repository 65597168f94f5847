//! An event that was judged, and the rows that it leaves whatever the verdict.

use model::{EventNum, Pdu};

use super::Draft;
use super::judge::Judgement;
use crate::RoomsError;
use crate::read::EventMeta;

/// An event that was judged.
pub(super) struct Taken<'a> {
    pub event: EventNum,
    pub pdu: &'a Pdu,
    pub meta: EventMeta,
    /// It was an outlier, so its bytes are stored.
    pub is_known: bool,
}

impl Draft {
    /// Rows of an event that is new, or of one that was an outlier.
    pub(super) fn put_taken(&mut self, taken: &Taken<'_>, meta: &EventMeta) {
        if taken.is_known {
            self.put_meta(taken.event, taken.pdu, meta);
        } else {
            self.put_event(taken.event, taken.pdu, meta);
        }
    }

    pub(super) async fn foreign_meta(
        &mut self,
        event: EventNum,
        pdu: &Pdu,
        judgement: &Judgement,
        (soft_failed, is_history): (bool, bool),
    ) -> Result<EventMeta, RoomsError> {
        let rejected = judgement.refusal.is_some();
        let mut meta = EventMeta {
            room: self.room,
            position: None,
            state_before: judgement.state_before,
            state_after: judgement.state_before,
            depth: pdu.depth(),
            chain: 0,
            sequence: 0,
            rejected,
            soft_failed,
            outlier: false,
            redacted_by: None,
            origin_server_ts: pdu.origin_server_ts(),
            sender_txn: None,
            delay_id: None,
        };
        self.note_partial(event, &judgement.given, is_history);
        if let Some(state_key) = pdu.state_key() {
            (meta.chain, meta.sequence) = self.assign_chain(event, &judgement.auth).await?;
            if !rejected {
                let key = self.state_key_num(pdu.kind(), state_key).await?;
                meta.state_after = self.extend_state(judgement.state_before, &[(key, Some(event))]).await?;
            }
        }
        Ok(meta)
    }
}
