//! `POST /_matrix/federation/v1/user/keys/claim`

use std::collections::BTreeMap;

use axum::extract::State;
use ruma::{
    OneTimeKeyId,
    api::federation::keys::claim_keys::v1::{OneTimeKeys, Request, Response},
};

use crate::{Answer, App, MatrixError, client::keys::raw, federation::Peer};

/// Gives out a one-time key of each device. Users of other servers are left out.
pub async fn handler(
    State(app): State<App>,
    Peer { mut request, .. }: Peer<Request>,
) -> Result<Answer<Response>, MatrixError> {
    request.one_time_keys.retain(|user, _| app.accounts.is_local(user));
    let answer = app.flows.claim_keys(request.one_time_keys).await?;
    let mut keys: OneTimeKeys = BTreeMap::new();
    for claimed in answer.claimed {
        // Both were checked when the key was uploaded.
        let (Ok(id), Some(key)) = (OneTimeKeyId::parse(&claimed.id), raw(claimed.key)) else { continue };
        keys.entry(claimed.user).or_default().entry(claimed.device).or_default().insert(id, key);
    }
    Ok(Answer(Response::new(keys)))
}
