//! What a room looks like from outside and at a glance: the summary of `/room_summary` and of space
//! hierarchies, who may have it, and the heroes by whom clients name a nameless room.

use model::{Pdu, RoomNum};
use ruma::{
    OwnedMxcUri, OwnedRoomAliasId, OwnedRoomId, OwnedUserId, RoomVersionId, UInt, UserId,
    events::room::{history_visibility::HistoryVisibility, member::MembershipState},
    room::{JoinRule, JoinRuleSummary, RestrictedSummary, RoomSummary, RoomType},
};
use serde::{Deserialize, de::DeserializeOwned};
use store::Reader;

use crate::{MemberCounts, Membership, Rooms, RoomsError};

/// Members that stand for a room without a name.
pub const HEROES_MAX: usize = 5;

/// Who stands for a nameless room, and how many are in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SummaryForMember {
    /// Users by whom a client may name the room; empty when the room has a name or alias.
    pub heroes: Vec<OwnedUserId>,
    /// Joined and invited members.
    pub counts: MemberCounts,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct CreateContent {
    #[serde(rename = "type")]
    room_type: Option<RoomType>,
    room_version: Option<RoomVersionId>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Texts {
    name: Option<String>,
    topic: Option<String>,
    alias: Option<OwnedRoomAliasId>,
    url: Option<OwnedMxcUri>,
    algorithm: Option<ruma::EventEncryptionAlgorithm>,
    guest_access: Option<String>,
}

impl Rooms {
    /// The summary of a room, rights not asked: see [`Rooms::may_preview`].
    pub async fn room_summary(&self, reader: &Reader, room: RoomNum) -> Result<RoomSummary, RoomsError> {
        let create: CreateContent = self.current_content(reader, room, "m.room.create").await?;
        let name: Texts = self.current_content(reader, room, "m.room.name").await?;
        let topic: Texts = self.current_content(reader, room, "m.room.topic").await?;
        let alias: Texts = self.current_content(reader, room, "m.room.canonical_alias").await?;
        let avatar: Texts = self.current_content(reader, room, "m.room.avatar").await?;
        let encryption: Texts = self.current_content(reader, room, "m.room.encryption").await?;
        let guests: Texts = self.current_content(reader, room, "m.room.guest_access").await?;
        let counts = self.member_counts(reader, room).await?;
        let world_readable = self.history_visibility(reader, room).await? == HistoryVisibility::WorldReadable;
        let mut summary = RoomSummary::new(
            self.room_id(reader, room).await?,
            summarised(self.join_rule(reader, room).await?),
            guests.guest_access.as_deref() == Some("can_join"),
            UInt::new_saturating(counts.joined),
            world_readable,
        );
        summary.canonical_alias = alias.alias;
        summary.name = name.name.filter(|name| !name.is_empty());
        summary.topic = topic.topic.filter(|topic| !topic.is_empty());
        summary.avatar_url = avatar.url;
        summary.room_type = create.room_type;
        summary.encryption = encryption.algorithm;
        summary.room_version = create.room_version.or(Some(RoomVersionId::V1));
        Ok(summary)
    }

    /// Whether a user may know what a room is called: they are in it or invited, could come in by
    /// themselves or knock, or the world may read it. Without a user, only the latter kinds.
    pub async fn may_preview(
        &self,
        reader: &Reader,
        room: RoomNum,
        viewer: Option<&UserId>,
    ) -> Result<bool, RoomsError> {
        if let Some(viewer) = viewer
            && let Some(member) = self.member(reader, room, viewer).await?
        {
            match member.membership {
                Membership::Join | Membership::Invite | Membership::Knock => return Ok(true),
                Membership::Ban => return Ok(false),
                Membership::Leave => {}
            }
        }
        match self.join_rule(reader, room).await? {
            JoinRule::Public | JoinRule::Knock | JoinRule::KnockRestricted(_) => return Ok(true),
            JoinRule::Restricted(restricted) => {
                let allowed = RestrictedSummary::from(restricted).allowed_room_ids;
                if let Some(viewer) = viewer
                    && self.is_joined_to_any(reader, viewer, &allowed).await?
                {
                    return Ok(true);
                }
            }
            _ => {}
        }
        Ok(self.history_visibility(reader, room).await? == HistoryVisibility::WorldReadable)
    }

    pub(crate) async fn is_joined_to_any(
        &self,
        reader: &Reader,
        user: &UserId,
        rooms: &[OwnedRoomId],
    ) -> Result<bool, RoomsError> {
        for room_id in rooms {
            if let Some(room) = self.room_num(reader, room_id).await?
                && self.is_joined(reader, room, user).await?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The join rule in force; invite when the room does not say.
    pub async fn join_rule(&self, reader: &Reader, room: RoomNum) -> Result<JoinRule, RoomsError> {
        let event = self.current_state(reader, room, "m.room.join_rules", "").await?;
        Ok(event.and_then(|pdu| pdu.content_as().ok()).unwrap_or(JoinRule::Invite))
    }

    /// The user's membership as others may be told, for `/room_summary`.
    pub async fn membership_state(
        &self,
        reader: &Reader,
        room: RoomNum,
        user: &UserId,
    ) -> Result<Option<MembershipState>, RoomsError> {
        Ok(self.member(reader, room, user).await?.map(|member| member.membership.into()))
    }

    /// Heroes and counts for a member's sync.
    pub async fn summary_for(
        &self,
        reader: &Reader,
        room: RoomNum,
        viewer: &UserId,
    ) -> Result<SummaryForMember, RoomsError> {
        let counts = self.member_counts(reader, room).await?;
        let name: Texts = self.current_content(reader, room, "m.room.name").await?;
        let alias: Texts = self.current_content(reader, room, "m.room.canonical_alias").await?;
        if name.name.is_some_and(|name| !name.is_empty()) || alias.alias.is_some() {
            return Ok(SummaryForMember { heroes: Vec::new(), counts });
        }
        let mut heroes = Vec::new();
        let present = [Membership::Join, Membership::Invite];
        let gone = [Membership::Leave, Membership::Ban];
        for memberships in [present, gone] {
            for membership in memberships {
                let users = self.members_with(reader, room, membership, HEROES_MAX + 1).await?;
                heroes.extend(users.into_iter().filter(|user| user != viewer));
            }
            if !heroes.is_empty() {
                break;
            }
        }
        heroes.truncate(HEROES_MAX);
        Ok(SummaryForMember { heroes, counts })
    }

    async fn current_content<T: DeserializeOwned + Default>(
        &self,
        reader: &Reader,
        room: RoomNum,
        kind: &str,
    ) -> Result<T, RoomsError> {
        let event = self.current_state(reader, room, kind, "").await?;
        Ok(event.and_then(|pdu: Pdu| pdu.content_as().ok()).unwrap_or_default())
    }
}

fn summarised(rule: JoinRule) -> JoinRuleSummary {
    match rule {
        JoinRule::Knock => JoinRuleSummary::Knock,
        JoinRule::Private => JoinRuleSummary::Private,
        JoinRule::Restricted(restricted) => JoinRuleSummary::Restricted(restricted.into()),
        JoinRule::KnockRestricted(restricted) => JoinRuleSummary::KnockRestricted(restricted.into()),
        JoinRule::Public => JoinRuleSummary::Public,
        // Invite, and rules that a later specification adds: nobody gets in by themselves.
        _ => JoinRuleSummary::Invite,
    }
}
