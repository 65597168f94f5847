//! A ruma request together with the query arguments that ruma leaves out.

use ruma::api::{IncomingRequest, Metadata, error::DeserializationError};

use super::percent_decode;

/// For endpoints that take arguments of an unfinished proposal beside those of the specification:
/// `Authed<WithQuery<send_message_event::v3::Request>>`.
pub struct WithQuery<R> {
    /// The request as ruma reads it.
    pub request: R,
    /// The whole query.
    pub query: Arguments,
}

/// The arguments behind the question mark of a request.
#[derive(Clone, Debug, Default)]
pub struct Arguments(String);

impl Arguments {
    /// The arguments of a request's target.
    pub(super) fn of(uri: &http::Uri) -> Self {
        Self(uri.query().unwrap_or_default().to_owned())
    }

    /// The first argument of this name, decoded; none when it does not decode to UTF-8.
    pub fn get(&self, name: &str) -> Option<String> {
        self.all(name).next()
    }

    /// Every argument of this name, decoded.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = String> + 'a {
        let pairs = self.0.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        pairs
            .filter(move |(key, _)| percent_decode(key).is_some_and(|key| key == name))
            .filter_map(|(_, value)| percent_decode(value))
    }
}

impl<R: Metadata> Metadata for WithQuery<R> {
    const METHOD: http::Method = R::METHOD;
    const RATE_LIMITED: bool = R::RATE_LIMITED;
    type Authentication = R::Authentication;
    type PathBuilder = R::PathBuilder;
    const PATH_BUILDER: Self::PathBuilder = R::PATH_BUILDER;
}

impl<R: IncomingRequest> IncomingRequest for WithQuery<R> {
    type EndpointError = R::EndpointError;
    type OutgoingResponse = R::OutgoingResponse;

    fn try_from_http_request_inner(
        request: http::Request<&[u8]>,
        path_args: &[&str],
    ) -> Result<Self, DeserializationError> {
        let query = Arguments::of(request.uri());
        Ok(Self { request: R::try_from_http_request_inner(request, path_args)?, query })
    }
}

#[cfg(test)]
mod tests {
    use super::Arguments;

    #[test]
    fn arguments_are_found_by_name_and_decoded() {
        let uri = "/x?a=1&b=two%20words&a=3&org.matrix.msc4140.delay=5&c".parse().unwrap();
        let query = Arguments::of(&uri);
        assert_eq!(query.get("b").as_deref(), Some("two words"));
        assert_eq!(query.all("a").collect::<Vec<_>>(), ["1", "3"]);
        assert_eq!(query.get("org.matrix.msc4140.delay").as_deref(), Some("5"));
        assert_eq!(query.get("c").as_deref(), Some(""));
        assert_eq!(query.get("d"), None);
    }
}
