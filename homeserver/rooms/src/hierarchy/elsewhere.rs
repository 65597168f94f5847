//! Spaces between servers: what others show us, and what we show them.

use std::{pin::Pin, sync::Arc};

use ruma::{
    OwnedRoomId, OwnedServerName, RoomId, ServerName, UserId,
    events::{
        room::{history_visibility::HistoryVisibility, join_rules::JoinRule},
        space::child::HierarchySpaceChildEvent,
    },
    room::{JoinRuleSummary, RestrictedSummary, RoomSummary, RoomType},
    serde::Raw,
};
use store::Reader;

use super::closed;
use crate::{Membership, Rooms, RoomsError};

/// Rooms below a space that another server is told of.
const CHILDREN_TOLD_MAX: usize = 100;

/// What another server says of a room.
#[derive(Clone, Debug)]
pub struct SpaceElsewhere {
    /// The room.
    pub summary: RoomSummary,
    /// Its links to others, if it is a space.
    pub links: Vec<Raw<HierarchySpaceChildEvent>>,
    /// Those rooms right below it that the server knows and shows.
    pub children: Vec<RoomSummary>,
}

/// A room as another server describes it, some time later; none when nobody shows it.
pub type LookedAt<'a> = Pin<Box<dyn Future<Output = Option<Arc<SpaceElsewhere>>> + Send + 'a>>;

/// Whoever can ask other servers about rooms that this one is not in.
pub trait Elsewhere: Send + Sync {
    /// Asks these servers, one after the other.
    fn space<'a>(
        &'a self,
        room: &'a RoomId,
        via: &'a [OwnedServerName],
        suggested_only: bool,
    ) -> LookedAt<'a>;
}

/// What another server is told of a space.
#[derive(Clone, Debug)]
pub struct SpaceForServer {
    /// The space, and the rooms right below it.
    pub space: SpaceElsewhere,
    /// Rooms right below it that the server may not know.
    pub inaccessible: Vec<OwnedRoomId>,
}

impl Rooms {
    /// What `server` may know of a room and of those right below it.
    /// <https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1hierarchyroomid>
    ///
    /// # Errors
    /// `Forbidden` when the room is unknown or closed to the server.
    pub async fn space_for_server(
        &self,
        reader: &Reader,
        server: &ServerName,
        room_id: &RoomId,
        suggested_only: bool,
    ) -> Result<SpaceForServer, RoomsError> {
        let room = self.room_num(reader, room_id).await?.ok_or_else(closed)?;
        if !self.is_resident(room).await? || !self.server_may_preview(reader, room, server).await? {
            return Err(closed());
        }
        let summary = self.room_summary(reader, room).await?;
        let mut links = Vec::new();
        if summary.room_type == Some(RoomType::Space) {
            links = self.links(reader, room, suggested_only).await?;
        }
        let (mut children, mut inaccessible) = (Vec::new(), Vec::new());
        for link in links.iter().take(CHILDREN_TOLD_MAX) {
            // Of rooms that nobody here is in we know nothing that we could tell.
            let Some(child) = self.room_num(reader, &link.child).await? else { continue };
            if !self.is_resident(child).await? {
                continue;
            }
            if self.server_may_preview(reader, child, server).await? {
                children.push(self.room_summary(reader, child).await?);
            } else {
                inaccessible.push(link.child.clone());
            }
        }
        let links = links.into_iter().map(|link| link.json).collect();
        Ok(SpaceForServer { space: SpaceElsewhere { summary, links, children }, inaccessible })
    }

    /// Whether a server may know what a room is called: its users are in it or could come in by themselves or knock,
    /// or the world may read it.
    async fn server_may_preview(
        &self,
        reader: &Reader,
        room: model::RoomNum,
        server: &ServerName,
    ) -> Result<bool, RoomsError> {
        if self.server_is_in_room(room, server).await? {
            return Ok(true);
        }
        match self.join_rule(reader, room).await? {
            JoinRule::Public | JoinRule::Knock | JoinRule::KnockRestricted(_) => return Ok(true),
            JoinRule::Restricted(restricted) => {
                for room_id in RestrictedSummary::from(restricted).allowed_room_ids {
                    if let Some(allowed) = self.room_num(reader, &room_id).await?
                        && self.server_is_in_room(allowed, server).await?
                    {
                        return Ok(true);
                    }
                }
            }
            _ => {}
        }
        Ok(self.history_visibility(reader, room).await? == HistoryVisibility::WorldReadable)
    }

    /// Whether a user may know of a room that another server described.
    pub(super) async fn may_preview_elsewhere(
        &self,
        reader: &Reader,
        summary: &RoomSummary,
        user: &UserId,
    ) -> Result<bool, RoomsError> {
        if let Some(room) = self.room_num(reader, &summary.room_id).await?
            && let Some(member) = self.member(reader, room, user).await?
        {
            match member.membership {
                Membership::Join | Membership::Invite | Membership::Knock => return Ok(true),
                Membership::Ban => return Ok(false),
                Membership::Leave => {}
            }
        }
        match &summary.join_rule {
            JoinRuleSummary::Public | JoinRuleSummary::Knock | JoinRuleSummary::KnockRestricted(_) => {
                Ok(true)
            }
            JoinRuleSummary::Restricted(restricted) => Ok(summary.world_readable
                || self.is_joined_to_any(reader, user, &restricted.allowed_room_ids).await?),
            _ => Ok(summary.world_readable),
        }
    }
}
