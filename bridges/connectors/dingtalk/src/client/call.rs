//! One call of the API, put together by whoever asks.

use bridge_api::{CallError, exchange::joined};
use http::Method;
use reqwest::Url;
use serde_json::Value;

/// One call of the API.
#[derive(Clone, Debug)]
pub struct Call {
    /// Whether the old generation is asked.
    pub old: bool,
    /// How.
    pub method: Method,
    /// What, with `*` for an identifier: it names the API whose turn it is.
    pub path: &'static str,
    /// The identifiers, in the order of their places.
    pub ids: Vec<String>,
    /// Parameters behind the path.
    pub query: Vec<(&'static str, String)>,
    /// By what the platform knows a repeat, where it has a header for that.
    pub repeat_key: Option<String>,
    /// What it brings; nothing when it is `Null`.
    pub body: Value,
    /// Whether the platform leaves it out of the calls of the month.
    pub free: bool,
}

impl Call {
    /// A call of the new generation that brings JSON.
    pub const fn post(path: &'static str, body: Value) -> Self {
        let method = Method::POST;
        Self {
            old: false,
            method,
            path,
            ids: Vec::new(),
            query: Vec::new(),
            repeat_key: None,
            body,
            free: false,
        }
    }

    /// A change of the new generation.
    pub fn put(path: &'static str, body: Value) -> Self {
        Self { method: Method::PUT, ..Self::post(path, body) }
    }

    /// A question of the new generation.
    pub fn get(path: &'static str) -> Self {
        Self { method: Method::GET, ..Self::post(path, Value::Null) }
    }

    /// The end of something of the new generation.
    pub fn delete(path: &'static str) -> Self {
        Self { method: Method::DELETE, ..Self::get(path) }
    }

    /// A call of the old generation that the platform does not count: contacts.
    pub fn contacts(path: &'static str, body: Value) -> Self {
        Self { old: true, free: true, ..Self::post(path, body) }
    }

    /// The same about these identifiers.
    #[must_use]
    pub fn about<const N: usize>(mut self, ids: [&str; N]) -> Self {
        self.ids = ids.map(str::to_owned).to_vec();
        self
    }

    /// The same with a parameter behind its path.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// Where it goes, below the address of an API.
    ///
    /// # Errors
    /// When the address takes no path.
    pub fn url(&self, base: &Url) -> Result<Url, CallError> {
        let mut url = joined(base, "")?;
        if let Ok(mut segments) = url.path_segments_mut() {
            let mut ids = self.ids.iter();
            let mut part = |part| if part == "*" { ids.next().map_or("", String::as_str) } else { part };
            segments.pop_if_empty();
            for place in self.path.trim_start_matches('/').split('/') {
                segments.push(part(place));
            }
        }
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        Ok(url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_stay_within_their_places() {
        let base: Url = "https://api.example/".parse().expect("an address");
        let call =
            Call::get("/v1.0/todo/users/*/tasks/*").about(["a/b+c==", "t 1"]).with("operatorId", "x/&y");
        assert_eq!(
            call.url(&base).expect("an address").as_str(),
            "https://api.example/v1.0/todo/users/a%2Fb+c==/tasks/t%201?operatorId=x%2F%26y"
        );
        let plain = Call::post("/gettoken", Value::Null).url(&base).expect("an address");
        assert_eq!(plain.as_str(), "https://api.example/gettoken");
    }
}
