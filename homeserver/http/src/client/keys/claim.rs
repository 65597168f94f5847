//! `POST /_matrix/client/v3/keys/claim`

use axum::extract::State;
use ruma::{
    OneTimeKeyId,
    api::client::keys::claim_keys::v3::{Request, Response},
};

use super::{failures, raw};
use crate::{Action, Answer, App, GuestAllowed, MatrixError};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3keysclaim)
pub async fn handler(
    State(app): State<App>,
    GuestAllowed { caller, request }: GuestAllowed<Request>,
) -> Result<Answer<Response>, MatrixError> {
    app.limits.caller(&caller, Action::Keys)?;
    let answer = app.flows.claim_keys(request.one_time_keys).await?;
    let mut response = Response::new(Default::default());
    response.failures = failures(answer.unreachable);
    for claimed in answer.claimed {
        // Both were checked when the key was uploaded.
        let (Ok(id), Some(key)) = (OneTimeKeyId::parse(&claimed.id), raw(claimed.key)) else { continue };
        let devices = response.one_time_keys.entry(claimed.user).or_default();
        devices.entry(claimed.device).or_default().insert(id, key);
    }
    Ok(Answer(response))
}
