//! `POST /_matrix/key/v2/query`, `GET /_matrix/key/v2/query/{serverName}` and its older form with a key id

use axum::extract::{Path, Query, State};
use federation::ring::KeyQuery;
use ruma::{
    OwnedServerName,
    api::federation::discovery::{get_remote_server_keys, get_remote_server_keys_batch},
};
use serde::Deserialize;

use super::answer;
use crate::{App, JsonBytes, MatrixError, Public, limits::KEY_QUERY_SERVERS_MAX};

/// The keys of many servers.
pub async fn batch(
    State(app): State<App>,
    asked: Public<get_remote_server_keys_batch::v2::Request>,
) -> Result<JsonBytes, MatrixError> {
    let wanted = asked.request.server_keys;
    if wanted.len() > KEY_QUERY_SERVERS_MAX {
        return Err(MatrixError::invalid_param(format!(
            "Ask for at most {KEY_QUERY_SERVERS_MAX} servers at once"
        )));
    }
    let query = wanted.into_iter().map(|(server, keys)| {
        let until = keys.into_values().filter_map(|criteria| criteria.minimum_valid_until_ts).max();
        (server, until.map(|until| until.get().into()))
    });
    vouched(&app, query.collect()).await
}

/// The keys of one server.
pub async fn one(
    State(app): State<App>,
    asked: Public<get_remote_server_keys::v2::Request>,
) -> Result<JsonBytes, MatrixError> {
    let until = asked.request.minimum_valid_until_ts.get().into();
    vouched(&app, KeyQuery::from([(asked.request.server_name, Some(until))])).await
}

/// What the older form may say in its query.
#[derive(Deserialize)]
pub struct Validity {
    minimum_valid_until_ts: Option<u64>,
}

/// The same for one key: all keys of the server are given.
pub async fn one_key(
    State(app): State<App>,
    Path((server, _)): Path<(OwnedServerName, String)>,
    Query(validity): Query<Validity>,
) -> Result<JsonBytes, MatrixError> {
    vouched(&app, KeyQuery::from([(server, validity.minimum_valid_until_ts)])).await
}

/// Whom we do not talk with, we do not ask either.
async fn vouched(app: &App, mut query: KeyQuery) -> Result<JsonBytes, MatrixError> {
    query.retain(|server, _| app.federation.policy().allows(server));
    answer(&app.federation.ring().vouch(query).await)
}
