//! A ruma request together with the fields of its `filter` argument that ruma leaves out.

use axum::extract::Query;
use rooms::filter::FilterExtras;
use ruma::api::{IncomingRequest, Metadata, error::DeserializationError};
use serde::Deserialize;

/// For endpoints whose query has a room event filter: `GuestAllowed<WithFilter<get_message_events::v3::Request>>`.
pub struct WithFilter<R> {
    /// The request as ruma reads it.
    pub request: R,
    /// What ruma's filter type does not carry.
    pub extras: FilterExtras,
}

impl<R: Metadata> Metadata for WithFilter<R> {
    const METHOD: http::Method = R::METHOD;
    const RATE_LIMITED: bool = R::RATE_LIMITED;
    type Authentication = R::Authentication;
    type PathBuilder = R::PathBuilder;
    const PATH_BUILDER: Self::PathBuilder = R::PATH_BUILDER;
}

#[derive(Default, Deserialize)]
struct FilterArgument {
    filter: Option<String>,
}

impl<R: IncomingRequest> IncomingRequest for WithFilter<R> {
    type EndpointError = R::EndpointError;
    type OutgoingResponse = R::OutgoingResponse;

    fn try_from_http_request_inner(
        request: http::Request<&[u8]>,
        path_args: &[&str],
    ) -> Result<Self, DeserializationError> {
        let argument =
            Query::<FilterArgument>::try_from_uri(request.uri()).map(|Query(argument)| argument.filter);
        let extras = match argument.ok().flatten().filter(|filter| !filter.is_empty()) {
            Some(filter) => serde_json::from_str(&filter)?,
            None => FilterExtras::default(),
        };
        Ok(Self { request: R::try_from_http_request_inner(request, path_args)?, extras })
    }
}
