//! Rooms that two people are both in.

use std::collections::HashSet;

use model::RoomNum;
use rooms::Membership;
use ruma::{OwnedRoomId, UserId};

use crate::{
    Search, SearchError,
    limits::{MUTUAL_ROOMS_COMPARED_MAX, MUTUAL_ROOMS_PAGE_MAX},
};

/// A page of mutual rooms.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MutualRooms {
    /// The rooms.
    pub joined: Vec<OwnedRoomId>,
    /// How many there are in all.
    pub count: u64,
    /// Continues after this page.
    pub next: Option<String>,
}

const TOKEN_TAG: &str = "m1_";

impl Search {
    /// The rooms that both users are joined to; none for a user that is not known.
    /// [Mutual rooms](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1mutual_rooms)
    ///
    /// # Errors
    /// `InvalidParam` for a foreign token, and when both users are the same.
    pub async fn mutual_rooms(
        &self,
        asker: &UserId,
        other: &UserId,
        from: Option<&str>,
    ) -> Result<MutualRooms, SearchError> {
        if asker == other {
            return Err(SearchError::InvalidParam("user_id must be somebody else"));
        }
        let after = from.map(room_of).transpose()?;
        let own: HashSet<RoomNum> = self.joined_rooms(asker).await?.into_iter().collect();
        let mut mutual = self.joined_rooms(other).await?;
        mutual.retain(|room| own.contains(room));
        mutual.sort_unstable();
        let count = mutual.len() as u64;
        let mut page = mutual.into_iter().filter(|room| after.is_none_or(|after| *room > after));
        let mut answer = MutualRooms { count, ..MutualRooms::default() };
        let mut last = None;
        for room in page.by_ref().take(MUTUAL_ROOMS_PAGE_MAX) {
            answer.joined.push(self.parts.rooms.room_id(&self.parts.store, room).await?);
            last = Some(room);
        }
        if page.next().is_some() {
            answer.next = last.map(|room| format!("{TOKEN_TAG}{:x}", room.get()));
        }
        Ok(answer)
    }

    async fn joined_rooms(&self, user: &UserId) -> Result<Vec<RoomNum>, SearchError> {
        let memberships = self.parts.rooms.rooms_of_user(user).await?;
        let joined = memberships.iter().filter(|(_, member)| member.membership == Membership::Join);
        Ok(joined.map(|(room, _)| *room).take(MUTUAL_ROOMS_COMPARED_MAX).collect())
    }
}

fn room_of(token: &str) -> Result<RoomNum, SearchError> {
    let foreign = || SearchError::InvalidParam("from is not a token of this listing");
    let number = token.strip_prefix(TOKEN_TAG).ok_or_else(foreign)?;
    let number = u64::from_str_radix(number, 16).map_err(|_| foreign())?;
    if format!("{TOKEN_TAG}{number:x}") == token { Ok(RoomNum::new(number)) } else { Err(foreign()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_tokens_are_refused() {
        assert_eq!(room_of("m1_1f").unwrap(), RoomNum::new(31));
        for foreign in ["", "m1_", "m1_x", "m1_0f", "m1_+f", "m1_1F", "m2_1"] {
            assert!(room_of(foreign).is_err(), "{foreign}");
        }
    }
}
