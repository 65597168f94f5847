//! Joins, knocks, leaves and invites of users of other servers.
//!
//! The forms of version 1 of `send_join`, `send_leave` and `invite`, which the specification gave up, are still
//! answered: older servers call them.

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Serialize;

use crate::{JsonBytes, MatrixError, Routes};

pub mod invite;
pub mod make_join;
pub mod make_knock;
pub mod make_leave;
pub mod send_join;
pub mod send_knock;
pub mod send_leave;

/// The endpoints of this area.
pub fn routes() -> Routes {
    Routes::new()
        .ruma(make_join::handler)
        .ruma(make_knock::handler)
        .ruma(make_leave::handler)
        .ruma(send_join::handler)
        .ruma_at("/_matrix/federation/v1/send_join/{room_id}/{event_id}", send_join::handler_v1)
        .ruma(send_knock::handler)
        .ruma(send_leave::handler)
        .ruma_at("/_matrix/federation/v1/send_leave/{room_id}/{event_id}", send_leave::handler_v1)
        .ruma(invite::handler)
        .ruma_at("/_matrix/federation/v1/invite/{room_id}/{event_id}", invite::handler_v1)
}

/// An answer in the form of version 1: the status and the body as an array.
pub struct Version1<T>(pub T);

impl<T: Serialize> IntoResponse for Version1<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&(200, self.0)) {
            Ok(json) => JsonBytes(Bytes::from(json)).into_response(),
            Err(error) => MatrixError::internal("serialise answer", error).into_response(),
        }
    }
}
