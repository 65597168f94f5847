//! `GET /_matrix/federation/v1/hierarchy/{roomId}`

use axum::extract::State;
use ruma::api::federation::space::{
    SpaceHierarchyParentSummary,
    get_hierarchy::v1::{Request, Response},
};

use crate::{Answer, App, MatrixError, federation::Peer};

/// What the other server may know of a space and of the rooms right below it.
pub async fn handler(
    State(app): State<App>,
    Peer { origin, request, .. }: Peer<Request>,
) -> Result<Answer<Response>, MatrixError> {
    let reader = app.store.snapshot();
    let found = app.rooms.space_for_server(&reader, &origin, &request.room_id, request.suggested_only).await;
    // Closed and unknown rooms are told in the same words, and here the word is 404.
    let found = found.map_err(|error| match error {
        rooms::RoomsError::Forbidden(_) => {
            MatrixError::not_found("Unknown room, or one that you may not look at")
        }
        error => error.into(),
    })?;
    let space = found.space;
    let mut response = Response::new(SpaceHierarchyParentSummary::new(space.summary, space.links));
    response.children = space.children;
    response.inaccessible_children = found.inaccessible;
    Ok(Answer(response))
}
