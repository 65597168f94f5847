//! `POST /_matrix/client/v3/user/{userId}/filter`

use axum::extract::State;
use ruma::api::client::filter::create_filter::v3::{Request, Response};

use crate::{Answer, App, GuestAllowed, MatrixError, client::owner::require_owner_named, extract::Raw};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3useruseridfilter)
pub async fn handler(
    State(app): State<App>,
    GuestAllowed { caller, request }: GuestAllowed<Raw<Request>>,
) -> Result<Answer<Response>, MatrixError> {
    require_owner_named(&caller, request.argument(0))?;
    let filter = request.object()?;
    let id = app.accounts.create_filter(&caller.user, filter.get().as_bytes()).await?;
    Ok(Answer(Response::new(id)))
}
