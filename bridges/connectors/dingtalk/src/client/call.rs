//! One call of the API, put together by whoever asks.

use http::Method;
use serde_json::Value;

/// One call of the API.
#[derive(Clone, Debug)]
pub struct Call {
    /// Whether the old generation is asked.
    pub old: bool,
    /// How.
    pub method: Method,
    /// What; it holds no identifier, so it names the API whose turn it is.
    pub path: &'static str,
    /// What it brings.
    pub body: Value,
    /// Whether the platform leaves it out of the calls of the month.
    pub free: bool,
}

impl Call {
    /// A call of the new generation that brings JSON.
    pub const fn post(path: &'static str, body: Value) -> Self {
        Self { old: false, method: Method::POST, path, body, free: false }
    }

    /// A change of the new generation.
    pub fn put(path: &'static str, body: Value) -> Self {
        Self { method: Method::PUT, ..Self::post(path, body) }
    }

    /// A call of the old generation that the platform does not count: contacts.
    pub fn contacts(path: &'static str, body: Value) -> Self {
        Self { old: true, free: true, ..Self::post(path, body) }
    }
}
