//! `POST /_matrix/federation/v1/user/keys/query`

use std::collections::BTreeMap;

use axum::extract::State;
use ruma::api::federation::keys::get_keys::v1::{Request, Response};

use crate::{Answer, App, MatrixError, client::keys::raw, federation::Peer};

/// The keys of users of this server; others are left out.
pub async fn handler(
    State(app): State<App>,
    Peer { request, .. }: Peer<Request>,
) -> Result<Answer<Response>, MatrixError> {
    let mut response = Response::new(BTreeMap::new());
    for (user, keys) in app.flows.query_keys_for_peer(&request.device_keys).await? {
        let devices = keys.devices.into_iter().filter_map(|(device, text)| Some((device, raw(text)?)));
        response.device_keys.insert(user.clone(), devices.collect());
        response.master_keys.extend(keys.master.and_then(raw).map(|key| (user.clone(), key)));
        response.self_signing_keys.extend(keys.self_signing.and_then(raw).map(|key| (user, key)));
    }
    Ok(Answer(response))
}
