//! What is done anew when a backup of the bots' store was restored.
//!
//! The homeserver has told things that the backup does not know, and does not tell them again. So what people tapped on cards
//! that still offer something is read at the start: the cost is one question for each of these cards, more
//! for one with many taps.

use base::Shutdown;
use ruma::{EventId, UserId};
use serde_json::{Value, json};
use store::{Batch, Scan, Store, StoreError};

use crate::{
    BotError, CallError, Intent, Kit, crypto,
    kept::LETTER,
    limits::{LOOKED_BACK_PAGES_MAX, LOOKED_BACK_PER_PAGE, RELATIONS_PER_PAGE},
    pause,
    tables::{KEPT, REACTIONS, RESTORED, ROOMS, RoomRow, SENT, Sent},
};

/// Forgets what a restore made untrue, and has the bots look back when they start. Call it before anybody else works with the
/// store; whatever stops it, it can be run again.
///
/// # Errors
/// Whatever the store answers; then no bot may speak.
pub async fn after_restore(store: &Store) -> Result<(), StoreError> {
    let mut batch = Batch::new();
    batch.put(&RESTORED, &(), &());
    store.commit(batch).await?;
    crypto::after_restore(store).await
}

impl Kit {
    /// Hears what was tapped on open cards, where the store was restored since that was done last; tried until it is done or
    /// the shutdown.
    pub(crate) async fn look_back(&self, shutdown: &Shutdown) {
        let mut failures = 0;
        while let Err(error) = self.hear_open_cards().await {
            failures += 1;
            let wait = pause::after(failures, &self.0.rng);
            tracing::warn!(%error, wait_ms = wait.as_millis(), "the open cards cannot be read; will try again");
            tokio::select! {
                () = shutdown.wait() => return,
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    pub(crate) async fn hear_open_cards(&self) -> Result<(), BotError> {
        let store = &self.0.store;
        if !store.exists(&RESTORED, &()).await? {
            return Ok(());
        }
        let mut scan = Scan::all().limit(LOOKED_BACK_PER_PAGE);
        loop {
            let page = store.scan_keys(&KEPT, scan).await?;
            let Some(last) = page.last() else { break };
            scan = Scan::all().after(last).limit(LOOKED_BACK_PER_PAGE);
            for key in page.iter().filter_map(|(_, name)| name.strip_prefix(LETTER)) {
                let sent = store.get(&SENT, key).await?;
                if let Some(sent) = sent.filter(|sent| !sent.reactions.is_empty()) {
                    self.hear_card(&sent).await?;
                }
            }
        }
        let mut batch = Batch::new();
        batch.delete(&RESTORED, &());
        store.commit(batch).await?;
        tracing::info!("what people tapped on open cards was read, because a backup was restored");
        Ok(())
    }

    /// Has what was tapped on a card come in as if the homeserver had told it now. What came before is not heard again.
    async fn hear_card(&self, sent: &Sent) -> Result<(), BotError> {
        let mut found = None;
        for (bot, _) in &self.0.users {
            let row = self.0.store.get(&ROOMS, &(*bot, &*sent.room)).await?;
            if row.as_ref().is_some_and(RoomRow::is_there) {
                found = self.intent(bot);
                break;
            }
        }
        let Some(intent) = found else { return Ok(()) };
        let tapped = self.tapped_on(&intent, sent).await;
        let tapped = tapped.map_err(|error| BotError::Later(error.to_string()))?;
        let mut events = Vec::new();
        for mut event in tapped.into_iter().rev() {
            let id = event["event_id"].as_str().and_then(|id| EventId::parse(id).ok());
            let Some(id) = id else { continue };
            if !self.0.store.exists(&REACTIONS, &id).await? {
                event["room_id"] = Value::from(sent.room.as_str());
                events.push(event);
            }
        }
        // What was taken already when another part is not is known by then, and heard once.
        for (place, part) in events.chunks(RELATIONS_PER_PAGE).enumerate() {
            let transaction = json!({ "events": part }).to_string();
            let taken = self.take(&format!("restored/{}/{place}", sent.event), transaction.as_bytes()).await;
            taken.map_err(|error| BotError::Later(error.to_string()))?;
        }
        Ok(())
    }

    /// What people tapped on a card, the newest first, without what the bots themselves offer on it.
    async fn tapped_on(&self, intent: &Intent, sent: &Sent) -> Result<Vec<Value>, CallError> {
        let is_of_people = |event: &Value| {
            let sender = event["sender"].as_str().and_then(|sender| UserId::parse(sender).ok());
            sender.is_some_and(|sender| !self.is_ours(&sender))
        };
        let (mut tapped, mut from) = (Vec::new(), None::<String>);
        for _ in 0..LOOKED_BACK_PAGES_MAX {
            let page = intent.relations_page(&sent.room, &sent.event, "m.annotation", from.as_deref()).await;
            let (events, next) = match page {
                Ok(page) => page,
                // A room that is no more, or that nobody is in any more.
                Err(CallError::Refused { .. }) => return Ok(tapped),
                Err(error) => return Err(error),
            };
            tapped.extend(events.into_iter().filter(is_of_people));
            if next.is_none() {
                return Ok(tapped);
            }
            from = next;
        }
        tracing::warn!(event = %sent.event, "a card has more taps than are read after a restore");
        Ok(tapped)
    }
}
