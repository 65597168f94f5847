//! A ruma request together with a part of it that ruma leaves out.

use axum::extract::Query;
use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use rooms::filter::FilterExtras;
use ruma::api::{IncomingRequest, Metadata, error::DeserializationError};
use serde::Deserialize;

use super::Arguments;

/// Use it inside an extractor, under the name of the part: `Authed<WithBody<join_room_by_id::v3::Request>>`.
pub struct With<P, R> {
    /// The request as ruma reads it.
    pub request: R,
    /// What ruma leaves out.
    pub part: P,
}

/// With the body as it came: valid JSON within the bounds, or empty. For endpoints that also want keys that ruma does
/// not know, for example the custom content of a member event in a join.
pub type WithBody<R> = With<Bytes, R>;
/// With all headers, for endpoints that answer by headers that the specification leaves to HTTP, for example ranges
/// and entity tags.
pub type WithHeaders<R> = With<HeaderMap, R>;
/// With the whole query, for endpoints that take arguments of an unfinished proposal.
pub type WithQuery<R> = With<Arguments, R>;
/// With the fields of the `filter` argument that ruma's type does not carry.
pub type WithFilter<R> = With<FilterExtras, R>;

/// What can be taken from a request beside ruma's reading of it.
pub trait Part: Sized {
    /// Takes it.
    ///
    /// # Errors
    /// The part is there and cannot be read.
    fn of(request: &Request<&[u8]>) -> Result<Self, DeserializationError>;
}

impl Part for Bytes {
    fn of(request: &Request<&[u8]>) -> Result<Self, DeserializationError> {
        Ok(Self::copy_from_slice(request.body()))
    }
}

impl Part for HeaderMap {
    fn of(request: &Request<&[u8]>) -> Result<Self, DeserializationError> {
        Ok(request.headers().clone())
    }
}

impl Part for Arguments {
    fn of(request: &Request<&[u8]>) -> Result<Self, DeserializationError> {
        Ok(Self::of_uri(request.uri()))
    }
}

#[derive(Default, Deserialize)]
struct FilterArgument {
    filter: Option<String>,
}

impl Part for FilterExtras {
    fn of(request: &Request<&[u8]>) -> Result<Self, DeserializationError> {
        let argument =
            Query::<FilterArgument>::try_from_uri(request.uri()).map(|Query(argument)| argument.filter);
        match argument.ok().flatten().filter(|filter| !filter.is_empty()) {
            Some(filter) => Ok(serde_json::from_str(&filter)?),
            None => Ok(Self::default()),
        }
    }
}

impl<P, R: Metadata> Metadata for With<P, R> {
    const METHOD: Method = R::METHOD;
    const RATE_LIMITED: bool = R::RATE_LIMITED;
    type Authentication = R::Authentication;
    type PathBuilder = R::PathBuilder;
    const PATH_BUILDER: Self::PathBuilder = R::PATH_BUILDER;
}

impl<P: Part, R: IncomingRequest> IncomingRequest for With<P, R> {
    type EndpointError = R::EndpointError;
    type OutgoingResponse = R::OutgoingResponse;

    fn try_from_http_request_inner(
        request: Request<&[u8]>,
        path_args: &[&str],
    ) -> Result<Self, DeserializationError> {
        let part = P::of(&request)?;
        Ok(Self { request: R::try_from_http_request_inner(request, path_args)?, part })
    }
}
