//! `POST /_matrix/client/unstable/org.matrix.simplified_msc3575/sync`: sliding sync as clients of today ask for it.

use std::{future::Future, sync::Arc};

use axum::extract::{Query, State};
use futures_util::TryFutureExt as _;
use ruma::{
    OwnedDeviceId, OwnedUserId,
    api::{
        IncomingRequest, Metadata, auth_scheme::AccessToken, client::sync::sync_events::v3::Request,
        error::DeserializationError, path_builder::SinglePath,
    },
};
use serde::Deserialize;
use sync::sliding::{Dialect, ListRequest, RoomConfig, SlidingRequest, StateRules};

use super::{
    sliding_body::{Body, FilterBody, presence},
    while_session_lives,
};
use crate::{App, GuestAllowed, JsonBytes, MatrixError};

/// Timeline events of a room when the client does not say.
const TIMELINE_LIMIT_DEFAULT: u64 = 10;

/// The request: half of it stands in the query.
pub struct UnstableSliding {
    query: Arguments,
    body: Body<List, Subscription>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Arguments {
    pos: Option<String>,
    timeout: Option<u64>,
    set_presence: Option<String>,
}

#[derive(Deserialize)]
struct List {
    #[serde(default)]
    ranges: Option<Vec<(u64, u64)>>,
    #[serde(default)]
    filters: Option<FilterBody>,
    /// All rooms, whatever the ranges say.
    #[serde(default)]
    slow_get_all_rooms: Option<bool>,
    #[serde(flatten)]
    config: Subscription,
}

#[derive(Deserialize)]
struct Subscription {
    #[serde(default)]
    timeline_limit: Option<u64>,
    #[serde(default)]
    required_state: Option<Vec<(String, String)>>,
}

impl Metadata for UnstableSliding {
    const METHOD: http::Method = http::Method::POST;
    const RATE_LIMITED: bool = false;
    type Authentication = AccessToken;
    type PathBuilder = SinglePath;
    const PATH_BUILDER: Self::PathBuilder =
        SinglePath::new("/_matrix/client/unstable/org.matrix.simplified_msc3575/sync");
}

impl IncomingRequest for UnstableSliding {
    type EndpointError = <Request as IncomingRequest>::EndpointError;
    type OutgoingResponse = <Request as IncomingRequest>::OutgoingResponse;

    fn try_from_http_request_inner(
        request: http::Request<&[u8]>,
        _: &[&str],
    ) -> Result<Self, DeserializationError> {
        let query = Query::try_from_uri(request.uri()).map_err(|error| {
            DeserializationError::Json(serde::de::Error::custom(format!("the query cannot be read: {error}")))
        })?;
        Ok(Self { query: query.0, body: serde_json::from_slice(request.body())? })
    }
}

/// [MSC4186](https://github.com/matrix-org/matrix-spec-proposals/pull/4186), the form before it was accepted.
///
/// Not an `async fn`, which would hold the request as it came for as long as the poll waits.
pub fn handler(
    State(app): State<App>,
    GuestAllowed { caller, request }: GuestAllowed<UnstableSliding>,
) -> impl Future<Output = Result<JsonBytes, MatrixError>> + Send + 'static {
    let session = caller.session;
    let request = asked(caller.user, caller.device, request);
    async move {
        let answer = Box::pin(app.sync.slide(request?).err_into());
        Ok(JsonBytes(while_session_lives(&app, &session, answer).await?))
    }
}

fn asked(
    user: OwnedUserId,
    device: Option<OwnedDeviceId>,
    UnstableSliding { query, body }: UnstableSliding,
) -> Result<SlidingRequest, MatrixError> {
    let set_presence = presence(query.set_presence.as_deref())
        .ok_or_else(|| MatrixError::invalid_param("set_presence is online, offline or unavailable"))?;
    let config = |subscription: Subscription| RoomConfig {
        timeline_limit: subscription.timeline_limit.unwrap_or(TIMELINE_LIMIT_DEFAULT),
        required_state: Arc::new(StateRules::from_pairs(
            subscription.required_state.unwrap_or_default(),
            &user,
        )),
    };
    let lists = body.lists.into_iter().map(|(name, list)| {
        let ranges = list.ranges.filter(|_| list.slow_get_all_rooms != Some(true));
        let filters = list.filters.unwrap_or_default().into();
        (name, ListRequest { ranges, filters, config: config(list.config) })
    });
    let lists = lists.collect();
    let subscriptions = body.room_subscriptions.into_iter().map(|(id, room)| (id, config(room))).collect();
    Ok(SlidingRequest {
        device,
        dialect: Dialect::Unstable,
        conn_id: body.conn_id.unwrap_or_default(),
        pos: query.pos.or(body.pos),
        txn_id: body.txn_id,
        timeout_ms: query.timeout.or(body.timeout).unwrap_or_default(),
        set_presence,
        lists,
        subscriptions,
        extensions: body.extensions.into(),
        user,
    })
}
