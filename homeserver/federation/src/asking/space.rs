//! Spaces that lie on other servers.

use std::{sync::Arc, time::Duration};

use futures_util::{FutureExt as _, future::BoxFuture};
use moka::sync::Cache;
use rooms::hierarchy::{Elsewhere, SpaceElsewhere};
use ruma::{OwnedRoomId, OwnedServerName, RoomId, api::federation::space::get_hierarchy::v1::Request};

use crate::{
    Federation,
    client::Limits,
    limits::{
        DIRECTORY_TIME_MAX, SPACE_ANSWER_BYTES_MAX, SPACE_SERVERS_ASKED_MAX, SPACES_CACHED_AGE,
        SPACES_CACHED_MAX,
    },
};

/// Spaces asked for lately: a walk is done anew for each page.
pub(crate) type Spaces = Cache<(OwnedRoomId, bool), Arc<SpaceElsewhere>>;

pub(crate) fn spaces() -> Spaces {
    let age: Duration = SPACES_CACHED_AGE;
    Cache::builder().max_capacity(SPACES_CACHED_MAX).time_to_live(age).build()
}

impl Elsewhere for Federation {
    fn space<'a>(
        &'a self,
        room: &'a RoomId,
        via: &'a [OwnedServerName],
        suggested_only: bool,
    ) -> BoxFuture<'a, Option<Arc<SpaceElsewhere>>> {
        self.space_of(room, via, suggested_only).boxed()
    }
}

impl Federation {
    async fn space_of(
        &self,
        room: &RoomId,
        servers: &[OwnedServerName],
        suggested_only: bool,
    ) -> Option<Arc<SpaceElsewhere>> {
        let key = (room.to_owned(), suggested_only);
        if let Some(found) = self.spaces().get(&key) {
            return Some(found);
        }
        let others = servers.iter().filter(|server| *server != self.server_name());
        for server in others.take(SPACE_SERVERS_ASKED_MAX) {
            let mut request = Request::new(room.to_owned());
            request.suggested_only = suggested_only;
            let limits = Limits::default().within(DIRECTORY_TIME_MAX).up_to(SPACE_ANSWER_BYTES_MAX);
            match self.client().send(server, request, limits).await {
                Ok(answer) if answer.room.summary.room_id == room => {
                    let found = Arc::new(SpaceElsewhere {
                        summary: answer.room.summary,
                        links: answer.room.children_state,
                        children: answer.children,
                    });
                    self.spaces().insert(key, Arc::clone(&found));
                    return Some(found);
                }
                Ok(_) => tracing::debug!(%server, %room, "the answer is about another room"),
                Err(error) => tracing::debug!(%server, %room, %error, "space not shown"),
            }
        }
        None
    }
}
