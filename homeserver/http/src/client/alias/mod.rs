//! Names of rooms.

use ruma::{OwnedServerName, RoomId};

use crate::{App, MatrixError, Routes, limits::ALIAS_SERVERS_MAX};

pub mod create_alias;
pub mod delete_alias;
pub mod get_alias;
pub mod list_aliases;

/// The endpoints of this area.
pub fn routes() -> Routes {
    Routes::new()
        .ruma(create_alias::handler)
        .ruma(delete_alias::handler)
        .ruma(get_alias::handler)
        .ruma(list_aliases::handler)
}

/// Servers by which a room that has an alias here can be joined, this one first.
pub(crate) async fn servers(app: &App, room_id: &RoomId) -> Result<Vec<OwnedServerName>, MatrixError> {
    let mut servers = vec![app.settings.server_name.clone()];
    if let Some(room) = app.rooms.room_num(&app.store, room_id).await? {
        servers.extend(app.rooms.servers_of_room(room).await?);
    }
    servers.truncate(ALIAS_SERVERS_MAX);
    Ok(servers)
}
