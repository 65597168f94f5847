//! Deleting a room: everybody leaves, its names go, and if so wanted every row of it.
//!
//! The state of it is the task's: after every part the progress is written down, and a restart goes on
//! from there. Parts may be repeated: who has left leaves no second time.

use administration::Task;
use base::Shutdown;
use rooms::{ClosedRoom, CreateRoom, Membership, Preset, RoomsError};
use ruma::{CanonicalJsonObject, CanonicalJsonValue, OwnedRoomId, OwnedUserId, RoomId, UserId};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{Flows, FlowsError, tasks::Run};

/// The kind of the task.
pub(crate) const KIND: &str = "delete_room";
/// What other members read as the reason of the leave.
const REASON: &str = "The room was closed by an administrator";
const DEFAULT_NAME: &str = "Content violation notification";
const DEFAULT_MESSAGE: &str = "Sharing illegal content on this server is not permitted and rooms in \
    violation will be blocked.";

/// How a room is to be deleted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RoomDeletion {
    /// The room.
    pub room_id: OwnedRoomId,
    /// Who asked for it.
    pub by: OwnedUserId,
    /// Who creates a room that the members are brought to; nobody leaves them on their own.
    pub new_room_user_id: Option<OwnedUserId>,
    /// The name of that room.
    pub room_name: Option<String>,
    /// What it says.
    pub message: Option<String>,
    /// Whether nobody may enter the old one again.
    pub block: bool,
    /// Whether its rows are taken away.
    pub purge: bool,
}

/// How far it has come, and at last what came out.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DeletedRoom {
    /// Who was in it, invited to it or knocking.
    pub kicked_users: Vec<OwnedUserId>,
    /// Who could not be brought out.
    pub failed_to_kick_users: Vec<OwnedUserId>,
    /// Aliases that named it.
    pub local_aliases: Vec<String>,
    /// The room that members were brought to.
    pub new_room_id: Option<OwnedRoomId>,
    /// Number of the closed room while its rows go.
    pub closed: Option<u64>,
    /// Whether everybody is out.
    pub emptied: bool,
}

impl Flows {
    /// Writes the deletion of a room down; it begins soon.
    ///
    /// # Errors
    /// It is being deleted already. A room that this server does not know can only be blocked.
    pub async fn delete_room(&self, deletion: &RoomDeletion) -> Result<Task, FlowsError> {
        if let Some(user) = &deletion.new_room_user_id
            && !self.0.accounts.is_active(self.0.accounts.reader(), user).await?
        {
            return Err(accounts::AccountError::UnknownUser.into());
        }
        let known = self.0.rooms.room_num(self.0.rooms.store(), &deletion.room_id).await?;
        if known.is_none() && !deletion.block {
            return Err(RoomsError::RoomNotFound.into());
        }
        let input = to_json(deletion)?;
        Ok(self.0.administration.create_task(KIND, deletion.room_id.as_str(), &input).await?)
    }

    pub(crate) async fn run_room_deletion(&self, task: Task, shutdown: &Shutdown) -> Result<Run, FlowsError> {
        let wanted: RoomDeletion = from_json(&task.input)?;
        let mut done: DeletedRoom = from_json(&task.progress).unwrap_or_default();
        if wanted.block {
            self.0.rooms.set_blocked(&wanted.room_id, &wanted.by, true).await?;
        }
        let known = self.0.rooms.room_num(self.0.rooms.store(), &wanted.room_id).await?;
        if known.is_some() && !done.emptied {
            self.make_room_to_go_to(&task, &wanted, &mut done).await?;
            self.empty_room(&wanted, &mut done).await?;
            self.take_aliases(&wanted.room_id, &mut done).await?;
            done.emptied = true;
            self.0.administration.task_moved(&task.id, &to_json(&done)?).await?;
        }
        if wanted.purge {
            if known.is_some() {
                let ClosedRoom(room) = self.0.rooms.close_room(&wanted.room_id).await?;
                done.closed = Some(room.get());
                self.0.administration.task_moved(&task.id, &to_json(&done)?).await?;
            }
            if let Some(room) = done.closed {
                let room = ClosedRoom(model::RoomNum::new(room));
                while self.0.rooms.purge_step(room).await? > 0 {
                    if shutdown.is_triggered() {
                        return Ok(Run::Interrupted);
                    }
                }
            }
        }
        Ok(Run::Done(to_json(&done)?))
    }

    async fn make_room_to_go_to(
        &self,
        task: &Task,
        wanted: &RoomDeletion,
        done: &mut DeletedRoom,
    ) -> Result<(), FlowsError> {
        let Some(creator) = wanted.new_room_user_id.as_ref().filter(|_| done.new_room_id.is_none()) else {
            return Ok(());
        };
        let mut request = CreateRoom::new(creator.clone());
        request.preset = Preset::PublicChat;
        request.name = Some(wanted.room_name.clone().unwrap_or_else(|| DEFAULT_NAME.to_owned()));
        let level = CanonicalJsonValue::Integer(ruma::Int::from(-10_i32));
        request.power_level_content_override =
            CanonicalJsonObject::from([("users_default".to_owned(), level)]);
        let created = Box::pin(self.0.rooms.create(&request)).await?;
        done.new_room_id = Some(created.room_id.clone());
        self.0.administration.task_moved(&task.id, &to_json(&done)?).await?;
        let text = |value: &str| CanonicalJsonValue::String(value.to_owned());
        let message = wanted.message.as_deref().unwrap_or(DEFAULT_MESSAGE);
        let content = CanonicalJsonObject::from([
            ("msgtype".to_owned(), text("m.text")),
            ("body".to_owned(), text(message)),
        ]);
        self.0.rooms.send(&created.room_id, creator, "m.room.message", content, Default::default()).await?;
        Ok(())
    }

    async fn empty_room(&self, wanted: &RoomDeletion, done: &mut DeletedRoom) -> Result<(), FlowsError> {
        let rooms = &self.0.rooms;
        let room = rooms.known_room(rooms.store(), &wanted.room_id).await?;
        for (user, member) in rooms.members(rooms.store(), room).await? {
            let is_inside =
                matches!(member.membership, Membership::Join | Membership::Invite | Membership::Knock);
            if !is_inside || !rooms.is_local(&user) {
                continue;
            }
            match rooms.leave(&wanted.room_id, &user, Some(REASON)).await {
                Ok(()) => {
                    if member.membership == Membership::Join {
                        self.bring_to_new_room(&user, done).await?;
                    }
                    done.kicked_users.push(user);
                }
                Err(error @ RoomsError::Store(_)) => return Err(error.into()),
                Err(error) => {
                    tracing::warn!(%user, room = %wanted.room_id, %error, "bring a user out of a room");
                    done.failed_to_kick_users.push(user);
                }
            }
        }
        Ok(())
    }

    async fn bring_to_new_room(&self, user: &UserId, done: &DeletedRoom) -> Result<(), FlowsError> {
        let Some(new_room) = &done.new_room_id else { return Ok(()) };
        match self.0.rooms.join(new_room, user, &rooms::Joining::default()).await {
            Ok(_) => Ok(()),
            Err(error @ RoomsError::Store(_)) => Err(error.into()),
            Err(error) => {
                tracing::warn!(%user, room = %new_room, %error, "bring a user to the room that replaces another");
                Ok(())
            }
        }
    }

    /// The names go on to the new room; without one they go with the purge.
    async fn take_aliases(&self, room_id: &RoomId, done: &mut DeletedRoom) -> Result<(), FlowsError> {
        let rooms = &self.0.rooms;
        let room = rooms.known_room(rooms.store(), room_id).await?;
        let aliases = rooms.aliases_of(room).await?;
        done.local_aliases.extend(aliases.iter().map(ToString::to_string));
        if let Some(new_room) = &done.new_room_id {
            let new_room = rooms.known_room(rooms.store(), new_room).await?;
            rooms.move_aliases(room, new_room).await?;
        }
        Ok(())
    }
}

pub(crate) fn to_json(value: &impl Serialize) -> Result<Value, FlowsError> {
    serde_json::to_value(value).map_err(|error| FlowsError::Task(error.to_string()))
}

pub(crate) fn from_json<T: DeserializeOwned>(value: &Value) -> Result<T, FlowsError> {
    T::deserialize(value).map_err(|error| FlowsError::Task(error.to_string()))
}
