//! What is asked, and within which bounds.

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use reqwest::Url;

/// The bounds of one exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the answer's body.
    pub bytes_max: usize,
    /// Time for everything: look-ups, connections, redirects and the body.
    pub time_max: Duration,
    /// Redirects that are followed, at most [`crate::limits::REDIRECTS_MAX`]; with 0 the redirect itself
    /// is the answer.
    pub redirects_max: usize,
}

/// A request to an address that somebody else named.
#[derive(Clone, Debug)]
pub struct Request {
    pub(crate) method: Method,
    pub(crate) url: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) judge: Option<Judge>,
    pub(crate) connect_to: Option<String>,
}

/// A caller's own rule over URLs.
#[derive(Clone)]
pub(crate) struct Judge(Arc<dyn Fn(&Url) -> bool + Send + Sync>);

impl Judge {
    pub fn allows(&self, url: &Url) -> bool {
        (self.0)(url)
    }
}

impl fmt::Debug for Judge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Judge")
    }
}

impl Request {
    /// A request of this method, without body.
    pub fn new(method: Method, url: impl Into<String>) -> Self {
        Self {
            method,
            url: url.into(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            judge: None,
            connect_to: None,
        }
    }

    /// A GET.
    pub fn get(url: impl Into<String>) -> Self {
        Self::new(Method::GET, url)
    }

    /// A POST of a body that is JSON already.
    pub fn post_json(url: impl Into<String>, body: impl Into<Bytes>) -> Self {
        let mut request = Self::new(Method::POST, url).body(body);
        request.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        request
    }

    /// Adds or replaces a header; a name or value that HTTP does not allow is left out.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let (Ok(name), Ok(value)) =
            (http::HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value))
        {
            self.headers.insert(name, value);
        }
        self
    }

    /// Goes only where `allows` says yes, at the start and after each redirect; elsewhere the request ends
    /// as [`crate::OutboundError::Blocked`].
    #[must_use]
    pub fn only(mut self, allows: impl Fn(&Url) -> bool + Send + Sync + 'static) -> Self {
        self.judge = Some(Judge(Arc::new(allows)));
        self
    }

    /// Connects to the addresses of `host` and the port of the URL, while the certificate must be of the URL's
    /// host, as service records want it. Such a request uses no proxy.
    #[must_use]
    pub fn connect_to(mut self, host: impl Into<String>) -> Self {
        self.connect_to = Some(host.into());
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }
}
