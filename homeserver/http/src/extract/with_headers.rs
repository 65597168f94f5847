//! A ruma request together with the headers it came with.

use http::{HeaderMap, Method};
use ruma::api::{IncomingRequest, Metadata, error::DeserializationError};

/// For endpoints that answer by headers that the specification leaves to HTTP, for example ranges and
/// entity tags. Use it inside an extractor: `Authed<WithHeaders<get_content::v1::Request>>`.
pub struct WithHeaders<R> {
    /// The request as ruma reads it.
    pub request: R,
    /// All headers.
    pub headers: HeaderMap,
}

impl<R: Metadata> Metadata for WithHeaders<R> {
    const METHOD: Method = R::METHOD;
    const RATE_LIMITED: bool = R::RATE_LIMITED;
    type Authentication = R::Authentication;
    type PathBuilder = R::PathBuilder;
    const PATH_BUILDER: Self::PathBuilder = R::PATH_BUILDER;
}

impl<R: IncomingRequest> IncomingRequest for WithHeaders<R> {
    type EndpointError = R::EndpointError;
    type OutgoingResponse = R::OutgoingResponse;

    fn try_from_http_request_inner(
        request: http::Request<&[u8]>,
        path_args: &[&str],
    ) -> Result<Self, DeserializationError> {
        let headers = request.headers().clone();
        Ok(Self { request: R::try_from_http_request_inner(request, path_args)?, headers })
    }
}
