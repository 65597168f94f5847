//! `GET`, `PUT` and `DELETE
//! /_matrix/client/unstable/io.element.msc4306/rooms/{roomId}/thread/{threadRootId}/subscription`

use axum::extract::State;
use ruma::api::client::threads::{
    get_thread_subscription::unstable as get_subscription, subscribe_thread::unstable as subscribe_thread,
    unsubscribe_thread::unstable as unsubscribe_thread,
};

use crate::{Answer, App, Authed, MatrixError, client::history::viewer};

/// Whether the caller follows a thread, and since when by whose decision; 404 when not.
pub async fn get(
    State(app): State<App>,
    Authed { caller, request }: Authed<get_subscription::Request>,
) -> Result<Answer<get_subscription::Response>, MatrixError> {
    let viewer = viewer(&caller);
    let automatic = app.rooms.thread_subscription(viewer, &request.room_id, &request.thread_root).await?;
    let automatic = automatic.ok_or_else(|| MatrixError::not_found("You do not follow this thread"))?;
    Ok(Answer(get_subscription::Response::new(automatic)))
}

/// Follows a thread.
pub async fn subscribe(
    State(app): State<App>,
    Authed { caller, request }: Authed<subscribe_thread::Request>,
) -> Result<Answer<subscribe_thread::Response>, MatrixError> {
    let cause = request.automatic.as_deref();
    app.rooms.subscribe_to_thread(viewer(&caller), &request.room_id, &request.thread_root, cause).await?;
    Ok(Answer(subscribe_thread::Response::new()))
}

/// Gives a thread up.
pub async fn unsubscribe(
    State(app): State<App>,
    Authed { caller, request }: Authed<unsubscribe_thread::Request>,
) -> Result<Answer<unsubscribe_thread::Response>, MatrixError> {
    app.rooms.unsubscribe_from_thread(viewer(&caller), &request.room_id, &request.thread_root).await?;
    Ok(Answer(unsubscribe_thread::Response::new()))
}
