//! The public directory.

use rooms::PublicRoom;
use ruma::{
    ServerName, UInt,
    directory::{PublicRoomsChunk, PublicRoomsChunkInit},
};

use search::{DirectoryPage, DirectoryQuery};

use crate::{App, MatrixError, Routes};

pub mod public_rooms;
pub mod public_rooms_filtered;
pub mod room_visibility;
pub mod set_room_visibility;

/// The endpoints of this area.
pub fn routes() -> Routes {
    Routes::new()
        .ruma(public_rooms::handler)
        .ruma(public_rooms_filtered::handler)
        .ruma(room_visibility::handler)
        .ruma(set_room_visibility::handler)
}

/// A page of this server's directory; the directories of others are not asked.
async fn page(
    app: &App,
    server: Option<&ServerName>,
    query: &DirectoryQuery,
) -> Result<DirectoryPage, MatrixError> {
    if server.is_some_and(|server| server != app.rooms.server_name()) {
        return Err(MatrixError::not_found("This server does not ask other servers for their directory"));
    }
    Ok(app.search.public_rooms(query).await?)
}

fn count(number: u64) -> UInt {
    UInt::new_saturating(number)
}

fn chunk(room: PublicRoom) -> PublicRoomsChunk {
    let init = PublicRoomsChunkInit {
        num_joined_members: count(room.joined_members),
        room_id: room.room_id,
        world_readable: room.world_readable,
        guest_can_join: room.guest_can_join,
    };
    let mut chunk = PublicRoomsChunk::from(init);
    chunk.canonical_alias = room.canonical_alias;
    chunk.name = room.name;
    chunk.topic = room.topic;
    chunk.avatar_url = room.avatar_url;
    chunk.join_rule = room.join_rule.into();
    chunk.room_type = room.room_type.map(Into::into);
    chunk
}
