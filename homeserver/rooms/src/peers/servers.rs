//! Which servers are in a room, and which of them the room keeps out.

use std::sync::Arc;

use model::RoomNum;
use rules::acl::ServerAcl;
use ruma::{OwnedServerName, ServerName};
use store::{Reader, Scan};

use crate::limits::{PAGE_ROWS, SERVERS_OF_ROOM_MAX};
use crate::tables::{ROOM_SERVER, SERVER_ROOM};
use crate::{Rooms, RoomsError};

impl Rooms {
    /// Other servers with joined members in a room, each with their number; at most [`SERVERS_OF_ROOM_MAX`].
    ///
    /// # Errors
    /// The store's own.
    pub async fn joined_servers(
        &self,
        reader: &Reader,
        room: RoomNum,
    ) -> Result<Vec<(OwnedServerName, u64)>, RoomsError> {
        let mut servers: Vec<(OwnedServerName, u64)> = Vec::new();
        loop {
            let mut scan = Scan::prefix(&room).limit(PAGE_ROWS);
            if let Some((last, _)) = servers.last() {
                scan = scan.after(&(room, last.clone()));
            }
            let page = reader.scan(&ROOM_SERVER, scan).await?;
            let full = page.len() == PAGE_ROWS;
            servers.extend(page.into_iter().map(|((_, server), count)| (server, count)));
            if !full || servers.len() >= SERVERS_OF_ROOM_MAX {
                return Ok(servers);
            }
        }
    }

    /// The names of other servers with joined members in a room.
    ///
    /// # Errors
    /// The store's own.
    pub async fn servers_of_room(&self, room: RoomNum) -> Result<Vec<OwnedServerName>, RoomsError> {
        let servers = self.joined_servers(&self.parts.store, room).await?;
        Ok(servers.into_iter().map(|(server, _)| server).collect())
    }

    /// Whether a server has a joined member in a room; this server when a local user is joined.
    ///
    /// # Errors
    /// The store's own.
    pub async fn server_is_in_room(&self, room: RoomNum, server: &ServerName) -> Result<bool, RoomsError> {
        if server == self.parts.server_name {
            return self.is_resident(room).await;
        }
        Ok(self.parts.store.exists(&ROOM_SERVER, &(room, server.to_owned())).await?)
    }

    /// Rooms in which another server has joined members, in the order of their numbers, at most [`PAGE_ROWS`]: ask
    /// again after the last one until none comes.
    ///
    /// # Errors
    /// The store's own.
    pub async fn rooms_of_server(
        &self,
        server: &ServerName,
        after: Option<RoomNum>,
    ) -> Result<Vec<RoomNum>, RoomsError> {
        let server = server.to_owned();
        let mut scan = Scan::prefix(&server).limit(PAGE_ROWS);
        if let Some(after) = after {
            scan = scan.after(&(server.clone(), after));
        }
        let keys = self.parts.store.scan_keys(&SERVER_ROOM, scan).await?;
        Ok(keys.into_iter().map(|(_, room)| room).collect())
    }

    /// Whether the room's access list lets a server take part
    /// (<https://spec.matrix.org/v1.19/server-server-api/#server-access-control-lists-acls>). Compiled once for each
    /// list.
    ///
    /// # Errors
    /// The store's own.
    pub async fn acl_allows(&self, room: RoomNum, server: &ServerName) -> Result<bool, RoomsError> {
        let store = &self.parts.store;
        let Some(event) = self.current_state_num(store, room, "m.room.server_acl", "").await? else {
            return Ok(true);
        };
        if let Some(acl) = self.caches.acls.get(&event) {
            return Ok(acl.allows(server));
        }
        let acl = Arc::new(ServerAcl::new(self.pdu(store, event).await?.content_str()));
        self.caches.acls.insert(event, Arc::clone(&acl));
        Ok(acl.allows(server))
    }
}
