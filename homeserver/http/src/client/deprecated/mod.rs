//! What `/sync` replaced long ago and the specification still lists: `/initialSync`, `/events` and their
//! relatives. They are translations of newer answers, so that they can never show more than those do.

use http::Method;

use crate::Routes;

mod event;
mod events;
mod initial_sync;
mod legacy;
mod room_initial_sync;

/// The endpoints of this area, under the paths of old and new clients.
pub fn routes() -> Routes {
    ["r0", "v3"].into_iter().fold(Routes::new(), |routes, version| {
        let path = |end: &str| format!("/_matrix/client/{version}/{end}");
        routes
            .raw(Method::GET, &path("events"), events::handler)
            .raw(Method::GET, &path("events/{event_id}"), event::handler)
            .raw(Method::GET, &path("initialSync"), initial_sync::handler)
            .raw(Method::GET, &path("rooms/{room_id}/initialSync"), room_initial_sync::handler)
    })
}
