//! Which other servers are in a room: rows that say how many joined members each has.

use ruma::ServerName;

use super::Draft;
use crate::RoomsError;
use crate::tables::{ROOM_SERVER, SERVER_ROOM};

impl Draft {
    /// Counts a member of another server in or out.
    pub(in crate::append) async fn count_server(
        &mut self,
        server: &ServerName,
        was_joined: bool,
        is_joined: bool,
    ) -> Result<(), RoomsError> {
        if was_joined == is_joined {
            return Ok(());
        }
        let before = match (self.servers.get(server), &self.expected) {
            (Some(count), _) => *count,
            (None, None) => 0,
            (None, Some(_)) => {
                let key = (self.room, server.to_owned());
                self.rooms.parts.store.get(&ROOM_SERVER, &key).await?.unwrap_or(0)
            }
        };
        let now = if is_joined { before + 1 } else { before.saturating_sub(1) };
        self.servers.insert(server.to_owned(), now);
        Ok(())
    }

    pub(super) fn put_servers(&mut self) {
        for (server, count) in std::mem::take(&mut self.servers) {
            if count == 0 {
                self.batch.delete(&ROOM_SERVER, &(self.room, server.clone()));
                self.batch.delete(&SERVER_ROOM, &(server, self.room));
            } else {
                self.batch.put(&ROOM_SERVER, &(self.room, server.clone()), &count);
                self.batch.put(&SERVER_ROOM, &(server, self.room), &());
            }
        }
    }
}
