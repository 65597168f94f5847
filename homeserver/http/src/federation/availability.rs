//! `GET /_matrix/federation/unstable/org.matrix.msc4496/user/{userId}/availability`

use appservice::AvailabilityQuestion;
use axum::{Json, extract::State};
use ruma::{UserId, api::federation::query::get_profile_information};
use serde_json::Value;

use crate::{Action, App, MatrixError, Routes, client::availability::here, extract::Raw, federation::Peer};

/// A signed GET: ruma has no type for the proposal's.
type Signed = Raw<get_profile_information::v1::Request>;

/// The endpoint.
pub fn routes() -> Routes {
    Routes::new()
        .ruma_at("/_matrix/federation/unstable/org.matrix.msc4496/user/{user_id}/availability", handler)
}

/// When somebody of this server is busy, as far as they have granted it to the server that asks, or to whom it asks for.
/// ([MSC4496](https://github.com/matrix-org/matrix-spec-proposals/pull/4496))
pub async fn handler(
    State(app): State<App>,
    Peer { origin, request, .. }: Peer<Signed>,
) -> Result<Json<Value>, MatrixError> {
    app.limits.text(origin.as_str(), Action::Other)?;
    let invalid = |what: &'static str| MatrixError::invalid_param(what);
    let user = UserId::parse(request.argument(0)).map_err(|_| invalid("The user is none"))?;
    if !app.accounts.is_local(&user) {
        return Err(invalid("The user is not of this server"));
    }
    if !app.federation.policy().terms(&origin).is_some_and(|terms| terms.profiles) {
        return Err(MatrixError::forbidden("This server tells yours nothing of its people"));
    }
    let named = |name: &str| request.query.get(name).unwrap_or_default();
    let asker = request.query.get("com.lianqiao.asker").map(UserId::parse).transpose();
    let asker = asker.map_err(|_| invalid("Who asks is none"))?;
    // A server vouches for its own people alone.
    if asker.as_ref().is_some_and(|asker| asker.server_name() != origin) {
        return Err(invalid("Who asks is not of your server"));
    }
    let (start, end) = (named("start"), named("end"));
    let question = AvailabilityQuestion {
        user: &user,
        server: &origin,
        asker: asker.as_deref(),
        start: &start,
        end: &end,
    };
    here(&app, question).await.map(Json)
}
