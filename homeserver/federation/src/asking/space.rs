//! Spaces that lie on other servers.

use std::{sync::Arc, time::Duration};

use moka::sync::Cache;
use ruma::{
    OwnedRoomId, OwnedServerName, RoomId,
    api::federation::space::get_hierarchy::v1::{Request, Response},
};

use crate::{
    Federation, FederationError,
    client::Limits,
    limits::{DIRECTORY_TIME_MAX, SPACE_SERVERS_ASKED_MAX, SPACES_CACHED_AGE, SPACES_CACHED_MAX},
};

/// What another server says about a space and the rooms right below it.
pub type RemoteSpace = Arc<Response>;

/// Spaces asked for lately: a walk is done anew for each page.
pub(crate) type Spaces = Cache<(OwnedRoomId, bool), RemoteSpace>;

pub(crate) fn spaces() -> Spaces {
    let age: Duration = SPACES_CACHED_AGE;
    Cache::builder().max_capacity(SPACES_CACHED_MAX).time_to_live(age).build()
}

impl Federation {
    /// Asks these servers, one after the other, about a room that we are not in.
    ///
    /// # Errors
    /// [`FederationError::NotFound`] when none of them shows it to us.
    pub async fn space_of(
        &self,
        room: &RoomId,
        servers: &[OwnedServerName],
        suggested_only: bool,
    ) -> Result<RemoteSpace, FederationError> {
        let key = (room.to_owned(), suggested_only);
        if let Some(found) = self.spaces().get(&key) {
            return Ok(found);
        }
        let others = servers.iter().filter(|server| *server != self.server_name());
        for server in others.take(SPACE_SERVERS_ASKED_MAX) {
            let mut request = Request::new(room.to_owned());
            request.suggested_only = suggested_only;
            match self.client().send(server, request, Limits::default().within(DIRECTORY_TIME_MAX)).await {
                Ok(answer) if answer.room.summary.room_id == room => {
                    let answer = Arc::new(answer);
                    self.spaces().insert(key, Arc::clone(&answer));
                    return Ok(answer);
                }
                Ok(_) => tracing::debug!(%server, %room, "the answer is about another room"),
                Err(error) => tracing::debug!(%server, %room, %error, "space not shown"),
            }
        }
        Err(FederationError::NotFound("Unknown room, or one that you may not look at"))
    }
}
