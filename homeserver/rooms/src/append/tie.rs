//! Tying the ends of a room together when it has many.
//!
//! Each extremity costs a resolution with the others, so a room into which others write while none of us does grows
//! dear. An event without content, which no client is shown, makes one end out of many.

use model::RoomNum;
use ruma::CanonicalJsonObject;

use super::NewEvent;
use crate::limits::EXTREMITIES_TIED;
use crate::tables::HEAD;
use crate::{Rooms, RoomsError};

/// The type of such an event; other servers know it too.
pub(crate) const TIE: &str = "org.matrix.dummy_event";

impl Rooms {
    /// Sends a tie where the room has [`EXTREMITIES_TIED`] ends or more and a local member may send one. Says whether
    /// it did.
    ///
    /// # Errors
    /// The store's own.
    pub async fn tie_extremities(&self, room: RoomNum) -> Result<bool, RoomsError> {
        let head = self.parts.store.get(&HEAD, &room).await?;
        if head.is_none_or(|head| head.extremities.len() < EXTREMITIES_TIED) {
            return Ok(false);
        }
        let levels = self.power_levels(room).await?;
        let members = self.local_members(room).await?;
        let Some(sender) = members.iter().find(|member| levels.may_send(member, TIE, false)) else {
            return Ok(false);
        };
        match self.append(room, NewEvent::message(sender.clone(), TIE, CanonicalJsonObject::new())).await {
            Ok(_) => Ok(true),
            Err(refusal @ (RoomsError::Forbidden(_) | RoomsError::NotRecommended(_))) => {
                tracing::debug!(?room, %refusal, "the ends of a room stay apart");
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }
}
