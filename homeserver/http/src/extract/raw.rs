//! Requests whose body the handler reads itself, under the paths that ruma knows.

use std::marker::PhantomData;

use http::Request;
use ruma::api::{IncomingRequest, Metadata, error::DeserializationError};
use serde_json::value::RawValue;

use super::Arguments;
use crate::MatrixError;

/// The arguments and the body of a request of type `M`, unparsed: for endpoints that keep keys this
/// server does not know, or that must tell apart what ruma's type does not.
pub struct Raw<M> {
    /// Decoded path arguments, in order.
    pub path: Vec<String>,
    /// The query.
    pub query: Arguments,
    /// The body.
    pub body: Vec<u8>,
    kind: PhantomData<fn() -> M>,
}

impl<M> Raw<M> {
    /// One path argument; empty when the path has none at that place.
    pub fn argument(&self, index: usize) -> &str {
        self.path.get(index).map(String::as_str).unwrap_or_default()
    }

    /// The body as one JSON object, unparsed.
    ///
    /// # Errors
    /// 400 `M_NOT_JSON` or, for JSON of another type, `M_BAD_JSON`.
    pub fn object(&self) -> Result<Box<RawValue>, MatrixError> {
        let body = if self.body.is_empty() { b"{}" } else { &*self.body };
        let value: Box<RawValue> =
            serde_json::from_slice(body).map_err(|error| MatrixError::not_json(error.to_string()))?;
        if value.get().starts_with('{') {
            Ok(value)
        } else {
            Err(MatrixError::bad_json("The body must be a JSON object"))
        }
    }
}

impl<M: Metadata> Metadata for Raw<M> {
    const METHOD: http::Method = M::METHOD;
    const RATE_LIMITED: bool = M::RATE_LIMITED;
    type Authentication = M::Authentication;
    type PathBuilder = M::PathBuilder;
    const PATH_BUILDER: Self::PathBuilder = M::PATH_BUILDER;
}

impl<M: IncomingRequest> IncomingRequest for Raw<M> {
    type EndpointError = M::EndpointError;
    type OutgoingResponse = M::OutgoingResponse;

    fn try_from_http_request_inner(
        request: Request<&[u8]>,
        path_args: &[&str],
    ) -> Result<Self, DeserializationError> {
        let path = path_args.iter().map(|&argument| argument.to_owned()).collect();
        let query = Arguments::of_uri(request.uri());
        Ok(Self { path, query, body: request.body().to_vec(), kind: PhantomData })
    }
}

/// The DELETE that goes with the PUT of type `M`, where ruma has no type for it.
pub struct AsDelete<M>(PhantomData<fn() -> M>);

impl<M: Metadata> Metadata for AsDelete<M> {
    const METHOD: http::Method = http::Method::DELETE;
    const RATE_LIMITED: bool = M::RATE_LIMITED;
    type Authentication = M::Authentication;
    type PathBuilder = M::PathBuilder;
    const PATH_BUILDER: Self::PathBuilder = M::PATH_BUILDER;
}

impl<M: IncomingRequest> IncomingRequest for AsDelete<M> {
    type EndpointError = M::EndpointError;
    type OutgoingResponse = M::OutgoingResponse;

    fn try_from_http_request_inner(
        _request: Request<&[u8]>,
        _path_args: &[&str],
    ) -> Result<Self, DeserializationError> {
        Ok(Self(PhantomData))
    }
}
