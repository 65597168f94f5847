//! `GET /_matrix/federation/v1/query/profile`

use axum::extract::State;
use ruma::api::federation::query::get_profile_information::v1::{Request, Response};

use crate::{Answer, App, MatrixError, federation::Peer};

/// The profile of a user of this server, or one field of it.
pub async fn handler(
    State(app): State<App>,
    Peer { origin, request, .. }: Peer<Request>,
) -> Result<Answer<Response>, MatrixError> {
    let unknown = || MatrixError::not_found("There is no such profile");
    if !app.accounts.is_local(&request.user_id) {
        return Err(MatrixError::invalid_param("The user is not of this server"));
    }
    if !app.federation.policy().terms(&origin).is_some_and(|terms| terms.profiles) {
        return Err(MatrixError::forbidden("This server does not show profiles to yours"));
    }
    app.services.has_user(&request.user_id).await?;
    let profile = app.accounts.profile(app.accounts.reader(), &request.user_id).await?;
    let fields = profile.ok_or_else(unknown)?.fields;
    let wanted = request.field.as_ref().map(AsRef::<str>::as_ref);
    Ok(Answer(fields.into_iter().filter(|(name, _)| wanted.is_none_or(|wanted| wanted == name)).collect()))
}
