//! `PUT /_matrix/client/v3/directory/list/room/{roomId}`

use axum::extract::State;
use ruma::api::client::{
    directory::set_room_visibility::v3::{Request, Response},
    room::Visibility,
};

use crate::{Answer, App, Authed, MatrixError};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3directorylistroomroomid)
pub async fn handler(
    State(app): State<App>,
    Authed { caller, request }: Authed<Request>,
) -> Result<Answer<Response>, MatrixError> {
    let publish = match request.visibility {
        Visibility::Public => true,
        Visibility::Private => false,
        _ => return Err(MatrixError::invalid_param("Unknown visibility")),
    };
    app.rooms.publish(&request.room_id, &caller.user, publish).await?;
    Ok(Answer(Response::new()))
}
