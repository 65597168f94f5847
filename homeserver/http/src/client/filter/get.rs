//! `GET /_matrix/client/v3/user/{userId}/filter/{filterId}`

use axum::extract::State;
use ruma::api::client::filter::get_filter::v3::Request;

use crate::{App, GuestAllowed, JsonBytes, MatrixError, client::owner::require_owner};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3useruseridfilterfilterid)
pub async fn handler(
    State(app): State<App>,
    GuestAllowed { caller, request }: GuestAllowed<Request>,
) -> Result<JsonBytes, MatrixError> {
    require_owner(&caller, &request.user_id)?;
    let filter = app.accounts.filter_json(app.accounts.reader(), &caller.user, &request.filter_id).await?;
    let filter = filter.ok_or_else(|| MatrixError::not_found("There is no such filter"))?;
    Ok(JsonBytes(String::from(Box::<str>::from(filter)).into()))
}
