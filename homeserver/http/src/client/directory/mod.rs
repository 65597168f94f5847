//! The public directory.

use rooms::PublicRoom;
use ruma::{
    ServerName, UInt,
    directory::{Filter, PublicRoomsChunk, PublicRoomsChunkInit},
};

use search::{DirectoryPage, DirectoryQuery};

use crate::{App, MatrixError, Routes};

mod network;
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

/// A page of a directory, ready to be shown.
struct Page {
    rooms: Vec<PublicRoomsChunk>,
    next: Option<String>,
    previous: Option<String>,
    total: Option<UInt>,
}

impl From<DirectoryPage> for Page {
    fn from(page: DirectoryPage) -> Self {
        Self {
            rooms: page.rooms.into_iter().map(chunk).collect(),
            next: page.next,
            previous: page.previous,
            total: Some(count(page.total)),
        }
    }
}

/// What a filter asks of our own directory.
pub(crate) fn query(filter: Filter, limit: Option<u64>, since: Option<String>) -> DirectoryQuery {
    let types = filter.room_types.iter().map(|kind| kind.as_str().map(str::to_owned)).collect::<Vec<_>>();
    let room_types = (!types.is_empty()).then_some(types);
    DirectoryQuery { term: filter.generic_search_term, room_types, limit, since }
}

/// A page of the directory of `server`, which is this one where none is named.
async fn page(
    app: &App,
    server: Option<&ServerName>,
    filter: Filter,
    limit: Option<u64>,
    since: Option<String>,
) -> Result<Page, MatrixError> {
    match server.filter(|server| *server != app.settings.server_name) {
        None => Ok(app.search.public_rooms(&query(filter, limit, since)).await?.into()),
        Some(server) => {
            let answer = app.federation.public_rooms_of(server, filter, limit, since).await?;
            Ok(Page {
                rooms: answer.chunk,
                next: answer.next_batch,
                previous: answer.prev_batch,
                total: answer.total_room_count_estimate,
            })
        }
    }
}

pub(crate) fn count(number: u64) -> UInt {
    UInt::new_saturating(number)
}

pub(crate) fn chunk(room: PublicRoom) -> PublicRoomsChunk {
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
