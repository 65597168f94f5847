//! A ruma request together with the bytes it was read from.

use bytes::Bytes;
use http::Method;
use ruma::api::{IncomingRequest, Metadata, error::DeserializationError};

/// For endpoints that also want keys of the body that ruma leaves out, for example the custom content
/// of a member event in a join. Use it inside an extractor: `Authed<WithBody<join_room_by_id::v3::Request>>`.
pub struct WithBody<R> {
    /// The request as ruma reads it.
    pub request: R,
    /// The body as it came: valid JSON within the bounds, or empty.
    pub body: Bytes,
}

impl<R: Metadata> Metadata for WithBody<R> {
    const METHOD: Method = R::METHOD;
    const RATE_LIMITED: bool = R::RATE_LIMITED;
    type Authentication = R::Authentication;
    type PathBuilder = R::PathBuilder;
    const PATH_BUILDER: Self::PathBuilder = R::PATH_BUILDER;
}

impl<R: IncomingRequest> IncomingRequest for WithBody<R> {
    type EndpointError = R::EndpointError;
    type OutgoingResponse = R::OutgoingResponse;

    fn try_from_http_request_inner(
        request: http::Request<&[u8]>,
        path_args: &[&str],
    ) -> Result<Self, DeserializationError> {
        let body = Bytes::copy_from_slice(request.body());
        Ok(Self { request: R::try_from_http_request_inner(request, path_args)?, body })
    }
}
