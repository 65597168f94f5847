//! Creation of rooms: every event of the first minute in one batch.
//!
//! The order of events is the specification's
//! (<https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3createroom>). The batch
//! also holds the alias and the directory entry, so a room is there with all of it or not at all.

mod content;
mod plan;
mod request;

use model::{RoomNum, RoomVersion};
use ruma::{OwnedRoomAliasId, OwnedRoomId, OwnedUserId, RoomAliasId, RoomId};
use store::StoreError;

pub use request::{CreateRoom, InitialState, Preset};

use crate::append::{Draft, NewEvent};
use crate::limits::{APPEND_ATTEMPTS_MAX, ROOM_ID_CHARACTERS};
use crate::read::RoomInfo;
use crate::tables::{ALIAS, ALIAS_OF_ROOM, AliasRecord, PUBLISHED, ROOM, ROOM_NUM, RoomRecord};
use crate::{Rooms, RoomsError};

/// A room that now exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Created {
    /// Its id.
    pub room_id: OwnedRoomId,
    /// Its number.
    pub room: RoomNum,
}

impl Rooms {
    /// Creates a room with all that was asked for, durably and in one step.
    ///
    /// # Errors
    /// Unknown versions, a taken alias, contents or an initial state that the room's own rules
    /// refuse, and the store's own.
    pub async fn create(&self, request: &CreateRoom) -> Result<Created, RoomsError> {
        let version = self.version_for(request)?;
        request.check(version)?;
        for user in Self::invitees(request) {
            self.must_accept_invite(&request.creator, user).await?;
        }
        let alias = self.alias_for(request).await?;
        let mut plan = plan::plan(self, request, version, alias.as_deref()).await?;
        for _ in 0..APPEND_ATTEMPTS_MAX {
            match self.try_create(request, version, alias.as_deref(), &plan).await {
                Err(RoomsError::Store(StoreError::Conflict)) => {
                    if let Some(alias) = &alias
                        && self.parts.store.exists(&ALIAS, alias).await?
                    {
                        return Err(RoomsError::AliasInUse);
                    }
                    // From version 12 on the room's id is the hash of its create event, and whoever asks for two equal
                    // rooms at once would get one: the other one begins a moment later.
                    if let Some(create) = plan.first_mut() {
                        let at_ms = create.timestamp_ms.unwrap_or_else(|| self.parts.clock.now_ms());
                        create.timestamp_ms = Some(at_ms.saturating_add(1));
                    }
                }
                outcome => return outcome,
            }
        }
        Err(RoomsError::Contended)
    }

    fn version_for(&self, request: &CreateRoom) -> Result<&'static RoomVersion, RoomsError> {
        let wanted = request.version.as_ref().unwrap_or(&self.parts.settings.default_version);
        model::room_version(wanted).ok_or_else(|| RoomsError::UnsupportedRoomVersion(wanted.to_string()))
    }

    async fn alias_for(&self, request: &CreateRoom) -> Result<Option<OwnedRoomAliasId>, RoomsError> {
        let Some(localpart) = &request.alias_localpart else { return Ok(None) };
        if localpart.is_empty() || localpart.chars().any(|c| c == ':' || c == '\0' || c.is_whitespace()) {
            return Err(RoomsError::InvalidParam("room_alias_name is not a valid localpart".to_owned()));
        }
        let alias = RoomAliasId::parse(format!("#{localpart}:{}", self.parts.server_name))
            .map_err(|error| RoomsError::InvalidParam(format!("room_alias_name: {error}")))?;
        if self.parts.store.exists(&ALIAS, &alias).await? {
            return Err(RoomsError::AliasInUse);
        }
        Ok(Some(alias))
    }

    async fn try_create(
        &self,
        request: &CreateRoom,
        version: &'static RoomVersion,
        alias: Option<&RoomAliasId>,
        plan: &[NewEvent],
    ) -> Result<Created, RoomsError> {
        let room = self.parts.numbers.room_num().await?;
        let room_id = if version.room_id_is_create_hash() {
            // Unknown until the create event is built; the draft replaces it.
            content::placeholder_room_id()
        } else {
            self.new_room_id()?
        };
        let mut draft = Draft::of_new_room(self, room, RoomInfo { room_id, version });
        for new in plan {
            draft.push(new.clone()).await.map_err(|error| refused_state(error, new))?;
        }
        let room_id = draft.room_id().clone();
        let batch = draft.batch_mut();
        batch.expect_absent(&ROOM_NUM, &room_id);
        batch.put(&ROOM_NUM, &room_id, &room);
        let record = RoomRecord { room_id: room_id.clone(), version: version.id().to_string() };
        batch.put(&ROOM, &room, &record);
        if let Some(alias) = alias {
            let row = AliasRecord { room, creator: request.creator.clone() };
            batch.expect_absent(&ALIAS, &alias.to_owned());
            batch.put(&ALIAS, &alias.to_owned(), &row);
            batch.put(&ALIAS_OF_ROOM, &(room, alias.to_owned()), &());
        }
        if request.public && self.parts.settings.publishing_allowed {
            batch.put(&PUBLISHED, &room, &self.parts.clock.now_ms());
        }
        let finished = draft.finish().await?;
        self.parts.store.commit(finished.batch).await?;
        metrics::counter!("lianqiao_rooms_created_total").increment(1);
        Ok(Created { room_id, room })
    }

    fn new_room_id(&self) -> Result<OwnedRoomId, RoomsError> {
        let localpart = self.parts.rng.string(ROOM_ID_CHARACTERS);
        RoomId::parse(format!("!{localpart}:{}", self.parts.server_name))
            .map_err(|error| RoomsError::Corrupt(format!("a room id of our own: {error}")))
    }

    /// Users of this server to invite; the creator is in the room anyway. Those of other servers are invited when the
    /// room is there, because their servers have to sign.
    pub(crate) fn invitees(request: &CreateRoom) -> impl Iterator<Item = &OwnedUserId> {
        let home = request.creator.server_name();
        request.invite.iter().filter(move |user| **user != request.creator && user.server_name() == home)
    }
}

/// An initial state that breaks the room's rules is the client's mistake, not a missing right.
fn refused_state(error: RoomsError, new: &NewEvent) -> RoomsError {
    match error {
        RoomsError::Forbidden(reason) => {
            RoomsError::InvalidRoomState(format!("{} would not be allowed: {reason}", new.kind))
        }
        error => error,
    }
}
