//! Approvals, tasks and meetings of our bots in the platforms' own apps, and what people do to them there.
//!
//! A bot says an entry into a room that it shares with the bridge alone, whole with each change; the bridge puts it where its people
//! are somebody: into the approval centre, among the to-dos, into calendars. What they do to it there the bridge says into that room
//! again. What it means and whether the person may do it the bot decides, as for cards.

mod acted;
mod busy;
mod foreign;
mod instead;
mod tables;
mod told;

use bridge_api::{ConversationId, EntryOnPlatform, Network, PersonId};
use kit::{Heard, PREFIX};
use ruma::{OwnedRoomId, UserId};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use store::{Batch, StoreError};

pub(crate) use self::{busy::Questions, tables::tables};
use self::{
    tables::{BOT_ROOMS, ENTRIES, ENTRY_DAYS, ENTRY_ROOMS, EntryRow},
    told::{Known, Told},
};
use crate::{
    Bridges,
    bridges::Seat,
    error::Stuck,
    lanes::Lane,
    limits::{CARD_KEY_BYTES_MAX, DAY_MS},
    names::hex,
    tables::{IN_TURN, OUTBOX, OutboxRow},
};

/// The type of an event between bots and the bridge.
fn kind(name: &str) -> String {
    format!("{PREFIX}bridge.{name}")
}

/// Whether an event in the outbox is an entry or a decision, and nothing of a room.
pub(crate) fn is_entry(event: &Value) -> bool {
    event["type"] == kind("entry") || event["type"] == kind("decide")
}

/// The lane of what has no conversation: one for each entry, so that one that is stuck holds up no other.
pub(crate) fn lane_of(network: Network, what: &str, key: &str) -> Option<Lane> {
    let digest = hex(&Sha256::digest(key));
    ConversationId::new(format!("{what}/{}", &digest[..40])).ok().map(|id| (network, id))
}

impl Bridges {
    /// A bot says something for platforms that is no card.
    pub(crate) async fn entry_heard(
        &self,
        heard: &Heard,
        said: &str,
        content: &Value,
        batch: &mut Batch,
    ) -> Result<(), StoreError> {
        if !self.is_bot_of_ours(heard) {
            return Ok(());
        }
        match said.strip_prefix(PREFIX).and_then(|said| said.strip_prefix("bridge.")) {
            Some("entry") => self.hear_entry(heard, content, batch).await?,
            Some("ask_busy") => self.hear_question(heard, content, batch),
            Some("decide") => self.hear_decision(heard, content, batch),
            Some("here") => {}
            _ => return Ok(()),
        }
        // Where approvals of the platforms are told to this bot.
        batch.put(&BOT_ROOMS, heard.sender.localpart(), &heard.room);
        Ok(())
    }

    async fn hear_entry(&self, heard: &Heard, content: &Value, batch: &mut Batch) -> Result<(), StoreError> {
        let told = match Told::read(content) {
            Ok(told) if told.head().key.as_str().len() <= CARD_KEY_BYTES_MAX => told,
            Ok(_) | Err(_) => {
                tracing::warn!(event = %heard.event_id, sender = %heard.sender, "an entry makes no sense");
                return Ok(());
            }
        };
        let key = told.head().key.to_string();
        for seat in self.0.seats.iter().filter(|seat| told.is_for(&*seat.connector)) {
            let is_there = self.0.store.exists(&ENTRIES, &(seat.network.key(), key.as_str())).await?;
            if !is_there && !self.may_concern(seat.network, &told).await? {
                continue;
            }
            let Some(lane) = lane_of(seat.network, "entry", &key) else { continue };
            let event = json!({ "type": kind("entry"), "room_id": heard.room, "content": content });
            let row = OutboxRow { event: event.to_string(), received_ms: heard.received_ms };
            self.outbound().put(batch, &OUTBOX, &lane, IN_TURN, &row);
        }
        Ok(())
    }

    /// Whether anybody of an entry is somebody on a platform, or the staff list says so.
    async fn may_concern(&self, network: Network, told: &Told) -> Result<bool, StoreError> {
        for account in told.accounts() {
            let Ok(user) = UserId::parse(account.as_str()) else { continue };
            if self.is_listed(network, &user) || self.person_behind(network, &user).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Who of an entry is who on a platform.
    async fn known(&self, network: Network, told: &Told) -> Result<Known, Stuck> {
        let mut known = Known::new();
        for account in told.accounts() {
            let Ok(user) = UserId::parse(account.as_str()) else { continue };
            if let Some(person) = self.person_or_listed(network, &user).await? {
                known.insert(account.clone(), person);
            }
        }
        Ok(known)
    }

    /// Shows an entry as it stands now, or carries a decision over.
    pub(crate) async fn carry_entry(
        &self,
        seat: &Seat,
        event: &Value,
        batch: &mut Batch,
    ) -> Result<(), Stuck> {
        match event["type"] == kind("decide") {
            true => self.decide(seat, event, batch).await,
            false => self.put_entry(seat, event, batch).await,
        }
    }

    async fn put_entry(&self, seat: &Seat, event: &Value, batch: &mut Batch) -> Result<(), Stuck> {
        let nonsense = |error: &dyn std::fmt::Display| Stuck::Never(error.to_string(), None);
        let told = Told::read(&event["content"]).map_err(|error| nonsense(&error))?;
        let room = OwnedRoomId::try_from(event["room_id"].as_str().unwrap_or_default());
        let room = room.map_err(|error| nonsense(&error))?;
        let (network, revision) = (seat.network.key(), told.head().revision);
        let key = told.head().key.to_string();
        let of = (network, key.as_str());
        let old = self.0.store.get(&ENTRIES, &of).await?;
        if old.as_ref().is_some_and(|old| old.revision >= revision) {
            return Ok(());
        }
        let known = self.known(seat.network, &told).await?;
        let told = told.of_platform(&known);
        let there = old.as_ref().map(|old| &old.id);
        let Some(id) = told.put(&*seat.connector, there).await? else { return Ok(()) };
        let day = self.0.clock.now_ms() / DAY_MS;
        batch.put(&ENTRIES, &of, &EntryRow { id, revision, day }).put(
            &ENTRY_DAYS,
            &(day, network, &*key),
            &(),
        );
        for key in told.keys() {
            batch.put(&ENTRY_ROOMS, &(network, key.as_str()), &room);
            batch.put(&ENTRY_DAYS, &(day, network, key.as_str()), &());
        }
        Ok(())
    }

    /// Their account here, as an event names it.
    async fn account_in_event(&self, network: Network, person: &PersonId) -> Result<Value, Stuck> {
        Ok(json!(self.account_of(network, person).await?))
    }

    /// Entries that nobody changed for as long as messages are kept.
    pub(crate) async fn forget_entries(
        &self,
        first_kept_day: u64,
        rows_max: usize,
    ) -> Result<(), StoreError> {
        loop {
            let scan = store::Scan::all().until(&(first_kept_day, "", "")).limit(rows_max);
            let old = self.0.store.scan_keys(&ENTRY_DAYS, scan).await?;
            if old.is_empty() {
                return Ok(());
            }
            let mut batch = Batch::new();
            for (day, network, key) in old {
                batch.delete(&ENTRY_DAYS, &(day, &*network, &*key));
                self.forget_instead((day, &*network, &*key), &mut batch).await?;
                let entry = self.0.store.get(&ENTRIES, &(&*network, &*key)).await?;
                // One that changed later has a later day as well.
                if entry.as_ref().is_none_or(|entry| entry.day <= day) {
                    batch.delete(&ENTRIES, &(&*network, &*key)).delete(&ENTRY_ROOMS, &(&*network, &*key));
                }
            }
            self.0.store.commit(batch).await?;
        }
    }
}

/// What an id of a platform is, from an event.
fn id_in_event(value: &Value) -> Result<EntryOnPlatform, Stuck> {
    EntryOnPlatform::new(value.as_str().unwrap_or_default())
        .map_err(|error| Stuck::Never(error.to_string(), None))
}
