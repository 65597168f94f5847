//! What can be asked of a new room.

use model::RoomVersion;
use ruma::{CanonicalJsonObject, CanonicalJsonValue, OwnedUserId, RoomVersionId, UserId};

use crate::RoomsError;
use crate::limits::{CREATE_INVITES_MAX, INITIAL_STATE_EVENTS_MAX};

/// The presets of the specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// Members by invitation, history for members, guests may join.
    PrivateChat,
    /// The same, and everyone invited ranks with the creator.
    TrustedPrivateChat,
    /// Anyone may join.
    PublicChat,
}

/// A state event to send while the room is created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InitialState {
    /// The event type.
    pub kind: String,
    /// The state key.
    pub state_key: String,
    /// The content.
    pub content: CanonicalJsonObject,
}

/// A request for a room. `new` gives an empty private room; fill in the rest.
#[derive(Clone, Debug)]
pub struct CreateRoom {
    /// Who creates it.
    pub creator: OwnedUserId,
    /// The version; the server's default without one.
    pub version: Option<RoomVersionId>,
    /// Extra keys of the create event.
    pub creation_content: CanonicalJsonObject,
    /// Which events to start with.
    pub preset: Preset,
    /// Whether the public directory lists it.
    pub public: bool,
    /// Localpart of an alias.
    pub alias_localpart: Option<String>,
    /// The name.
    pub name: Option<String>,
    /// The topic, as plain text.
    pub topic: Option<String>,
    /// Whom to invite.
    pub invite: Vec<OwnedUserId>,
    /// Marks the invites as those of a direct chat.
    pub is_direct: bool,
    /// Why the users are invited, put into every invite (MSC4491).
    pub invite_reason: Option<String>,
    /// State to send after the preset's.
    pub initial_state: Vec<InitialState>,
    /// Keys that replace those of the default power levels.
    pub power_level_content_override: CanonicalJsonObject,
    /// The power levels as a whole, for an upgrade that copies them.
    pub power_levels: Option<CanonicalJsonObject>,
}

impl CreateRoom {
    /// A private room of the default version.
    #[must_use]
    pub fn new(creator: OwnedUserId) -> Self {
        Self {
            creator,
            version: None,
            creation_content: CanonicalJsonObject::new(),
            preset: Preset::PrivateChat,
            public: false,
            alias_localpart: None,
            name: None,
            topic: None,
            invite: Vec::new(),
            is_direct: false,
            invite_reason: None,
            initial_state: Vec::new(),
            power_level_content_override: CanonicalJsonObject::new(),
            power_levels: None,
        }
    }

    /// Checks what can be checked before anything is built.
    pub(super) fn check(&self, version: &RoomVersion) -> Result<(), RoomsError> {
        if self.initial_state.len() > INITIAL_STATE_EVENTS_MAX {
            return Err(RoomsError::TooLarge("too many events in initial_state".to_owned()));
        }
        if self.invite.len() > CREATE_INVITES_MAX {
            return Err(RoomsError::TooLarge(format!(
                "at most {CREATE_INVITES_MAX} users can be invited at once"
            )));
        }
        if self.initial_state.iter().any(|state| state.kind == "m.room.create") {
            return Err(RoomsError::BadJson("initial_state cannot hold m.room.create".to_owned()));
        }
        self.additional_creators(version).map(|_| ())
    }

    /// The creators beside the sender that version 12 knows: those named, and with the trusted
    /// preset everybody invited.
    pub(super) fn additional_creators(&self, version: &RoomVersion) -> Result<Vec<OwnedUserId>, RoomsError> {
        if !version.authorization().additional_room_creators {
            return Ok(Vec::new());
        }
        let named = named_creators(&self.creation_content)?;
        let trusted = matches!(self.preset, Preset::TrustedPrivateChat);
        let invited = self.invite.iter().filter(|_| trusted).cloned();
        let mut creators: Vec<OwnedUserId> = Vec::new();
        for user in named.into_iter().chain(invited) {
            if user != self.creator && !creators.contains(&user) {
                creators.push(user);
            }
        }
        Ok(creators)
    }
}

fn named_creators(creation_content: &CanonicalJsonObject) -> Result<Vec<OwnedUserId>, RoomsError> {
    let invalid = || RoomsError::InvalidParam("additional_creators must be a list of user ids".to_owned());
    let Some(named) = creation_content.get("additional_creators") else { return Ok(Vec::new()) };
    let CanonicalJsonValue::Array(named) = named else { return Err(invalid()) };
    named
        .iter()
        .map(|user| {
            let user = UserId::parse(user.as_str().ok_or_else(invalid)?).map_err(|_| invalid())?;
            user.validate_historical().map_err(|_| invalid())?;
            Ok(user)
        })
        .collect()
}
