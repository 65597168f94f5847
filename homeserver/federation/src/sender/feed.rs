//! From the stream to the queues: what is owed to whom.
//!
//! Reads facts after its own cursor and writes the rows in the batch that moves the cursor, so that everything is queued
//! once, whenever the process dies. Never speaks to anybody.

use base::Shutdown;
use model::{RoomNum, StreamPos};
use ruma::OwnedServerName;
use serde_json::Value;
use store::Snapshot;
use streams::{Fact, Page, StreamReader};

use super::ephemeral::Receipt;
use super::limits::{FEED_BYTES_PER_BATCH, FEED_ROWS_PER_BATCH};
use super::queues::{Gathered, Harvest};
use super::{Sender, SenderError};

/// The name of this reader of the stream.
pub const CURSOR: &str = "federation";

/// The reader of the stream.
struct Feed {
    sender: Sender,
    /// What memory is to know of the page that is being committed.
    gathered: Gathered,
}

impl StreamReader for Feed {
    type Error = SenderError;

    // What happened before this server spoke to others concerns nobody else.
    const NAME: &'static str = CURSOR;

    async fn take(&mut self, page: &mut Page) -> Result<(), SenderError> {
        self.gathered = Gathered::default();
        let mut harvest = Harvest::default();
        self.sender.take_to_device(page, &mut harvest).await?;
        // Who knows no other server owes nothing to any.
        if self.sender.0.schedule.lock().iter().next().is_some() {
            self.sender.take_facts(page, &mut harvest).await?;
        }
        self.sender.keep_in_bounds(&mut harvest).await?;
        (page.batch, self.gathered) = harvest.finish();
        Ok(())
    }

    fn passed(&mut self, _: StreamPos) {
        self.sender.queued(std::mem::take(&mut self.gathered));
    }
}

impl Sender {
    /// Follows the stream until the server stops.
    pub(super) async fn feed(&self, shutdown: Shutdown) {
        let mut feed = Feed { sender: self.clone(), gathered: Gathered::default() };
        streams::follow(&self.0.parts.store, &mut feed, &shutdown).await;
    }

    async fn take_facts(&self, page: &mut Page, harvest: &mut Harvest) -> Result<(), SenderError> {
        let facts = page.facts().await?;
        let snapshot = page.snapshot().clone();
        self.take_events(page, &facts, harvest).await?;
        let (after, up_to) = (page.after(), page.up_to());
        let receipts: Vec<_> = facts.into_iter().take_while(|(position, _)| *position <= up_to).collect();
        self.take_receipts(&snapshot, &receipts, harvest).await?;
        self.take_completed(&snapshot, &receipts, harvest).await?;
        for user in self.0.parts.keys.device_list_changes(&snapshot, after, up_to).await? {
            if self.0.parts.rooms.is_local(&user) {
                self.note_while_partial(&snapshot, &user, after, harvest).await?;
                self.announce_devices(&snapshot, &user, up_to, harvest).await?;
            }
        }
        Ok(())
    }

    /// Ends the page early when that is enough for one batch.
    async fn take_events(
        &self,
        page: &mut Page,
        facts: &[(StreamPos, Fact)],
        harvest: &mut Harvest,
    ) -> Result<(), SenderError> {
        let events: Vec<_> = facts
            .iter()
            .filter_map(|(position, fact)| match fact {
                Fact::Event { room, event } => Some((*position, *room, *event)),
                // Nothing else enters a room. The enum is open.
                _ => None,
            })
            .collect();
        let snapshot = page.snapshot().clone();
        for owed in self.fan_out(&snapshot, page.up_to(), &events).await? {
            for server in &owed.destinations {
                self.queue_event(server, owed.position, (owed.room, owed.event), harvest);
            }
            self.take_sticky(&snapshot, &owed, harvest).await?;
            if let Some(user) = &owed.joined {
                let is_partial = self.0.parts.rooms.is_partial(owed.room);
                let servers = self.servers_in(&snapshot, owed.room).await?;
                let whom = (&*servers, is_partial);
                self.introduce_devices(&snapshot, user, whom, owed.position, harvest).await?;
            }
            if let Some(user) = &owed.parted {
                self.forget_partial(&snapshot, owed.room, user, harvest).await?;
            }
            if harvest.batch.writes() >= FEED_ROWS_PER_BATCH || harvest.batch.bytes() >= FEED_BYTES_PER_BATCH
            {
                page.end_at(owed.position);
                break;
            }
        }
        Ok(())
    }

    async fn take_receipts(
        &self,
        snapshot: &Snapshot,
        page: &[(StreamPos, Fact)],
        harvest: &mut Harvest,
    ) -> Result<(), SenderError> {
        let rooms = &self.0.parts.rooms;
        for (position, fact) in page {
            let Fact::Receipt { room, user } = fact else { continue };
            if !rooms.is_local(user) {
                continue;
            }
            let servers = self.servers_in(snapshot, *room).await?;
            if servers.is_empty() {
                continue;
            }
            let before = StreamPos::new(position.get() - 1);
            let content = rooms.receipts_between(snapshot, *room, before, *position, user).await?;
            let content: Value = match content.map(|content| serde_json::from_str(content.get())) {
                Some(Ok(content)) => content,
                Some(Err(_)) | None => continue,
            };
            let room_id = rooms.room_id(snapshot, *room).await?;
            for (event_id, kinds) in content.as_object().into_iter().flatten() {
                let Some(data) = kinds.get("m.read").and_then(|users| users.get(user.as_str())) else {
                    continue;
                };
                let thread = data["thread_id"].as_str().unwrap_or_default().to_owned();
                let receipt = Receipt { event_id: event_id.clone(), data: data.clone() };
                for server in &servers {
                    harvest.receipt((
                        server.clone(),
                        room_id.clone(),
                        user.clone(),
                        thread.clone(),
                        receipt.clone(),
                    ));
                }
            }
        }
        Ok(())
    }

    /// Takes over messages to devices, oldest first, and ends the page early when they are enough for one batch.
    async fn take_to_device(&self, page: &mut Page, harvest: &mut Harvest) -> Result<(), SenderError> {
        let snapshot = page.snapshot().clone();
        let mut last = StreamPos::ZERO;
        loop {
            let messages = self.0.parts.keys.outgoing_to_device(&snapshot, last, page.up_to()).await?;
            let Some(end) = messages.last().map(|message| message.position) else { return Ok(()) };
            for message in messages {
                self.0.parts.keys.hand_over_to_device(&mut harvest.batch, &message);
                if self.0.parts.carrier.allows(&message.destination) {
                    let content = String::from_utf8_lossy(&message.content);
                    let edu = format!("{{\"content\":{content},\"edu_type\":\"m.direct_to_device\"}}");
                    self.queue_edu(&message.destination, message.position, edu.into(), harvest);
                }
                if harvest.batch.bytes() >= FEED_BYTES_PER_BATCH {
                    page.end_at(message.position);
                    return Ok(());
                }
            }
            last = end;
        }
    }

    /// The servers in a room that get EDUs of it.
    pub(super) async fn servers_in(
        &self,
        snapshot: &store::Reader,
        room: RoomNum,
    ) -> Result<Vec<OwnedServerName>, SenderError> {
        let parts = &self.0.parts;
        let mut servers = Vec::new();
        for (server, joined) in parts.rooms.joined_servers(snapshot, room).await? {
            let is_other = joined > 0 && server != parts.server_name && parts.carrier.allows(&server);
            if is_other && parts.rooms.acl_allows(room, &server).await? {
                servers.push(server);
            }
        }
        Ok(servers)
    }
}
