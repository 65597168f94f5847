//! Redacting what relates to a redacted event, when the client asks for it (MSC3912).

use ruma::{EventId, RoomId, UserId};

use super::SendOptions;
use crate::index::RelationClass;
use crate::limits::RELATED_REDACTIONS_MAX;
use crate::relations::Bounds;
use crate::{Rooms, RoomsError};

/// Stands for every type of relation.
const ANY: &str = "*";

impl Rooms {
    /// Redacts the events that relate to `parent` by one of these types (`*` for all), as far as the
    /// sender may, at most [`RELATED_REDACTIONS_MAX`]. Returns how many; what is redacted already is not
    /// redacted again, so the call can be repeated.
    ///
    /// # Errors
    /// The store's own.
    pub async fn redact_related(
        &self,
        room_id: &RoomId,
        sender: &UserId,
        parent: &EventId,
        rel_types: &[String],
        reason: Option<&str>,
    ) -> Result<usize, RoomsError> {
        let room = self.room_of_actor(room_id).await?;
        let store = &self.parts.store;
        let mut related = Vec::new();
        for class in RelationClass::ALL {
            let left = RELATED_REDACTIONS_MAX.saturating_sub(related.len());
            related.extend(self.children(store, room, parent, class, Bounds::default(), left).await?);
        }
        related.retain(|child| rel_types.iter().any(|wanted| wanted == ANY || *wanted == child.rel_type));
        let mut redacted = 0;
        for child in related {
            let event_id = self.pdu(store, child.event).await?.event_id().to_owned();
            match self.redact(room_id, sender, &event_id, reason, SendOptions::default()).await {
                Ok(_) => redacted += 1,
                Err(RoomsError::Forbidden(_) | RoomsError::NotRecommended(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(redacted)
    }
}
