//! What a server said, and what a scenario expects of it.

use http::StatusCode;
use serde_json::Value;

/// The answer to one request.
///
/// A scenario reads on only when things went well, so an answer that nobody examined and that is not a
/// success fails the test when it is dropped: `alice.bans(&bob, &room).await;` means that the ban worked.
#[derive(Debug)]
pub struct Answer {
    request: String,
    status: StatusCode,
    headers: http::HeaderMap,
    text: String,
    body: Value,
    examined: bool,
}

impl Answer {
    pub(crate) fn new(request: String, status: StatusCode, headers: http::HeaderMap, text: String) -> Self {
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Self { request, status, headers, text, body, examined: false }
    }

    /// The HTTP status. Reading it counts as examining the answer.
    pub fn status(&mut self) -> u16 {
        self.examined = true;
        self.status.as_u16()
    }

    /// The body as JSON, `Null` where it is none, without a look at the status.
    pub fn body(&mut self) -> &Value {
        self.examined = true;
        &self.body
    }

    /// One header's value, where the answer has it.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        Some(self.headers.get(name)?.to_str().ok()?.to_owned())
    }

    /// Expects a success and returns the body.
    #[track_caller]
    pub fn ok(mut self) -> Value {
        self.examined = true;
        assert!(self.status.is_success(), "expected success: {self}");
        std::mem::take(&mut self.body)
    }

    /// Expects exactly this HTTP status and returns the body.
    #[track_caller]
    pub fn expect_status(mut self, status: u16) -> Value {
        self.examined = true;
        assert_eq!(self.status.as_u16(), status, "expected {status}: {self}");
        std::mem::take(&mut self.body)
    }

    /// Expects a Matrix error with this code (`M_FORBIDDEN`) and returns the body.
    #[track_caller]
    pub fn fails_with(mut self, code: &str) -> Value {
        self.examined = true;
        assert!(!self.status.is_success(), "expected {code}: {self}");
        assert_eq!(self.body["errcode"], code, "expected {code}: {self}");
        assert!(self.body["error"].is_string(), "an error says what is wrong in words: {self}");
        std::mem::take(&mut self.body)
    }

    /// Expects a Matrix error with this HTTP status and this code, and returns the body.
    #[track_caller]
    pub fn fails_as(self, status: u16, code: &str) -> Value {
        assert_eq!(self.status.as_u16(), status, "expected {status} {code}: {self}");
        self.fails_with(code)
    }

    /// Expects a success that names an event, and returns its id.
    #[track_caller]
    pub fn event_id(self) -> String {
        self.text_at("event_id")
    }

    /// Expects a success that names a room, and returns its id.
    #[track_caller]
    pub fn room_id(self) -> String {
        self.text_at("room_id")
    }

    #[track_caller]
    fn text_at(self, key: &str) -> String {
        let described = self.to_string();
        let body = self.ok();
        body[key].as_str().unwrap_or_else(|| panic!("expected {key}: {described}")).to_owned()
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text: String = self.text.chars().take(2_000).collect();
        write!(f, "{} answered {} {text}", self.request, self.status)
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        if !self.examined && !self.status.is_success() && !std::thread::panicking() {
            panic!("an answer that nobody examined is a failure: {self}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, text: &str) -> Answer {
        let status = StatusCode::from_u16(status).unwrap();
        Answer::new("GET /".into(), status, http::HeaderMap::new(), text.into())
    }

    #[test]
    #[should_panic(expected = "nobody examined")]
    fn an_unexamined_failure_fails_the_test() {
        drop(answer(403, r#"{"errcode":"M_FORBIDDEN","error":"no"}"#));
    }

    #[test]
    fn an_expected_failure_does_not() {
        answer(403, r#"{"errcode":"M_FORBIDDEN","error":"no"}"#).fails_as(403, "M_FORBIDDEN");
    }

    #[test]
    fn ids_are_read_from_the_body() {
        assert_eq!(answer(200, r#"{"event_id":"$e"}"#).event_id(), "$e");
        assert_eq!(answer(200, r#"{"room_id":"!r"}"#).room_id(), "!r");
    }
}
