//! Putting an accepted event into the room: timeline, extremities, and the current state resolved anew.

use model::{EventNum, Pdu, StateNum, StreamPos, TimelinePos};
use rules::auth::Judged;
use store::Scan;

use super::Draft;
use super::draft::EMPTY_STATE;
use super::taken::Taken;
use crate::RoomsError;
use crate::limits::EXTREMITIES_MAX;
use crate::read::EventMeta;
use crate::resolution::{self, Unwritten};
use crate::tables::PENDING_REDACTION;

impl Draft {
    /// Puts an event that passed every judgement into the timeline, the extremities and the current
    /// state. Where the timeline lacks some of its parents, it stands behind a gap.
    pub(super) async fn adopt(&mut self, taken: Taken<'_>) -> Result<StreamPos, RoomsError> {
        let (event, pdu) = (taken.event, taken.pdu);
        self.tip.extremities.retain(|(_, event_id)| !pdu.prev_events().contains(event_id));
        self.drop_surplus().await?;
        let missing = self.rooms.without_place(self.room, pdu.prev_events()).await?;
        let position = if missing.is_empty() { self.batch.position() } else { self.position_after_gap() };
        let resolved = self.resolved_current_state(event, pdu, taken.meta.state_after).await?;
        self.tip.extremities.push((event, pdu.event_id().to_owned()));
        self.tip.own = self.rooms.is_local(pdu.sender()).then_some(event).or(self.tip.own);
        self.tip.depth = self.tip.depth.max(pdu.depth());
        let meta = EventMeta { position: Some(TimelinePos::from(position)), ..taken.meta.clone() };
        self.put_taken(&taken, &meta);
        self.put_in_timeline(event, pdu, position);
        self.put_gap(pdu, missing, position, true);
        self.change_current_state((event, pdu), resolved, position).await?;
        if let Some(redacts) = pdu.redacts(self.version()).map(ToOwned::to_owned) {
            self.apply_redaction(event, pdu, &redacts).await?;
        }
        self.apply_pending_redaction(event, pdu, &meta).await?;
        Ok(position)
    }

    /// Makes room for one extremity more: the oldest go first, our own last.
    async fn drop_surplus(&mut self) -> Result<(), RoomsError> {
        while self.tip.extremities.len() >= EXTREMITIES_MAX {
            let mut victim = 0;
            for (index, (event, _)) in self.tip.extremities.iter().enumerate() {
                let pdu = self.rooms.pdu(&self.rooms.parts.store, *event).await?;
                if !self.rooms.is_local(pdu.sender()) {
                    victim = index;
                    break;
                }
            }
            self.tip.extremities.remove(victim);
        }
        Ok(())
    }

    /// The state after all forward extremities: those of the draft, and the event that is not in it yet.
    async fn resolved_current_state(
        &mut self,
        event: EventNum,
        pdu: &Pdu,
        state_after: StateNum,
    ) -> Result<StateNum, RoomsError> {
        let rooms = self.rooms.clone();
        let store = &rooms.parts.store;
        let mut states = vec![state_after];
        for (extremity, _) in &self.tip.extremities {
            states.push(rooms.meta(store, *extremity).await?.state_after);
        }
        let events = [(event, Judged::accepted(pdu.clone()))];
        let unwritten = Unwritten { chains: self.chains(), events: &events };
        let resolved = resolution::resolve_states(&rooms, store, self.room, &states, unwritten).await?;
        let base = resolved.base.unwrap_or(EMPTY_STATE);
        if resolved.changes.is_empty() { Ok(base) } else { self.extend_state(base, &resolved.changes).await }
    }

    /// Writes the difference between the current state and `new`.
    async fn change_current_state(
        &mut self,
        just_pushed: (EventNum, &Pdu),
        new: StateNum,
        position: StreamPos,
    ) -> Result<(), RoomsError> {
        let rooms = self.rooms.clone();
        let store = &rooms.parts.store;
        for (key, event) in rooms.snapshots.changes_between(store, self.tip.state, new).await? {
            let (kind, state_key) = &*self.state_key(key).await?;
            let entry = match event {
                Some(event) if event == just_pushed.0 => Some((event, just_pushed.1.clone())),
                Some(event) => Some((event, rooms.pdu(store, event).await?)),
                None => None,
            };
            self.set_state(key, kind, state_key, entry, position).await?;
        }
        self.tip.state = new;
        Ok(())
    }

    /// A redaction that came before the event it redacts.
    pub(super) async fn apply_pending_redaction(
        &mut self,
        event: EventNum,
        pdu: &Pdu,
        meta: &EventMeta,
    ) -> Result<(), RoomsError> {
        let rooms = self.rooms.clone();
        let store = &rooms.parts.store;
        let waiting = Scan::prefix(&pdu.event_id().to_owned()).limit(crate::limits::PAGE_ROWS);
        for ((event_id, redaction), room) in store.scan(&PENDING_REDACTION, waiting).await? {
            let redaction_pdu = rooms.pdu(store, redaction).await?;
            if room == self.room && self.may_redact(&redaction_pdu, pdu).await? {
                self.redact_stored(redaction, event, pdu, meta)?;
                self.batch.delete(&PENDING_REDACTION, &(event_id, redaction));
                return Ok(());
            }
        }
        Ok(())
    }
}
