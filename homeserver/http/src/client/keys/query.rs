//! `POST /_matrix/client/v3/keys/query`

use axum::extract::State;
use ruma::api::client::keys::get_keys::v3::{Request, Response};

use super::{failures, raw};
use crate::{Action, Answer, App, GuestAllowed, MatrixError};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3keysquery)
pub async fn handler(
    State(app): State<App>,
    GuestAllowed { caller, request }: GuestAllowed<Request>,
) -> Result<Answer<Response>, MatrixError> {
    app.limits.caller(&caller, Action::Keys)?;
    let found = app.flows.query_keys(&caller.user, &request.device_keys).await?;
    let mut response = Response::new();
    response.failures = failures(found.unreachable);
    for (user, keys) in found.users {
        let devices = keys.devices.into_iter().filter_map(|(device, text)| Some((device, raw(text)?)));
        response.device_keys.insert(user.clone(), devices.collect());
        let cross_signing = [
            (keys.master, &mut response.master_keys),
            (keys.self_signing, &mut response.self_signing_keys),
            (keys.user_signing, &mut response.user_signing_keys),
        ];
        for (text, by_user) in cross_signing {
            if let Some(key) = text.and_then(raw) {
                by_user.insert(user.clone(), key);
            }
        }
    }
    Ok(Answer(response))
}
