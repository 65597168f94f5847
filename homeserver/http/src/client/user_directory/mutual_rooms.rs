//! `GET /_matrix/client/v1/mutual_rooms`, and the unstable form that clients still ask for.

use axum::{
    Json,
    extract::{Query, State},
};
use ruma::{
    UInt,
    api::{
        IncomingRequest, Metadata,
        client::membership::get_mutual_rooms::{unstable, v1},
        error::DeserializationError,
    },
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Action, Answer, App, Authed, MatrixError};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1mutual_rooms)
pub async fn handler(
    State(app): State<App>,
    Authed { caller, request }: Authed<v1::Request>,
) -> Result<Answer<v1::Response>, MatrixError> {
    app.limits.caller(&caller, Action::Search)?;
    let mutual = app.search.mutual_rooms(&caller.user, &request.user_id, request.from.as_deref()).await?;
    let mut response = v1::Response::new(UInt::new_saturating(mutual.count), mutual.joined);
    response.next_batch = mutual.next;
    Ok(Answer(response))
}

/// [MSC2666](https://github.com/matrix-org/matrix-spec-proposals/pull/2666): older drafts called the
/// token `batch_token` and `next_batch_token`.
pub async fn unstable_handler(
    State(app): State<App>,
    Authed { caller, request }: Authed<UnstableRequest>,
) -> Result<Json<Value>, MatrixError> {
    app.limits.caller(&caller, Action::Search)?;
    let UnstableRequest { request, batch_token } = request;
    let from = request.from.or(batch_token);
    let mutual = app.search.mutual_rooms(&caller.user, &request.user_id, from.as_deref()).await?;
    let mut answer = json!({"joined": mutual.joined, "count": mutual.count});
    if let (Some(next), Some(fields)) = (mutual.next, answer.as_object_mut()) {
        fields.insert("next_batch".to_owned(), json!(next));
        fields.insert("next_batch_token".to_owned(), json!(next));
    }
    Ok(Json(answer))
}

/// The unstable request with the argument that ruma leaves out.
pub struct UnstableRequest {
    request: unstable::Request,
    batch_token: Option<String>,
}

#[derive(Default, Deserialize)]
struct BatchToken {
    batch_token: Option<String>,
}

impl Metadata for UnstableRequest {
    const METHOD: http::Method = unstable::Request::METHOD;
    const RATE_LIMITED: bool = unstable::Request::RATE_LIMITED;
    type Authentication = <unstable::Request as Metadata>::Authentication;
    type PathBuilder = <unstable::Request as Metadata>::PathBuilder;
    const PATH_BUILDER: Self::PathBuilder = unstable::Request::PATH_BUILDER;
}

impl IncomingRequest for UnstableRequest {
    type EndpointError = <unstable::Request as IncomingRequest>::EndpointError;
    type OutgoingResponse = <unstable::Request as IncomingRequest>::OutgoingResponse;

    fn try_from_http_request_inner(
        request: http::Request<&[u8]>,
        path_args: &[&str],
    ) -> Result<Self, DeserializationError> {
        let token = Query::<BatchToken>::try_from_uri(request.uri()).map(|Query(token)| token);
        let batch_token = token.unwrap_or_default().batch_token;
        Ok(Self { request: unstable::Request::try_from_http_request_inner(request, path_args)?, batch_token })
    }
}
