//! What connectors hand in becomes rows: once, in its order, durable before the platform hears that we have it.

use std::{collections::HashSet, sync::Arc};

use async_trait::async_trait;
use bridge_api::{
    Arrival, ConversationId, Happened, Inbox, InboxRefused, Line, MessageId, Network, Quota, Sender,
    limits::ARRIVALS_AT_ONCE_MAX,
};
use store::{Batch, StoreError};

use crate::{
    Bridges,
    clipped::clipped,
    lanes::Lane,
    limits::{CONFLICTS_MAX, INBOX_ROWS_MAX},
    line::LineNow,
    tables::{COMING, INBOX, InboxRow, MESSAGES, Place, TAKEN, TAKEN_ORDER},
};

/// The lane of what is about no conversation.
pub(crate) const NOWHERE: &str = "-";

/// What one connector hands its arrivals to.
pub(crate) struct Intake {
    pub bridges: Bridges,
    pub network: Network,
}

#[async_trait]
impl Inbox for Intake {
    async fn take(&self, arrivals: Vec<Arrival>) -> Result<(), InboxRefused> {
        self.bridges.take(self.network, arrivals, false).await.map(drop)
    }

    fn line(&self, line: Line) {
        if let Some(seat) = self.bridges.seat(self.network) {
            let serial = self.bridges.0.rng.u64();
            if line == Line::Up && seat.connector.backfill().is_some() {
                let bound = self.bridges.portals().bound(self.network);
                seat.catching_up.begin(bound.into_iter().map(|((_, conversation), _)| conversation));
            }
            seat.line.send_replace(match line {
                Line::Up => LineNow::Up(serial),
                Line::Down(failure) => LineNow::Down(failure),
            });
        }
    }

    fn quota(&self, quota: Quota) {
        self.bridges.note_quota(self.network, quota);
    }
}

impl Bridges {
    /// Takes arrivals in; how many were new and concern a room.
    pub(crate) async fn take(
        &self,
        network: Network,
        arrivals: Vec<Arrival>,
        from_history: bool,
    ) -> Result<usize, InboxRefused> {
        if arrivals.len() > ARRIVALS_AT_ONCE_MAX {
            return Err(InboxRefused::OutOfBounds(format!("{} arrivals at once", arrivals.len())));
        }
        if self.0.inbound.rows() >= INBOX_ROWS_MAX {
            return Err(InboxRefused::Full);
        }
        let refused = |error: StoreError| match error {
            StoreError::Closed => InboxRefused::Closed,
            other => InboxRefused::Store(other.to_string()),
        };
        let mut placed = Vec::with_capacity(arrivals.len());
        for arrival in arrivals {
            let arrival = clipped(network, arrival);
            if let Some(lane) = self.lane_of(network, &arrival).await.map_err(refused)? {
                if self.0.inbound.is_full(&lane) {
                    return Err(InboxRefused::Full);
                }
                placed.push((lane, arrival));
            }
        }
        for _ in 0..CONFLICTS_MAX {
            match self.try_take(network, &placed, from_history).await {
                Err(StoreError::Conflict) => {}
                outcome => return outcome.map_err(refused),
            }
        }
        Err(refused(StoreError::Conflict))
    }

    /// Where an arrival belongs; none for what concerns no room of ours.
    async fn lane_of(&self, network: Network, arrival: &Arrival) -> Result<Option<Lane>, StoreError> {
        if self.is_card_pressed(network, arrival).await? {
            return Ok(ConversationId::new(NOWHERE).ok().map(|nowhere| (network, nowhere)));
        }
        let conversation = match (&arrival.conversation, arrival.what.message()) {
            (Some(conversation), _) => Some(conversation.clone()),
            (None, Some(message)) => self.conversation_of(network, message).await?,
            (None, None) if self.is_about_no_conversation(network, &arrival.what).await? => {
                return Ok(ConversationId::new(NOWHERE).ok().map(|nowhere| (network, nowhere)));
            }
            (None, None) => None,
        };
        let Some(conversation) = conversation else { return Ok(None) };
        if self.is_person_code(network, arrival).await? {
            return Ok(None);
        }
        let lane = (network, conversation);
        self.outbound().spoken_to(&lane);
        if self.portals().room_of(&lane).is_some() {
            return Ok(Some(lane));
        }
        if matches!(arrival.what, Happened::BotRemoved { .. }) {
            // Whole companies lose an app at once: what is bound to nothing need not be known for that.
            return Ok(None);
        }
        self.portals().note(&self.0.store, &lane).await?;
        self.bind_by_code(&lane, &arrival.what).await?;
        if matches!(arrival.what, Happened::Message(_) | Happened::BotAdded { .. }) {
            self.create_by_itself(&lane).await?;
        }
        metrics::counter!("bridge_unbound_total", "platform" => network.key()).increment(1);
        Ok(None)
    }

    async fn is_about_no_conversation(&self, network: Network, what: &Happened) -> Result<bool, StoreError> {
        match what {
            Happened::PersonChanged(_) | Happened::PersonGone(_) | Happened::ApprovalChanged(_) => Ok(true),
            Happened::Acted(acted) => self.is_entry_acted(network, acted).await,
            _ => Ok(false),
        }
    }

    /// Where a message stands, or waits to stand: a reaction may come while its message is on its way into the room.
    async fn conversation_of(
        &self,
        network: Network,
        message: &MessageId,
    ) -> Result<Option<ConversationId>, StoreError> {
        let of = (network.key(), message.as_str());
        // What waits is looked at first: the batch that ends the waiting notes the message.
        let conversation = match self.0.store.get(&COMING, &of).await? {
            Some(conversation) => Some(conversation),
            None => self.0.store.get(&MESSAGES, &of).await?.map(|row| row.conversation),
        };
        Ok(conversation.and_then(|id| ConversationId::new(id).ok()))
    }

    /// An arrival is at its end.
    pub(crate) fn end_arrival(&self, batch: &mut Batch, lane: &Lane, place: Place, row: &InboxRow) {
        self.0.inbound.end(batch, &INBOX, lane, place);
        if let Happened::Message(message) = &row.arrival.what {
            batch.delete(&COMING, &(lane.0.key(), message.id.as_str()));
        }
    }

    async fn try_take(
        &self,
        network: Network,
        placed: &[(Lane, Arrival)],
        from_history: bool,
    ) -> Result<usize, StoreError> {
        let now_ms = self.0.clock.now_ms();
        let (mut batch, mut seen, mut repeats, mut new) = (Batch::new(), HashSet::new(), 0, 0);
        for (lane, arrival) in placed {
            let of = (network.key(), arrival.key.as_str());
            // History has what is known for longer than keys are remembered.
            let is_known = match &arrival.what {
                Happened::Message(message) if from_history => {
                    self.0.store.exists(&MESSAGES, &(network.key(), message.id.as_str())).await?
                }
                _ => false,
            };
            if is_known || !seen.insert(arrival.key.as_str()) || self.0.store.exists(&TAKEN, &of).await? {
                repeats += 1;
                continue;
            }
            batch.expect_absent(&TAKEN, &of).put(&TAKEN, &of, &now_ms);
            batch.put(&TAKEN_ORDER, &(now_ms, network.key(), arrival.key.as_str()), &());
            if let Happened::Message(message) = &arrival.what {
                batch.put(&COMING, &(network.key(), message.id.as_str()), &lane.1.to_string());
            }
            let row = InboxRow { arrival: arrival.clone(), from_history };
            self.0.inbound.put(&mut batch, &INBOX, lane, arrival.at_ms, &row);
            // History has what we said there as well: nobody missed that.
            let is_echo =
                matches!(&arrival.what, Happened::Message(message) if message.from == Sender::Ourselves);
            new += usize::from(!is_echo);
        }
        if !batch.is_empty() {
            self.0.store.commit(batch).await?;
        }
        if repeats > 0 && !from_history {
            metrics::counter!("bridge_duplicates_dropped_total", "platform" => network.key())
                .increment(repeats);
        }
        Ok(new)
    }

    /// The inbox of a network's connector.
    pub(crate) fn intake(&self, network: Network) -> Arc<dyn Inbox> {
        Arc::new(Intake { bridges: self.clone(), network })
    }

    /// The inbox of a network's connector, for what it is called by HTTP.
    #[must_use]
    pub fn inbox(&self, network: Network) -> Arc<dyn Inbox> {
        self.intake(network)
    }
}
