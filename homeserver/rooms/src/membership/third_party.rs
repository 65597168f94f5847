//! Invites by an address that an identity server knows: somebody proved to it that the address is theirs.
//! <https://spec.matrix.org/v1.19/server-server-api/#third-party-invites>
//!
//! The room holds who was invited under which token and the keys of the identity server; the proof is an object that
//! it signed. Whether the signature is right is a rule of the room, judged when the invite enters it.

use ruma::{CanonicalJsonObject, CanonicalJsonValue, RoomId, UserId};
use serde::Deserialize;

use crate::append::Appended;
use crate::json::text;
use crate::limits::THIRD_PARTY_KEYS_MAX;
use crate::member::Membership;
use crate::{Rooms, RoomsError};

/// An invite of a person whose address was proved, as far as the room's state says.
#[derive(Clone, Debug)]
pub struct ThirdPartyInvite {
    /// What the member event says of it.
    pub content: CanonicalJsonObject,
    /// The keys that the identity server may have signed with, unpadded base64, and where it says whether one is
    /// still valid; at most [`THIRD_PARTY_KEYS_MAX`].
    pub keys: Vec<(String, Option<String>)>,
}

/// The content of `m.room.third_party_invite`.
#[derive(Deserialize)]
struct Pending {
    #[serde(default)]
    display_name: String,
    public_key: Option<String>,
    key_validity_url: Option<String>,
    #[serde(default)]
    public_keys: Vec<PublicKey>,
}

#[derive(Deserialize)]
struct PublicKey {
    public_key: String,
    key_validity_url: Option<String>,
}

impl Rooms {
    /// What an invite of `target` by `sender` says when an identity server signed `signed`.
    ///
    /// # Errors
    /// The signed object is of somebody else, or the room knows no such invite by this sender.
    pub async fn third_party_invite_of(
        &self,
        room_id: &RoomId,
        sender: &UserId,
        target: &UserId,
        signed: CanonicalJsonObject,
    ) -> Result<ThirdPartyInvite, RoomsError> {
        let said = |key: &str| signed.get(key).and_then(|value| value.as_str());
        if said("mxid") != Some(target.as_str()) {
            return Err(RoomsError::forbidden("the identity server signed for another user"));
        }
        let token = said("token").ok_or_else(|| RoomsError::BadJson("signed.token is missing".to_owned()))?;
        let room = self.room_of_actor(room_id).await?;
        self.must_be_joined(room, sender).await?;
        let invite = self.current_state(&self.parts.store, room, "m.room.third_party_invite", token).await?;
        let invite = invite.filter(|invite| invite.sender() == sender);
        let invite = invite.ok_or_else(|| RoomsError::forbidden("the room knows no such invite"))?;
        let pending: Pending = invite
            .content_as()
            .map_err(|_| RoomsError::forbidden("the invite was taken back, or cannot be read"))?;
        let first = pending.public_key.map(|key| (key, pending.key_validity_url));
        let others = pending.public_keys.into_iter().map(|key| (key.public_key, key.key_validity_url));
        let keys = first.into_iter().chain(others).take(THIRD_PARTY_KEYS_MAX).collect();
        let mut content = CanonicalJsonObject::new();
        content.insert("display_name".to_owned(), text(&pending.display_name));
        content.insert("signed".to_owned(), CanonicalJsonValue::Object(signed));
        Ok(ThirdPartyInvite { content, keys })
    }

    /// Invites a local user by an address that they proved.
    ///
    /// # Errors
    /// As [`Rooms::invite`], and when the room's rules do not take the proof.
    pub async fn invite_by_third_party(
        &self,
        room_id: &RoomId,
        sender: &UserId,
        target: &UserId,
        third_party: CanonicalJsonObject,
    ) -> Result<Appended, RoomsError> {
        let room = self.room_of_actor(room_id).await?;
        self.accepts_invite(room_id, sender, target).await?;
        let mut content = self.profile_content(target).await?;
        content.insert("third_party_invite".to_owned(), CanonicalJsonValue::Object(third_party));
        self.set_membership(room, sender, target, Membership::Invite, content, None).await
    }
}
