//! Rooms that were replaced: what is bound to one goes along to the room in its place, as soon as the bot is in there.

use std::collections::HashMap;

use bridge_api::Network;
use kit::{BotError, CallError};
use ruma::RoomId;
use store::Batch;

use crate::{BridgeError, Bridges, LOCALPART, lanes::Lane, tables::PortalRow};

impl Bridges {
    /// The bot is in a room now. If that one took the place of another, it has what was bound there.
    pub(crate) async fn came_into(&self, room: &RoomId, batch: &mut Batch) -> Result<(), BotError> {
        let Some(intent) = self.0.kit.intent(LOCALPART) else { return Ok(()) };
        let create = match intent.state(room, "m.room.create", "").await {
            Ok(create) => create.unwrap_or_default(),
            Err(CallError::Refused { .. }) => return Ok(()),
            Err(error) => return Err(BotError::Later(error.to_string())),
        };
        let old = create["predecessor"]["room_id"].as_str().and_then(|old| RoomId::parse(old).ok());
        match old {
            // Anybody may make a room and say whose place it takes: the old one has to say so too.
            Some(old) if self.0.kit.successor(LOCALPART, &old).await? == room => {
                self.follow(&old, room, batch).await
            }
            Some(_) | None => Ok(()),
        }
    }

    /// A room says which one is in its place; where the bot is not there yet, its coming is waited for.
    pub(crate) async fn follow(&self, old: &RoomId, new: &RoomId, batch: &mut Batch) -> Result<(), BotError> {
        let lanes = self.portals().of_room(old);
        if lanes.is_empty() {
            return Ok(());
        }
        let is_encrypted = match self.check_room(new).await {
            Ok(()) => false,
            Err(BridgeError::Encrypted) => true,
            Err(BridgeError::NotInRoom(_)) => return Ok(()),
            Err(error) => return Err(BotError::Later(error.to_string())),
        };
        // What of each platform is in the new room by then.
        let mut moved_of: HashMap<Network, Vec<(Lane, PortalRow)>> = HashMap::new();
        for lane in lanes {
            let Some(row) = self.portals().get(&lane) else { continue };
            let name = self.name_of(&lane);
            let room = if is_encrypted { None } else { Some(new.to_owned()) };
            let row = PortalRow { room, ..row };
            let moved = self.portals().put(batch, &lane, row.clone());
            moved.map_err(|error| BotError::Broken(error.to_string()))?;
            let unique = format!("moved/{}/{}/{new}", lane.0.key(), lane.1);
            let key = if is_encrypted { "bridge.told.encrypted" } else { "bridge.told.moved" };
            self.notice(batch, new, &unique, key, &[("conversation", &name)]);
            if let Some(seat) = self.seat(lane.0).filter(|_| !is_encrypted) {
                let line = self.line_beside(batch, lane.0).await?;
                let moved = moved_of.entry(lane.0).or_default();
                moved.push((lane.clone(), row));
                self.state_with(batch, seat, &line, (new, moved.clone()));
            }
            tracing::info!(conversation = %lane.1, %old, %new, is_encrypted, "the room of a conversation was replaced");
        }
        Ok(())
    }
}
