//! Files that a person sends and looks at.

use futures_util::Stream;
use http::{HeaderMap, Method};
use reqwest::Body;

use super::{User, segment};
use crate::Answer;

/// What came back for a file: any bytes, not only text.
#[derive(Debug)]
pub struct Content {
    /// The HTTP status.
    pub status: u16,
    /// All headers.
    pub headers: HeaderMap,
    /// The body.
    pub bytes: bytes::Bytes,
}

impl Content {
    /// One header's value, where there is one.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl User {
    /// Uploads a file and returns its URI.
    pub async fn uploads(&self, bytes: &[u8], content_type: &str, file_name: Option<&str>) -> String {
        let body = self.tries_to_upload(bytes.to_vec(), content_type, file_name).await.ok();
        body["content_uri"].as_str().expect("an upload has a URI").to_owned()
    }

    /// Uploads a file, successfully or not.
    pub async fn tries_to_upload(
        &self,
        body: impl Into<Body>,
        content_type: &str,
        file_name: Option<&str>,
    ) -> Answer {
        let query = file_name.map(|name| format!("?filename={}", segment(name))).unwrap_or_default();
        let path = format!("/_matrix/media/v3/upload{query}");
        self.sends_body(Method::POST, &path, body, &[("content-type", content_type)]).await
    }

    /// Uploads what a stream gives, of a length that is not told.
    pub async fn streams_up<S>(&self, pieces: S) -> Answer
    where
        S: Stream<Item = Result<bytes::Bytes, std::io::Error>> + Send + 'static,
    {
        self.tries_to_upload(Body::wrap_stream(pieces), "application/octet-stream", None).await
    }

    /// Any request with any body and these headers.
    pub async fn sends_body(
        &self,
        method: Method,
        path: &str,
        body: impl Into<Body>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let described = format!("{method} {path} by {:?}", self.id);
        let mut request = self.connection.http.request(method, self.connection.url(path)).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await.unwrap_or_else(|error| panic!("{described}: {error}"));
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.unwrap_or_else(|error| panic!("{described}: {error}"));
        Answer::new(described, status, headers, text)
    }

    /// Asks for any path with these headers, and takes any bytes for an answer.
    pub async fn fetches(&self, path: &str, headers: &[(&str, &str)]) -> Content {
        let mut request = self.connection.http.get(self.connection.url(path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await.unwrap_or_else(|error| panic!("GET {path}: {error}"));
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await.unwrap_or_else(|error| panic!("GET {path}: {error}"));
        Content { status, headers, bytes }
    }

    /// Downloads a file by its URI.
    pub async fn downloads(&self, uri: &str) -> Content {
        self.fetches(&format!("/_matrix/client/v1/media/download/{}", mxc_path(uri)), &[]).await
    }
}

/// `mxc://server/id` as a part of a path.
#[must_use]
pub fn mxc_path(uri: &str) -> &str {
    uri.strip_prefix("mxc://").expect("a URI of media begins with mxc://")
}
