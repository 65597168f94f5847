//! `POST /_matrix/client/v4/sync`: sliding sync as it was accepted.

use std::{future::Future, sync::Arc};

use axum::extract::State;
use futures_util::TryFutureExt as _;
use ruma::{
    OwnedDeviceId, OwnedUserId,
    api::{
        IncomingRequest, Metadata, auth_scheme::AccessToken, client::sync::sync_events::v3::Request,
        error::DeserializationError, path_builder::SinglePath,
    },
};
use serde::Deserialize;
use sync::sliding::{Dialect, ListRequest, RoomConfig, SlidingRequest, StateRule, StateRules};

use super::{
    sliding_body::{Body, FilterBody, presence},
    while_session_lives,
};
use crate::{App, GuestAllowed, JsonBytes, MatrixError};

/// The request, all of it in the body.
pub struct StableSliding(Body<List, Subscription>);

#[derive(Deserialize)]
struct List {
    #[serde(default)]
    range: Option<(u64, u64)>,
    #[serde(default)]
    filters: Option<FilterBody>,
    #[serde(flatten)]
    config: Subscription,
}

#[derive(Deserialize)]
struct Subscription {
    timeline_limit: u64,
    required_state: RequiredState,
}

#[derive(Deserialize)]
struct RequiredState {
    #[serde(default)]
    include: Option<Vec<Element>>,
    #[serde(default)]
    exclude: Option<Vec<Element>>,
    #[serde(default)]
    lazy_members: Option<bool>,
}

#[derive(Deserialize)]
struct Element {
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    state_key: Option<String>,
}

impl Metadata for StableSliding {
    const METHOD: http::Method = http::Method::POST;
    const RATE_LIMITED: bool = false;
    type Authentication = AccessToken;
    type PathBuilder = SinglePath;
    const PATH_BUILDER: Self::PathBuilder = SinglePath::new("/_matrix/client/v4/sync");
}

impl IncomingRequest for StableSliding {
    type EndpointError = <Request as IncomingRequest>::EndpointError;
    type OutgoingResponse = <Request as IncomingRequest>::OutgoingResponse;

    fn try_from_http_request_inner(
        request: http::Request<&[u8]>,
        _: &[&str],
    ) -> Result<Self, DeserializationError> {
        Ok(Self(serde_json::from_slice(request.body())?))
    }
}

/// [MSC4186](https://github.com/matrix-org/matrix-spec-proposals/pull/4186)
///
/// Not an `async fn`, which would hold the request as it came for as long as the poll waits.
pub fn handler(
    State(app): State<App>,
    GuestAllowed { caller, request: StableSliding(body) }: GuestAllowed<StableSliding>,
) -> impl Future<Output = Result<JsonBytes, MatrixError>> + Send + 'static {
    let session = caller.session;
    let request = asked(caller.user, caller.device, body);
    async move {
        let answer = Box::pin(app.sync.slide(request?).err_into());
        Ok(JsonBytes(while_session_lives(&app, &session, answer).await?))
    }
}

fn asked(
    user: OwnedUserId,
    device: Option<OwnedDeviceId>,
    body: Body<List, Subscription>,
) -> Result<SlidingRequest, MatrixError> {
    let set_presence = presence(body.set_presence.as_deref())
        .ok_or_else(|| MatrixError::invalid_param("set_presence is online, offline or unavailable"))?;
    let lists = body.lists.into_iter().map(|(name, list)| {
        let ranges = list.range.map(|range| vec![range]);
        let filters = list.filters.unwrap_or_default().into();
        (name, ListRequest { ranges, filters, config: config(list.config) })
    });
    let subscriptions = body.room_subscriptions.into_iter().map(|(id, room)| (id, config(room)));
    Ok(SlidingRequest {
        user,
        device,
        dialect: Dialect::Stable,
        conn_id: body.conn_id.unwrap_or_default(),
        pos: body.pos,
        txn_id: body.txn_id,
        timeout_ms: body.timeout.unwrap_or_default(),
        set_presence,
        lists: lists.collect(),
        subscriptions: subscriptions.collect(),
        extensions: body.extensions.into(),
    })
}

fn config(subscription: Subscription) -> RoomConfig {
    let RequiredState { include, exclude, lazy_members } = subscription.required_state;
    let rules = |elements: Option<Vec<Element>>| {
        let elements = elements.unwrap_or_default().into_iter();
        elements.map(|element| StateRule { kind: element.kind, state_key: element.state_key }).collect()
    };
    let required_state = StateRules::new(rules(include), rules(exclude), lazy_members.unwrap_or(false));
    RoomConfig { timeline_limit: subscription.timeline_limit, required_state: Arc::new(required_state) }
}
