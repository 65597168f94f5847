//! `PUT /_matrix/client/v3/directory/list/room/{roomId}`

use axum::extract::State;
use ruma::api::client::{
    directory::set_room_visibility::v3::{Request, Response},
    room::Visibility,
};

use crate::{Answer, App, Authed, MatrixError, admin::audited};

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
    let room = &request.room_id;
    if caller.session.is_admin {
        let action = if publish { "publish room" } else { "unpublish room" };
        let act = async { Ok(app.rooms.publish_as_operator(room, publish).await?) };
        audited(&app, &caller.user, action, room.as_str(), act).await?;
    } else {
        app.rooms.publish(room, &caller.user, publish).await?;
    }
    Ok(Answer(Response::new()))
}
