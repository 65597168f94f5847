//! One request to the platform, before it goes out.

use std::time::Duration;

use bytes::Bytes;
use http::Method;
use reqwest::Url;
use serde_json::Value;

use super::{multipart::Form, rates::Lane};
use crate::{
    ids::Addressee,
    limits::{CALL_TIME_MAX, TRANSFER_TIME_MAX},
};

/// A request below `/open-apis`.
#[derive(Clone, Debug)]
pub struct Call {
    pub(super) method: Method,
    segments: Vec<String>,
    query: Vec<(&'static str, String)>,
    pub(super) body: Option<(String, Bytes)>,
    pub(super) lane: Option<Lane>,
    pub(super) time_max: Duration,
}

impl Call {
    fn new(method: Method, path: &[&str]) -> Self {
        let segments = path.iter().map(|segment| (*segment).to_owned()).collect();
        Self { method, segments, query: Vec::new(), body: None, lane: None, time_max: CALL_TIME_MAX }
    }

    /// A GET.
    pub fn get(path: &[&str]) -> Self {
        Self::new(Method::GET, path)
    }

    /// A DELETE.
    pub fn delete(path: &[&str]) -> Self {
        Self::new(Method::DELETE, path)
    }

    /// A POST of JSON.
    pub fn post(path: &[&str], body: &Value) -> Self {
        Self::new(Method::POST, path).json(body)
    }

    /// A PUT of JSON.
    pub fn put(path: &[&str], body: &Value) -> Self {
        Self::new(Method::PUT, path).json(body)
    }

    /// A PATCH of JSON.
    pub fn patch(path: &[&str], body: &Value) -> Self {
        Self::new(Method::PATCH, path).json(body)
    }

    /// A POST of a form with a file.
    pub fn upload(path: &[&str], form: Form) -> Self {
        let body = Some(form.finish());
        Self { body, time_max: TRANSFER_TIME_MAX, ..Self::new(Method::POST, path) }
    }

    /// Adds a value to the query.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// Counts the call as a message to somebody.
    #[must_use]
    pub fn to(mut self, addressee: &Addressee) -> Self {
        self.lane = Some(Lane::To(addressee.clone()));
        self
    }

    /// Counts the call against a limit that it has of its own.
    #[must_use]
    pub fn within(mut self, lane: Lane) -> Self {
        self.lane = Some(lane);
        self
    }

    /// Gives the call the time of a transfer.
    #[must_use]
    pub fn slowly(mut self) -> Self {
        self.time_max = TRANSFER_TIME_MAX;
        self
    }

    fn json(mut self, body: &Value) -> Self {
        // Without the charset the platform can garble Chinese.
        self.body = Some(("application/json; charset=utf-8".to_owned(), body.to_string().into()));
        self
    }

    /// The address of the call below `base`; nothing for a base that can have no path.
    pub(super) fn url(&self, base: &Url) -> Option<Url> {
        let mut url = base.clone();
        url.path_segments_mut().ok()?.pop_if_empty().push("open-apis").extend(&self.segments);
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        Some(url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_what_it_is_given_in_its_place() {
        let table = [
            (
                "https://open.feishu.cn",
                "https://open.feishu.cn/open-apis/im/v1/messages/a%2Fb%3Fc?receive_id_type=x%26y",
            ),
            (
                "http://127.0.0.1:9/feishu/",
                "http://127.0.0.1:9/feishu/open-apis/im/v1/messages/a%2Fb%3Fc?receive_id_type=x%26y",
            ),
        ];
        for (base, expected) in table {
            let call = Call::get(&["im", "v1", "messages", "a/b?c"]).with("receive_id_type", "x&y");
            let url = call.url(&base.parse().expect("a base"));
            assert_eq!(url.map(|url| url.to_string()).as_deref(), Some(expected));
        }
    }
}
