//! Room upgrades: a new room that takes the place of an old one
//! (<https://spec.matrix.org/v1.19/client-server-api/#room-upgrades>).
//!
//! The new room is there, whole, before the old one points to it, so a crash between the two leaves
//! a room too many and never a dead end. What follows the tombstone (aliases, the directory, the
//! members' own settings) can be repeated and does not undo the upgrade when it fails.

mod follow;
mod plan;

use model::{RoomNum, RoomVersion};
use rooms::{Created, NewEvent, RoomsError};
use ruma::{
    CanonicalJsonObject, CanonicalJsonValue, OwnedRoomId, OwnedUserId, RoomId, RoomVersionId, UserId,
};

use crate::{Flows, FlowsError};

/// What a user asks of an upgrade.
#[derive(Clone, Debug)]
pub struct Upgrade {
    /// The version of the new room.
    pub new_version: RoomVersionId,
    /// Creators beside the user, for versions that know them.
    pub additional_creators: Vec<OwnedUserId>,
}

impl Flows {
    /// Replaces a room by one of another version and returns the new room's id.
    ///
    /// # Errors
    /// An unknown version, or no right to send the tombstone.
    pub async fn upgrade_room(
        &self,
        user: &UserId,
        room_id: &RoomId,
        upgrade: &Upgrade,
    ) -> Result<OwnedRoomId, FlowsError> {
        let rooms = &self.0.rooms;
        let version = model::room_version(&upgrade.new_version)
            .ok_or_else(|| RoomsError::UnsupportedRoomVersion(upgrade.new_version.to_string()))?;
        let old = rooms.known_room(rooms.store(), room_id).await?;
        self.may_upgrade(user, old).await?;
        let plan = plan::plan(rooms, user, old, room_id, version, upgrade).await?;
        let new = self.create_room(&plan.request).await?;
        if let Some(levels) = plan.final_power_levels {
            let event = NewEvent::state(user.to_owned(), "m.room.power_levels", "", levels);
            rooms.append(new.room, event).await?;
        }
        self.point_to(user, old, &new).await?;
        if let Err(error) = self.move_names(user, old, room_id, &new).await {
            tracing::warn!(%error, %room_id, new = %new.room_id, "the names of the room stay with the old one");
        }
        self.quiet(user, old).await;
        self.follow_upgrade(old, &new.room_id).await;
        Ok(new.room_id)
    }

    async fn may_upgrade(&self, user: &UserId, old: RoomNum) -> Result<(), FlowsError> {
        let rooms = &self.0.rooms;
        let is_joined = rooms.is_joined(rooms.store(), old, user).await?;
        if is_joined && rooms.power_levels(old).await?.may_send(user, "m.room.tombstone", true) {
            Ok(())
        } else {
            Err(RoomsError::forbidden("you may not upgrade this room").into())
        }
    }

    async fn point_to(&self, user: &UserId, old: RoomNum, new: &Created) -> Result<(), FlowsError> {
        let mut content = CanonicalJsonObject::new();
        content.insert("body".to_owned(), text("This room has been replaced"));
        content.insert("replacement_room".to_owned(), text(new.room_id.as_str()));
        let tombstone = NewEvent::state(user.to_owned(), "m.room.tombstone", "", content);
        self.0.rooms.append(old, tombstone).await?;
        Ok(())
    }

    /// Aliases, the canonical alias and the directory entry go to the new room.
    async fn move_names(
        &self,
        user: &UserId,
        old: RoomNum,
        old_id: &RoomId,
        new: &Created,
    ) -> Result<(), FlowsError> {
        let rooms = &self.0.rooms;
        rooms.move_aliases(old, new.room).await?;
        let canonical = rooms.current_state(rooms.store(), old, "m.room.canonical_alias", "").await?;
        if let Some(canonical) = canonical {
            let content = rooms::canonical_object(canonical.content_str())?;
            if !content.is_empty() {
                let kind = "m.room.canonical_alias";
                rooms.append(new.room, NewEvent::state(user.to_owned(), kind, "", content)).await?;
                let empty = CanonicalJsonObject::new();
                rooms.append(old, NewEvent::state(user.to_owned(), kind, "", empty)).await?;
            }
        }
        if rooms.is_published(old_id).await? {
            rooms.publish(&new.room_id, user, true).await?;
            rooms.publish(old_id, user, false).await?;
        }
        Ok(())
    }

    /// Raises what it takes to speak and to invite in the old room, when the user may. The user's own
    /// level stays, so moderators can still act there.
    async fn quiet(&self, user: &UserId, old: RoomNum) {
        let rooms = &self.0.rooms;
        let outcome = async {
            let levels = rooms.current_state(rooms.store(), old, "m.room.power_levels", "").await?;
            let Some(levels) = levels else { return Ok(()) };
            let mut content = rooms::canonical_object(levels.content_str())?;
            let needed = rooms.power_levels(old).await?.users_default().saturating_add(1).max(50);
            let mut changed = false;
            for key in ["events_default", "invite"] {
                let now = content.get(key).and_then(CanonicalJsonValue::as_integer);
                if now.is_none_or(|level| i64::from(level) < needed) {
                    content.insert(
                        key.to_owned(),
                        CanonicalJsonValue::Integer(ruma::Int::new_saturating(needed)),
                    );
                    changed = true;
                }
            }
            if changed {
                let event = NewEvent::state(user.to_owned(), "m.room.power_levels", "", content);
                rooms.append(old, event).await?;
            }
            Ok::<(), RoomsError>(())
        };
        if let Err(error) = outcome.await {
            tracing::debug!(%error, "the old room stays open for messages");
        }
    }
}

fn text(value: impl Into<String>) -> CanonicalJsonValue {
    CanonicalJsonValue::String(value.into())
}

/// Whether creators have no level of their own in this version.
fn creators_have_no_level(version: &RoomVersion) -> bool {
    version.creators_are_infinite()
}
