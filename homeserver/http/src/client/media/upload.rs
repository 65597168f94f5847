//! `POST /_matrix/media/v3/upload`

use axum::extract::State;
use media::{MediaError, Named, Receiving};
use ruma::api::client::media::create_content::v3::{Request, Response};

use crate::{
    Answer, App, MatrixError,
    extract::{Streamed, StreamedBody},
};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#post_matrixmediav3upload)
pub async fn handler(
    State(app): State<App>,
    upload: Streamed<Request>,
) -> Result<Answer<Response>, MatrixError> {
    let receiving = receive(&app, upload).await?;
    Ok(Answer(Response::new(app.media.upload(receiving).await?)))
}

/// Takes the whole body. A refusal is told after the client had the chance to send what it sends anyway.
pub(super) async fn receive<R>(app: &App, upload: Streamed<R>) -> Result<Receiving, MatrixError> {
    let Streamed { caller, file_name, content_type, announced_bytes, mut body, .. } = upload;
    let named = Named { content_type, file_name };
    match take(app, &caller.user, named, announced_bytes, &mut body).await {
        Ok(receiving) => Ok(receiving),
        Err(Refusal::ByUs(error)) => {
            body.discard().await;
            Err(error.into())
        }
        Err(Refusal::ByThem(error)) => Err(error),
    }
}

/// Who ended an upload.
enum Refusal {
    ByUs(MediaError),
    ByThem(MatrixError),
}

async fn take(
    app: &App,
    user: &ruma::UserId,
    named: Named,
    announced_bytes: Option<u64>,
    body: &mut StreamedBody,
) -> Result<Receiving, Refusal> {
    let mut receiving = app.media.begin_upload(user, named, announced_bytes).await.map_err(Refusal::ByUs)?;
    while let Some(chunk) = body.next().await.map_err(Refusal::ByThem)? {
        receiving.push(&chunk).await.map_err(Refusal::ByUs)?;
    }
    Ok(receiving)
}
