//! Server notices: what the operator has to tell one user.
//!
//! [Server notices](https://spec.matrix.org/v1.19/client-server-api/#server-notices). Each user has one
//! room for them, made by the notices' own account at the first notice and used again for every later one.

use accounts::{AccountError, NewUser};
use rooms::{CreateRoom, Membership, SendOptions, TransactionKey};
use ruma::{
    CanonicalJsonObject, CanonicalJsonValue, Int, OwnedEventId, OwnedRoomId, OwnedUserId, RoomId, UserId,
};
use serde_json::{Map, Value};

use crate::{Flows, FlowsError};

/// The tag that tells clients which room it is.
const TAG: &str = "m.server_notice";
/// Users cannot answer: their level is below what messages need.
const USERS_LEVEL: i64 = -10;

/// How server notices look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeSettings {
    /// Localpart of the account that sends them.
    pub localpart: String,
    /// Its display name.
    pub display_name: Option<String>,
    /// Its picture.
    pub avatar_url: Option<String>,
    /// Name of the rooms.
    pub room_name: String,
    /// Whether users are joined to the room at once instead of invited.
    pub auto_join: bool,
}

/// A notice.
#[derive(Clone, Debug)]
pub struct Notice {
    /// For whom.
    pub user: OwnedUserId,
    /// The event type.
    pub kind: String,
    /// The state key, for a state event.
    pub state_key: Option<String>,
    /// The content.
    pub content: CanonicalJsonObject,
    /// Who sends it and their id of the request: a repeated request sends nothing new.
    pub transaction: Option<(OwnedUserId, String)>,
}

impl Flows {
    /// Sends a notice and returns its event.
    ///
    /// # Errors
    /// Notices are switched off, the user is unknown here or closed, or the room refuses.
    pub async fn send_server_notice(&self, notice: Notice) -> Result<OwnedEventId, FlowsError> {
        let settings = self.0.notices.as_ref().ok_or(FlowsError::NoticesDisabled)?;
        if !self.0.accounts.is_active(self.0.accounts.reader(), &notice.user).await? {
            return Err(AccountError::UnknownUser.into());
        }
        let sender = self.notices_account(settings).await?;
        let room = self.notices_room(settings, &sender, &notice.user).await?;
        self.bring_to_notices(settings, &sender, &room, &notice.user).await?;
        let rooms = &self.0.rooms;
        if let Some(state_key) = &notice.state_key {
            let sent =
                rooms.send_state(&room, &sender, &notice.kind, state_key, notice.content, Default::default());
            return Ok(Box::pin(sent).await?);
        }
        let transaction = notice.transaction.map(|(administrator, transaction_id)| TransactionKey {
            scope: administrator.to_string(),
            endpoint: format!("send_server_notice {room}"),
            transaction_id,
        });
        let options = SendOptions { transaction, ..SendOptions::default() };
        Ok(rooms.send(&room, &sender, &notice.kind, notice.content, options).await?)
    }

    /// Leaves a room, rejects an invite or takes back a knock.
    ///
    /// # Errors
    /// An invite to the room of server notices cannot be rejected; otherwise what rooms refuse.
    pub async fn leave_room(
        &self,
        room: &RoomId,
        user: &UserId,
        reason: Option<&str>,
    ) -> Result<(), FlowsError> {
        if self.0.administration.notice_room(user).await?.is_some_and(|notices| notices == room) {
            let store = self.0.rooms.store();
            let num = self.0.rooms.known_room(store, room).await?;
            let member = self.0.rooms.member(store, num, user).await?;
            if member.is_some_and(|member| member.membership == Membership::Invite) {
                return Err(FlowsError::CannotLeaveServerNoticeRoom);
            }
        }
        self.leave_anywhere(room, user, reason).await
    }

    async fn notices_account(&self, settings: &NoticeSettings) -> Result<OwnedUserId, FlowsError> {
        let accounts = &self.0.accounts;
        let user = accounts.user_id_for(&settings.localpart)?;
        if accounts.exists(accounts.reader(), &user).await? {
            return Ok(user);
        }
        let new = NewUser {
            localpart: settings.localpart.clone(),
            password: None,
            admin: false,
            display_name: settings.display_name.clone(),
        };
        match accounts.create_user(new).await {
            Ok(_) | Err(AccountError::UserInUse) => {}
            Err(error) => return Err(error.into()),
        }
        if let Some(url) = &settings.avatar_url {
            accounts.set_profile_field(&user, "avatar_url", Some(Value::String(url.clone()))).await?;
        }
        Ok(user)
    }

    async fn notices_room(
        &self,
        settings: &NoticeSettings,
        sender: &UserId,
        user: &UserId,
    ) -> Result<OwnedRoomId, FlowsError> {
        let (rooms, administration) = (&self.0.rooms, &self.0.administration);
        let old = administration.notice_room(user).await?;
        if let Some(room) = &old
            && rooms.joined_rooms(sender).await?.contains(room)
        {
            return Ok(room.clone());
        }
        let level = CanonicalJsonValue::Integer(Int::new_saturating(USERS_LEVEL));
        let mut request = CreateRoom::new(sender.to_owned());
        request.name = Some(settings.room_name.clone());
        request.power_level_content_override =
            CanonicalJsonObject::from([("users_default".to_owned(), level)]);
        request.creation_content =
            CanonicalJsonObject::from([("m.federate".to_owned(), CanonicalJsonValue::Bool(false))]);
        let created = Box::pin(rooms.create(&request)).await?;
        Ok(administration.set_notice_room(user, old.as_deref(), &created.room_id).await?)
    }

    async fn bring_to_notices(
        &self,
        settings: &NoticeSettings,
        sender: &UserId,
        room: &RoomId,
        user: &UserId,
    ) -> Result<(), FlowsError> {
        let rooms = &self.0.rooms;
        let num = rooms.known_room(rooms.store(), room).await?;
        let member = rooms.member(rooms.store(), num, user).await?.map(|member| member.membership);
        if member == Some(Membership::Join) {
            return Ok(());
        }
        self.0.accounts.set_tag(user, room, TAG, Map::new()).await?;
        if member != Some(Membership::Invite) {
            rooms.invite(room, sender, user, None).await?;
        }
        if settings.auto_join {
            rooms.join(room, user, &rooms::Joining::default()).await?;
        }
        Ok(())
    }
}
