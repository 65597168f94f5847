//! From the queues to the gateways.
//!
//! Takes the oldest row of a pusher, asks whether it still matters (`worth`), sends it, and removes it only when
//! the gateway has answered. Order within a pusher is kept; gateways do not wait for each other. What
//! was under way when the process died is sent again, everything else once.

use std::{collections::BTreeMap, time::Duration};

use base::Shutdown;
use futures_util::FutureExt as _;
use model::StreamPos;
use rooms::RoomsError;
use store::{Batch, Scan, StoreError};
use tokio::{task::JoinSet, time::Instant};

use super::{
    Push, PushError,
    gateway::{self, Gateway, Told},
    notice::{self, Presentation, Surroundings},
    schedule::Turn,
    tables::{
        PUSH_QUEUE, PUSHER_NUMBERS, PUSHER_STATES, PUSHERS, PusherKey, PusherRow, PusherStateRow, QueueRow,
    },
};
use crate::limits::{DELIVERIES_PER_TURN, PAGE_ROWS, QUEUE_AGE_MS_MAX, STORE_RETRY};

/// What became of the front row of a queue.
pub(super) enum Front {
    /// It was delivered, or does not matter any more, and is gone.
    Done,
    /// The pusher is gone, and its queue with it.
    Orphaned,
    /// It stays where it is.
    Stays(Turn),
}

impl Push {
    /// Finds the queues that an earlier run left.
    pub(crate) async fn load_queues(&self) -> Result<(), StoreError> {
        let store = &self.0.parts.store;
        let mut found: BTreeMap<u64, usize> = BTreeMap::new();
        let mut scan = Scan::all().limit(PAGE_ROWS);
        loop {
            let keys = store.scan_keys(&PUSH_QUEUE, scan).await?;
            let Some(last) = keys.last() else { break };
            scan = Scan::all().after(last).limit(PAGE_ROWS);
            for (number, _) in keys {
                *found.entry(number).or_default() += 1;
            }
        }
        for (number, rows) in found {
            let gateway = match self.pusher(number).await? {
                Some((_, row)) => Gateway::of(&row),
                // Nobody's queue; its turn will empty it.
                None => Gateway::Http(String::new()),
            };
            self.0.schedule.lock().queued(number, &gateway, rows);
        }
        Ok(())
    }

    /// Lets a pusher have a turn though nothing was queued.
    pub(crate) fn make_ready(&self, number: u64, gateway: &Gateway) {
        self.0.schedule.lock().queued(number, gateway, 0);
        self.0.work.notify_one();
    }

    /// Hands out turns until the server stops. Exchanges under way are given up then: their rows stay.
    pub(crate) async fn deliver(&self, shutdown: Shutdown) {
        let mut turns: JoinSet<(u64, Turn)> = JoinSet::new();
        loop {
            while turns.len() < self.0.parts.settings.requests_max.max(1) {
                let Some(number) = self.0.schedule.lock().next(Instant::now()) else { break };
                let push = self.clone();
                turns.spawn(async move {
                    let turn = std::panic::AssertUnwindSafe(push.turn(number)).catch_unwind().await;
                    (number, turn.unwrap_or(Turn::Refused))
                });
            }
            let due = self.0.schedule.lock().due(Instant::now());
            let rest = async {
                match due {
                    Some(due) => tokio::time::sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = shutdown.wait() => break,
                () = self.0.work.notified() => {}
                () = rest => {}
                Some(ended) = turns.join_next() => {
                    if let Ok((number, turn)) = ended {
                        // Below 2^53, so nothing is lost.
                        let spread = self.0.parts.rng.below(1 << 20) as f64 / f64::from(1 << 20);
                        let mut schedule = self.0.schedule.lock();
                        schedule.done(number, turn, Instant::now(), spread);
                        metrics::gauge!("push_queue_length").set(schedule.rows_total() as f64);
                    }
                }
            }
        }
        turns.shutdown().await;
    }

    /// One turn of a pusher: some of its rows, the oldest first.
    async fn turn(&self, number: u64) -> Turn {
        for _ in 0..DELIVERIES_PER_TURN {
            match self.front(number).await {
                Ok(Some(Front::Done)) => self.0.schedule.lock().row_gone(number),
                Ok(Some(Front::Orphaned)) | Ok(None) => return Turn::Empty,
                Ok(Some(Front::Stays(turn))) => return turn,
                Err(PushError::Store(StoreError::Closed)) => {
                    return Turn::Later(Instant::now() + STORE_RETRY);
                }
                Err(error) => {
                    tracing::warn!(%error, number, "deliver a notification; will try again");
                    return Turn::Refused;
                }
            }
        }
        Turn::More
    }

    /// Deals with the oldest row of a queue; nothing when it is empty.
    async fn front(&self, number: u64) -> Result<Option<Front>, PushError> {
        let Some((key, pusher)) = self.pusher(number).await? else {
            self.forget_queue(number).await?;
            return Ok(Some(Front::Orphaned));
        };
        let store = &self.0.parts.store;
        let rows = store.scan(&PUSH_QUEUE, Scan::prefix(&number).limit(2)).await?;
        let mut rows = rows.into_iter();
        let Some(((_, position), row)) = rows.next() else { return Ok(None) };
        let is_last = rows.next().is_none();
        if !self.may_hear(&key, &pusher).await? {
            self.remove_key(&key).await?;
            self.forget_queue(number).await?;
            return Ok(Some(Front::Orphaned));
        }
        // A locked account is shown nothing, and neither is its phone or its mailbox.
        if !self.0.parts.accounts.is_open(store, &key.0).await? {
            self.row_done(number, position, None).await?;
            metrics::counter!("push_dropped_total", "reason" => "locked").increment(1);
            return Ok(Some(Front::Done));
        }
        if pusher.kind != "http" {
            return self.mail_front(number, &key, &pusher).await.map(Some);
        }
        let state = store.get(&PUSHER_STATES, &number).await?.unwrap_or_default();
        let now_ms = self.0.parts.clock.now_ms();
        let badge = self.badge(&key.0).await?;
        let (queued_ms, mut notice) = match &row {
            QueueRow::Read { queued_ms } => (*queued_ms, None),
            QueueRow::Event { queued_ms, .. } => {
                (*queued_ms, self.notice_if_kept(&key, &pusher, &row, badge).await?)
            }
        };
        // Unless something behind it will say the count anyhow.
        if notice.is_none() && is_last && badge != state.badge {
            notice = Some(notice::of_count(&pusher, (&key.1, &key.2), badge));
        }
        let age_ms = now_ms.saturating_sub(queued_ms);
        let (Some(notice), true) = (notice, pusher.enabled && age_ms <= QUEUE_AGE_MS_MAX) else {
            self.row_done(number, position, None).await?;
            metrics::counter!("push_dropped_total", "reason" => "settled").increment(1);
            return Ok(Some(Front::Done));
        };
        let url = gateway::url_of(&pusher).unwrap_or_default();
        let body = notice.to_string().into_bytes();
        let told = gateway::tell(&self.0.parts.outbound, &url, body, &key.2).await;
        let outcome = match &told {
            Told::Accepted => "sent",
            Told::Rejected => "rejected",
            Told::Refused(_) | Told::Down(_) => "failed",
        };
        metrics::counter!("push_requests_total", "outcome" => outcome, "kind" => "http").increment(1);
        match told {
            Told::Accepted => {
                metrics::histogram!("push_age_seconds").record(Duration::from_millis(age_ms).as_secs_f64());
                let state = PusherStateRow { badge, ..state };
                self.row_done(number, position, Some(state)).await?;
                Ok(Some(Front::Done))
            }
            Told::Rejected => {
                tracing::info!(user = %key.0, app_id = key.1, "the push gateway rejected a pushkey; its pusher is gone");
                self.remove_key(&key).await?;
                self.forget_queue(number).await?;
                Ok(Some(Front::Orphaned))
            }
            Told::Refused(reason) => {
                tracing::debug!(user = %key.0, app_id = key.1, reason, "the push gateway refused a notification");
                Ok(Some(Front::Stays(Turn::Refused)))
            }
            Told::Down(reason) => {
                tracing::debug!(url, reason, "the push gateway does not work; will try again");
                Ok(Some(Front::Stays(Turn::Down)))
            }
        }
    }

    /// What to say of an event; nothing when it does not matter any more.
    async fn event_notice(
        &self,
        key: &PusherKey,
        pusher: &PusherRow,
        row: &QueueRow,
        badge: u64,
    ) -> Result<Option<serde_json::Value>, PushError> {
        let QueueRow::Event { room, event, highlight, sound, other_tweaks, .. } = row else {
            return Ok(None);
        };
        let rooms = &self.0.parts.rooms;
        let reader = &**rooms.store();
        if !self.still_matters(key, *room, *event).await? {
            return Ok(None);
        }
        let pdu = rooms.pdu(reader, *event).await?;
        let surroundings = Surroundings::of(rooms, reader, *room, &pdu).await?;
        let presentation =
            Presentation { highlight: *highlight, sound: sound.clone(), other_tweaks: other_tweaks.clone() };
        let told = notice::Told {
            user: &key.0,
            pdu: &pdu,
            surroundings: &surroundings,
            presentation: &presentation,
            badge,
        };
        let content_allowed = self.0.parts.settings.content_allowed;
        Ok(Some(notice::of_event(pusher, (&key.1, &key.2), &told, content_allowed)))
    }

    /// The same, where the event may have been purged since it was queued.
    async fn notice_if_kept(
        &self,
        key: &PusherKey,
        pusher: &PusherRow,
        row: &QueueRow,
        badge: u64,
    ) -> Result<Option<serde_json::Value>, PushError> {
        match self.event_notice(key, pusher, row, badge).await {
            Err(PushError::Rooms(RoomsError::Corrupt(what))) => {
                tracing::debug!(what, "drop a notification of what is gone");
                Ok(None)
            }
            outcome => outcome,
        }
    }

    async fn pusher(&self, number: u64) -> Result<Option<(PusherKey, PusherRow)>, StoreError> {
        let store = &self.0.parts.store;
        let Some(key) = store.get(&PUSHER_NUMBERS, &number).await? else { return Ok(None) };
        let row = store.get(&PUSHERS, &key).await?.filter(|row| row.number == number);
        Ok(row.map(|row| (key, row)))
    }

    /// Removes a row, with what the gateway knows now.
    async fn row_done(
        &self,
        number: u64,
        position: StreamPos,
        state: Option<PusherStateRow>,
    ) -> Result<(), StoreError> {
        let mut batch = Batch::new();
        batch.delete(&PUSH_QUEUE, &(number, position));
        if let Some(state) = state {
            batch.put(&PUSHER_STATES, &number, &state);
        }
        self.0.parts.store.commit(batch).await.map(drop)
    }

    /// Empties the queue of a pusher that is gone.
    pub(super) async fn forget_queue(&self, number: u64) -> Result<(), StoreError> {
        let store = &self.0.parts.store;
        loop {
            let keys = store.scan_keys(&PUSH_QUEUE, Scan::prefix(&number).limit(PAGE_ROWS)).await?;
            if keys.is_empty() {
                return Ok(());
            }
            let mut batch = Batch::new();
            for key in &keys {
                batch.delete(&PUSH_QUEUE, key);
                self.0.schedule.lock().row_gone(number);
            }
            store.commit(batch).await?;
        }
    }
}
