//! Judging an event anew, which was judged by a part of the state before.
//!
//! An event that was accepted and is not allowed leaves the timeline; one that was rejected and is allowed comes to the
//! end of it. What was current when an event came is found by going over the events once more in the order in which they
//! came, and those of other servers that it does not allow are soft-failed. Own events are not: they were acknowledged,
//! and other servers judge them for themselves.

use model::{EventNum, Pdu, StateNum, TimelinePos};
use ruma::OwnedEventId;
use streams::Fact;

use super::Draft;
use super::draft::EMPTY_STATE;
use super::partial::NamedMembers;
use crate::RoomsError;
use crate::index::{self, Indexed};
use crate::limits::EXTREMITIES_MAX;
use crate::read::EventMeta;
use crate::resolution::{self, Unwritten};
use crate::tables::{TIMELINE, TIMESTAMP};

impl Draft {
    /// Where an event stands, as this draft leaves it.
    pub(super) async fn meta(&self, event: EventNum) -> Result<EventMeta, RoomsError> {
        match self.rechecked.get(&event) {
            Some(meta) => Ok(meta.clone()),
            None => Ok((*self.rooms.meta(&self.rooms.parts.store, event).await?).clone()),
        }
    }

    /// Judges an event by the states `given` behind its parents and, `with_parents`, by those of its known parents.
    pub(super) async fn recheck(
        &mut self,
        event: EventNum,
        given: &[StateNum],
        with_parents: bool,
    ) -> Result<(), RoomsError> {
        let rooms = self.rooms.clone();
        let store = &rooms.parts.store;
        let before = self.meta(event).await?;
        if before.room != self.room || before.outlier {
            return Ok(());
        }
        let pdu = rooms.pdu(store, event).await?;
        let mut states = given.to_vec();
        if with_parents {
            states.extend(self.states_after_parents(&pdu).await?);
        }
        if states.is_empty() {
            // What came before was purged: nothing better can be known.
            return Ok(());
        }
        let state_before = self.resolved(&states).await?;
        let auth = self.known_authority(pdu.auth_events()).await?;
        let mut refusal = self.judge_references(&pdu, &auth).await?;
        if refusal.is_none() {
            refusal = self.judge_by(&pdu, Some(state_before), &NamedMembers::new()).await?;
        }
        let mut meta = before.clone();
        meta.rejected = refusal.is_some();
        (meta.state_before, meta.state_after) = (state_before, state_before);
        if let Some(state_key) = pdu.state_key()
            && !meta.rejected
        {
            let key = self.state_key_num(pdu.kind(), state_key).await?;
            meta.state_after = self.extend_state(state_before, &[(key, Some(event))]).await?;
        }
        match (before.rejected, refusal) {
            (false, Some(refusal)) => {
                tracing::info!(event_id = %pdu.event_id(), %refusal, "rejected by the whole state");
                self.take_out(event, &pdu, &mut meta).await?;
            }
            (true, None) if !meta.soft_failed => {
                tracing::info!(event_id = %pdu.event_id(), "allowed by the whole state after all");
                self.bring_in(event, &pdu, &mut meta).await?;
            }
            (true | false, _) => self.put_meta(event, &pdu, &meta),
        }
        if !meta.rejected {
            // Of a parent that was rejected until now.
            let is_before = |end: &OwnedEventId| pdu.prev_events().contains(end);
            self.tip.extremities.retain(|(_, end)| !is_before(end));
        }
        self.rechecked.insert(event, meta);
        Ok(())
    }

    /// Judges an event of another server that came as news by the state that was current when it came: the one that
    /// `ends` leave, the ends of the graph after the events before it. Brings them up to date.
    pub(super) async fn recheck_by_current_state(
        &mut self,
        event: EventNum,
        ends: &mut Vec<EventNum>,
    ) -> Result<(), RoomsError> {
        let rooms = self.rooms.clone();
        let store = &rooms.parts.store;
        let mut meta = self.meta(event).await?;
        if meta.room != self.room || meta.outlier || meta.position.is_none() {
            return Ok(());
        }
        let pdu = rooms.pdu(store, event).await?;
        if !rooms.is_local(pdu.sender()) {
            let mut states = Vec::with_capacity(ends.len());
            for end in &*ends {
                states.push(self.meta(*end).await?.state_after);
            }
            let current = self.resolved(&states).await?;
            if let Some(refusal) = self.judge_by(&pdu, Some(current), &NamedMembers::new()).await? {
                tracing::info!(event_id = %pdu.event_id(), %refusal, "soft-failed by the whole state");
                meta.soft_failed = true;
                self.take_out(event, &pdu, &mut meta).await?;
                self.rechecked.insert(event, meta);
                return Ok(());
            }
        }
        let parents = rooms.event_nums(store, pdu.prev_events()).await?;
        ends.retain(|end| !parents.contains(&Some(*end)));
        ends.push(event);
        let surplus = ends.len().saturating_sub(EXTREMITIES_MAX);
        ends.drain(..surplus);
        Ok(())
    }

    /// The state that these states are together.
    pub(super) async fn resolved(&mut self, states: &[StateNum]) -> Result<StateNum, RoomsError> {
        let rooms = self.rooms.clone();
        let unwritten = Unwritten { chains: self.chains(), events: &[] };
        let store = &rooms.parts.store;
        let resolved = resolution::resolve_states(&rooms, store, self.room, states, unwritten).await?;
        let base = resolved.base.unwrap_or(EMPTY_STATE);
        if resolved.changes.is_empty() { Ok(base) } else { self.extend_state(base, &resolved.changes).await }
    }

    async fn states_after_parents(&self, pdu: &Pdu) -> Result<Vec<StateNum>, RoomsError> {
        let parents = self.rooms.event_nums(&self.rooms.parts.store, pdu.prev_events()).await?;
        let mut states = Vec::with_capacity(parents.len());
        for parent in parents.into_iter().flatten() {
            let meta = self.meta(parent).await?;
            if meta.room == self.room && !meta.outlier {
                states.push(if meta.rejected { meta.state_before } else { meta.state_after });
            }
        }
        Ok(states)
    }

    /// Takes an event that is not allowed from the timeline and from the ends of the graph.
    async fn take_out(&mut self, event: EventNum, pdu: &Pdu, meta: &mut EventMeta) -> Result<(), RoomsError> {
        if let Some(position) = meta.position.take() {
            self.batch.delete(&TIMELINE, &(self.room, position));
            self.batch.delete(&TIMESTAMP, &(self.room, pdu.origin_server_ts(), position));
            index::redact(&mut self.batch, &Indexed { room: self.room, event, position, pdu });
            self.effects.in_history();
            let removed = self.batch.position();
            streams::record(&mut self.batch, removed, &Fact::Removed { room: self.room, event });
        }
        self.put_meta(event, pdu, meta);
        if self.tip.extremities.iter().any(|(end, _)| *end == event) {
            let mut ends = self.tip.extremities.clone();
            ends.retain(|(end, _)| *end != event);
            for parent in self.accepted_before(pdu).await? {
                if !ends.contains(&parent) && ends.len() < EXTREMITIES_MAX {
                    ends.push(parent);
                }
            }
            // A room without an end could not go on.
            if !ends.is_empty() {
                self.tip.extremities = ends;
            }
        }
        Ok(())
    }

    /// The nearest events before one that were not refused.
    async fn accepted_before(&self, pdu: &Pdu) -> Result<Vec<(EventNum, OwnedEventId)>, RoomsError> {
        let store = &self.rooms.parts.store;
        let mut ends: Vec<(EventNum, OwnedEventId)> = Vec::new();
        let mut seen: Vec<EventNum> = Vec::new();
        let mut open = self.rooms.event_nums(store, pdu.prev_events()).await?;
        while let Some(parent) = open.pop() {
            let Some(parent) = parent.filter(|parent| !seen.contains(parent)) else { continue };
            seen.push(parent);
            let meta = self.meta(parent).await?;
            if meta.room != self.room || meta.outlier || seen.len() > EXTREMITIES_MAX {
                continue;
            }
            let pdu = self.rooms.pdu(store, parent).await?;
            if meta.rejected || meta.soft_failed {
                open.extend(self.rooms.event_nums(store, pdu.prev_events()).await?);
            } else {
                ends.push((parent, pdu.event_id().to_owned()));
            }
        }
        Ok(ends)
    }

    /// Puts an event that is allowed after all to the end of the timeline.
    async fn bring_in(&mut self, event: EventNum, pdu: &Pdu, meta: &mut EventMeta) -> Result<(), RoomsError> {
        let position = self.batch.position();
        meta.position = Some(TimelinePos::from(position));
        self.put_meta(event, pdu, meta);
        self.put_in_timeline(event, pdu, position);
        if self.tip.extremities.len() < EXTREMITIES_MAX {
            self.tip.extremities.push((event, pdu.event_id().to_owned()));
        }
        if let Some(redacts) = pdu.redacts(self.version()).map(ToOwned::to_owned) {
            self.apply_redaction(event, pdu, &redacts).await?;
        }
        self.apply_pending_redaction(event, pdu, meta).await
    }
}
