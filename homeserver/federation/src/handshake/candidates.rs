//! Whom a handshake asks: servers that were named, and those that probably are in the room.

use std::future::Future;

use base::Rng;
use model::RoomNum;
use rooms::RoomsError;
use ruma::{OwnedServerName, OwnedUserId, RoomId, ServerName, UserId};
use serde::Deserialize;
use tokio::time::Instant;

use super::HandshakeError;
use super::limits::{HANDSHAKE_TIME_MAX, SERVERS_TRIED_MAX};
use crate::Federation;

impl Federation {
    /// Servers to ask about a room, in an order of chance: those that were named and those of the users whom the stripped
    /// state of an invite or knock names. Where there are none, those that were in the room when we were; and where nobody
    /// is known, the one in the room's id, which is a name and promises nothing.
    pub(super) async fn candidates(
        &self,
        room_id: &RoomId,
        user: &UserId,
        named: &[OwnedServerName],
    ) -> Result<Vec<OwnedServerName>, RoomsError> {
        let mut servers = Candidates::new(self.server_name());
        servers.add_all(named.iter().cloned());
        let rooms = &self.parts().rooms;
        if let Some(room) = rooms.room_num(rooms.store(), room_id).await? {
            servers.add_all(self.servers_that_showed(room, user).await?);
            if servers.servers.is_empty() {
                servers.add_all(rooms.servers_of_room(room).await?);
            }
        }
        if servers.servers.is_empty() {
            // From version 12 on an id names no server.
            servers.add_all(room_id.server_name().map(ToOwned::to_owned));
        }
        Ok(servers.shuffled(&self.parts().rng))
    }

    /// The servers of those who appear in what an invited or knocking user is shown.
    pub(crate) async fn servers_that_showed(
        &self,
        room: RoomNum,
        user: &UserId,
    ) -> Result<Vec<OwnedServerName>, RoomsError> {
        #[derive(Deserialize)]
        struct Sender {
            sender: OwnedUserId,
        }
        let rooms = &self.parts().rooms;
        let shown = rooms.stripped_state(rooms.store(), user, room).await?;
        let sender = |event: &bytes::Bytes| serde_json::from_slice::<Sender>(event).ok();
        Ok(shown.iter().filter_map(sender).map(|event| event.sender.server_name().to_owned()).collect())
    }

    /// Asks one after the other until one helps, and gives the most telling reason when nobody does.
    pub(super) async fn ask_around<T, F>(
        &self,
        servers: &[OwnedServerName],
        mut ask: impl FnMut(OwnedServerName) -> F,
    ) -> Result<T, HandshakeError>
    where
        F: Future<Output = Result<T, HandshakeError>>,
    {
        let deadline = Instant::now() + HANDSHAKE_TIME_MAX;
        let mut told = HandshakeError::NobodyToAsk;
        for server in servers.iter().take(SERVERS_TRIED_MAX) {
            let outcome = tokio::time::timeout_at(deadline, ask(server.clone())).await;
            let outcome =
                outcome.unwrap_or_else(|_| Err(HandshakeError::Failed("it took too long".to_owned())));
            match outcome {
                Ok(done) => return Ok(done),
                Err(error) => {
                    tracing::info!(%server, %error, "a server does not help with a room");
                    let is_final = !error.may_differ_elsewhere();
                    if matches!(told, HandshakeError::NobodyToAsk) || error.weight() > told.weight() {
                        told = error;
                    }
                    if is_final {
                        break;
                    }
                }
            }
        }
        Err(told)
    }
}

/// A list without repetitions and without this server.
struct Candidates<'a> {
    ours: &'a ServerName,
    servers: Vec<OwnedServerName>,
}

impl<'a> Candidates<'a> {
    fn new(ours: &'a ServerName) -> Self {
        Self { ours, servers: Vec::new() }
    }

    fn add(&mut self, server: OwnedServerName) {
        if server != *self.ours
            && !self.servers.contains(&server)
            && self.servers.len() < 5 * SERVERS_TRIED_MAX
        {
            self.servers.push(server);
        }
    }

    fn add_all(&mut self, servers: impl IntoIterator<Item = OwnedServerName>) {
        for server in servers {
            self.add(server);
        }
    }

    fn shuffled(mut self, rng: &Rng) -> Vec<OwnedServerName> {
        for last in (1..self.servers.len()).rev() {
            let other = rng.below(last as u64 + 1);
            self.servers.swap(last, usize::try_from(other).unwrap_or(last));
        }
        self.servers
    }
}

#[cfg(test)]
mod tests {
    use ruma::server_name;

    use super::*;

    #[test]
    fn a_server_is_asked_once_and_we_are_not_asked() {
        let mut candidates = Candidates::new(server_name!("us"));
        candidates.add_all(["a", "us", "b", "a"].map(|name| name.try_into().expect("a server name")));
        let mut servers = candidates.shuffled(&Rng::seeded(1));
        servers.sort();
        assert_eq!(servers, ["a", "b"]);
    }
}
