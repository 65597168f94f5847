//! Names and pictures in member events.

use std::collections::VecDeque;

use model::RoomNum;
use ruma::{CanonicalJsonObject, UserId};
use tokio::task::JoinSet;

use crate::json::{canonical_object, text};
use crate::limits::PROFILE_UPDATES_AT_ONCE_MAX;
use crate::member::Membership;
use crate::{Rooms, RoomsError};

const PROFILE_KEYS: [&str; 2] = ["displayname", "avatar_url"];

impl Rooms {
    /// The part of a member event's content that comes from the user's profile.
    pub(crate) async fn profile_content(&self, user: &UserId) -> Result<CanonicalJsonObject, RoomsError> {
        let mut content = CanonicalJsonObject::new();
        if let Some(profile) = self.parts.accounts.profile(&self.parts.store, user).await? {
            if let Some(name) = profile.displayname {
                content.insert("displayname".to_owned(), text(name));
            }
            if let Some(avatar) = profile.avatar_url {
                content.insert("avatar_url".to_owned(), text(avatar.as_str()));
            }
        }
        Ok(content)
    }

    /// Name and picture as the room has them now, for member events that others write.
    pub(super) async fn kept_profile(
        &self,
        room: RoomNum,
        user: &UserId,
    ) -> Result<CanonicalJsonObject, RoomsError> {
        let event = self.current_state(&self.parts.store, room, "m.room.member", user.as_str()).await?;
        let mut content = match event {
            Some(pdu) => canonical_object(pdu.content_str()).unwrap_or_default(),
            None => CanonicalJsonObject::new(),
        };
        content.retain(|key, _| PROFILE_KEYS.contains(&key.as_str()));
        Ok(content)
    }

    /// Shows a changed profile in every joined room. Can be repeated: rooms that are up to date are
    /// passed over.
    ///
    /// # Errors
    /// The store's own. A room whose rules refuse is logged and passed over.
    pub async fn update_member_profile(&self, user: &UserId) -> Result<(), RoomsError> {
        let profile = self.profile_content(user).await?;
        let rooms = self.rooms_of_user(user).await?;
        let mut waiting: VecDeque<RoomNum> = rooms
            .iter()
            .filter(|(_, member)| member.membership == Membership::Join)
            .map(|(room, _)| *room)
            .collect();
        let mut running = JoinSet::new();
        let mut outcome = Ok(());
        loop {
            while running.len() < PROFILE_UPDATES_AT_ONCE_MAX
                && let Some(room) = waiting.pop_front()
            {
                let (rooms, user, profile) = (self.clone(), user.to_owned(), profile.clone());
                running.spawn(async move { rooms.update_profile_in(room, &user, profile).await });
            }
            match running.join_next().await {
                None => return outcome,
                Some(Ok(Ok(()))) => {}
                Some(Ok(Err(refusal @ (RoomsError::Forbidden(_) | RoomsError::NotRecommended(_))))) => {
                    tracing::warn!(%user, %refusal, "a room refuses the new profile");
                }
                Some(Ok(Err(error))) => outcome = Err(error),
                Some(Err(error)) => tracing::error!(%error, "a profile update did not end"),
            }
        }
    }

    async fn update_profile_in(
        &self,
        room: RoomNum,
        user: &UserId,
        profile: CanonicalJsonObject,
    ) -> Result<(), RoomsError> {
        let event = self.current_state(&self.parts.store, room, "m.room.member", user.as_str()).await?;
        let Some(pdu) = event else { return Ok(()) };
        let old = canonical_object(pdu.content_str())?;
        let mut new = old.clone();
        new.retain(|key, _| !PROFILE_KEYS.contains(&key.as_str()));
        // An authorised join is history; naming the member again would demand their rights anew.
        new.remove("join_authorised_via_users_server");
        new.remove("reason");
        new.extend(profile);
        if PROFILE_KEYS.iter().all(|key| old.get(*key) == new.get(*key)) {
            return Ok(());
        }
        self.set_membership(room, user, user, Membership::Join, new, None).await.map(|_| ())
    }
}
