//! Redaction on removal (MSC4293): who kicks or bans may ask that everything the removed user said goes as well.
//!
//! A reader of the stream with a cursor of its own: it meets the member event, judges whether its sender might have
//! redacted the user's events one by one, and redacts them with the member event as the reason. A crash in between
//! repeats the walk, which passes over what is redacted. State stays, memberships apart: a room must not lose its
//! encryption or its name because of who set it.

use base::Shutdown;
use model::{EventNum, RoomNum, StreamPos, TimelinePos};
use rules::power::PowerLevels;
use ruma::{OwnedUserId, UserId, api::Direction};
use serde::Deserialize;
use store::StoreError;
use streams::{Fact, Page, StreamReader};

use super::{Draft, Writer};
use crate::limits::{APPEND_ATTEMPTS_MAX, PAGE_ROWS, REDACTED_PER_BATCH_MAX};
use crate::{Membership, Rooms, RoomsError, TimelineRange};

/// The name of this reader of the stream.
pub const REMOVAL_READER: &str = "redaction-on-removal";

/// The reader of the stream.
struct Reader {
    rooms: Rooms,
    shutdown: Shutdown,
}

impl StreamReader for Reader {
    type Error = RoomsError;

    // What was removed before this reader existed stays as it was.
    const NAME: &'static str = REMOVAL_READER;

    async fn take(&mut self, page: &mut Page) -> Result<(), RoomsError> {
        for (position, fact) in page.facts().await? {
            let Fact::Event { room, event } = fact else { continue };
            let Some(removal) = known(self.rooms.removal(room, event).await)?.flatten() else { continue };
            // It redacts in batches of its own, room by room: the place is written down after each walk.
            let is_done = self.rooms.redact_all_of(&removal, &self.shutdown).await?;
            page.end_at(if is_done { position } else { StreamPos::new(position.get().saturating_sub(1)) });
            page.save_place();
            break;
        }
        Ok(())
    }
}

/// A member event that takes the user's events along.
struct Removal {
    room: RoomNum,
    event: EventNum,
    target: OwnedUserId,
    position: TimelinePos,
}

/// What a member event says about the events of its user.
#[derive(Deserialize)]
struct Content {
    membership: String,
    #[serde(default)]
    redact_events: bool,
    #[serde(default, rename = "org.matrix.msc4293.redact_events")]
    redact_events_unstable: bool,
}

impl Rooms {
    /// Follows the stream until the server stops. Run once.
    pub async fn redact_on_removal(self, shutdown: Shutdown) {
        let store = self.parts.store.clone();
        let mut reader = Reader { rooms: self, shutdown: shutdown.clone() };
        streams::follow(&store, &mut reader, &shutdown).await;
    }

    /// The removal that an event is, if it asks for redaction and its sender may redact.
    async fn removal(&self, room: RoomNum, event: EventNum) -> Result<Option<Removal>, RoomsError> {
        let store = &self.parts.store;
        let pdu = self.pdu(store, event).await?;
        if pdu.kind() != "m.room.member" {
            return Ok(None);
        }
        let Some(target) = pdu.state_key().and_then(|key| UserId::parse(key).ok()) else { return Ok(None) };
        let Ok(content) = pdu.content_as::<Content>() else { return Ok(None) };
        let removes = match Membership::parse(&content.membership) {
            Some(Membership::Leave | Membership::Ban) => target != pdu.sender(),
            Some(Membership::Join | Membership::Invite | Membership::Knock) | None => false,
        };
        if !removes || !(content.redact_events || content.redact_events_unstable) {
            return Ok(None);
        }
        let meta = self.meta(store, event).await?;
        let Some(position) = meta.position else { return Ok(None) };
        let version = self.room_version(store, room).await?;
        let create = self.state_event_at(store, meta.state_before, "m.room.create", "").await?;
        let Some(create) = create else { return Ok(None) };
        let levels = self.state_event_at(store, meta.state_before, "m.room.power_levels", "").await?;
        let levels = PowerLevels::new(version, &create, levels.as_ref());
        let may_redact = levels.may_redact_others(pdu.sender())
            && levels.may_send(pdu.sender(), "m.room.redaction", false);
        Ok(may_redact.then_some(Removal { room, event, target, position }))
    }

    /// Walks back through the room; whether it came to the end and was not stopped.
    async fn redact_all_of(&self, removal: &Removal, shutdown: &Shutdown) -> Result<bool, RoomsError> {
        let store = &self.parts.store;
        let mut range = TimelineRange::up_to(removal.position);
        let mut redacted = 0;
        loop {
            if shutdown.is_triggered() {
                return Ok(false);
            }
            let page = self.timeline(store, removal.room, range, Direction::Backward, PAGE_ROWS).await?;
            let mut targets = Vec::new();
            for (_, event) in &page {
                if known(self.is_target(removal, *event).await)?.unwrap_or(false) {
                    targets.push(*event);
                }
            }
            for some in targets.chunks(REDACTED_PER_BATCH_MAX) {
                self.redact_some(removal, some).await?;
            }
            redacted += targets.len();
            match page.last() {
                Some((oldest, _)) if page.len() == PAGE_ROWS => {
                    range.to = std::ops::Bound::Excluded(*oldest);
                }
                Some(_) | None => break,
            }
        }
        tracing::info!(user = %removal.target, redacted, "redacted the events of a removed user");
        Ok(true)
    }

    async fn is_target(&self, removal: &Removal, event: EventNum) -> Result<bool, RoomsError> {
        let store = &self.parts.store;
        let pdu = self.pdu(store, event).await?;
        if pdu.sender() != removal.target || (pdu.is_state() && pdu.kind() != "m.room.member") {
            return Ok(false);
        }
        Ok(self.meta(store, event).await?.redacted_by.is_none())
    }

    async fn redact_some(&self, removal: &Removal, targets: &[EventNum]) -> Result<(), RoomsError> {
        let store = &self.parts.store;
        for _ in 0..APPEND_ATTEMPTS_MAX {
            let mut writer = self.locks.lock(removal.room).await;
            let mut draft = Draft::open(self, removal.room, &mut writer).await?;
            for target in targets {
                let meta = self.meta(store, *target).await?;
                if meta.redacted_by.is_none() {
                    let pdu = self.pdu(store, *target).await?;
                    draft.redact_stored(removal.event, *target, &pdu, &meta)?;
                }
            }
            match self.commit_draft(draft, &mut writer).await {
                Err(RoomsError::Store(StoreError::Conflict)) => *writer = Writer::default(),
                outcome => return outcome.map(drop),
            }
        }
        Err(RoomsError::Contended)
    }
}

/// An event that was purged meanwhile concerns nobody any more.
fn known<T>(outcome: Result<T, RoomsError>) -> Result<Option<T>, RoomsError> {
    match outcome {
        Ok(found) => Ok(Some(found)),
        Err(RoomsError::Corrupt(what)) => {
            tracing::debug!(what, "pass over an event that is gone");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
