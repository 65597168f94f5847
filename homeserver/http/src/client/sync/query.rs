//! The request of `/sync`, and the argument under its unstable name that ruma leaves out.

use axum::extract::Query;
use ruma::api::{
    IncomingRequest, Metadata, client::sync::sync_events::v3::Request, error::DeserializationError,
};
use serde::Deserialize;

/// A sync request.
pub struct SyncQuery {
    /// The request as ruma reads it.
    pub request: Request,
    /// `org.matrix.msc4222.use_state_after`.
    pub unstable_state_after: bool,
}

#[derive(Default, Deserialize)]
struct Unstable {
    #[serde(default, rename = "org.matrix.msc4222.use_state_after")]
    use_state_after: bool,
}

impl Metadata for SyncQuery {
    const METHOD: http::Method = Request::METHOD;
    const RATE_LIMITED: bool = Request::RATE_LIMITED;
    type Authentication = <Request as Metadata>::Authentication;
    type PathBuilder = <Request as Metadata>::PathBuilder;
    const PATH_BUILDER: Self::PathBuilder = Request::PATH_BUILDER;
}

impl IncomingRequest for SyncQuery {
    type EndpointError = <Request as IncomingRequest>::EndpointError;
    type OutgoingResponse = <Request as IncomingRequest>::OutgoingResponse;

    fn try_from_http_request_inner(
        request: http::Request<&[u8]>,
        path_args: &[&str],
    ) -> Result<Self, DeserializationError> {
        let unstable = Query::<Unstable>::try_from_uri(request.uri()).map(|Query(unstable)| unstable);
        let unstable_state_after = unstable.unwrap_or_default().use_state_after;
        Ok(Self { request: Request::try_from_http_request_inner(request, path_args)?, unstable_state_after })
    }
}
