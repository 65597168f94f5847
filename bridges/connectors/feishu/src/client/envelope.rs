//! The shape of every answer: a code, and the rest beside it or below `data`. The code decides, never the HTTP
//! status and never the words.

use std::time::Duration;

use http::HeaderMap;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::error::CallError;
use crate::limits::LIMITED_PAUSE_MAX;

/// Header with the id of a call in the platform's logs.
const TRACE: &str = "x-tt-logid";
/// Header with the seconds to stay away after too many calls.
const RESET: &str = "x-ogw-ratelimit-reset";
/// Longest text of the platform that is kept for a log line, in characters.
const WORDS_MAX: usize = 300;

/// An answer whose code was 0.
#[derive(Debug)]
pub struct Answer {
    fields: Map<String, Value>,
    status: u16,
    trace: Option<String>,
}

impl Answer {
    /// Reads the whole body of an answer.
    ///
    /// # Errors
    /// [`CallError::Answered`] for a code other than 0, [`CallError::Unexpected`] for anything without one.
    pub fn read(status: u16, headers: &HeaderMap, body: &[u8]) -> Result<Self, CallError> {
        let trace = trace_of(headers);
        let unexpected = |reason: &str| CallError::Unexpected {
            status,
            reason: reason.to_owned(),
            trace: trace_of(headers),
        };
        let Ok(Value::Object(fields)) = serde_json::from_slice(body) else {
            return Err(unexpected("the body is not a JSON object"));
        };
        let Some(code) = fields.get("code").and_then(Value::as_i64) else {
            return Err(unexpected("the body has no code"));
        };
        if code == 0 {
            return if status < 400 {
                Ok(Self { fields, status, trace })
            } else {
                Err(unexpected("a success with the status of a failure"))
            };
        }
        let message = fields.get("msg").and_then(Value::as_str).unwrap_or("no message");
        let logged = fields.get("error").and_then(|error| error.get("log_id").or_else(|| error.get("logid")));
        Err(CallError::Answered {
            code,
            message: message.chars().filter(|sign| !sign.is_control()).take(WORDS_MAX).collect(),
            trace: trace.or_else(|| logged.and_then(Value::as_str).map(short)),
            wait: wait_of(headers),
        })
    }

    /// What stands below `data`; an answer without it is read like an empty one.
    ///
    /// # Errors
    /// [`CallError::Unexpected`] when it has another shape than the platform's pages say.
    pub fn data<T: DeserializeOwned>(mut self) -> Result<T, CallError> {
        let data = self.fields.remove("data").filter(|data| !data.is_null());
        self.shape(data.unwrap_or_else(|| Value::Object(Map::new())))
    }

    /// What stands beside the code, for the few calls without `data`.
    ///
    /// # Errors
    /// As for [`Answer::data`].
    pub fn flat<T: DeserializeOwned>(mut self) -> Result<T, CallError> {
        let fields = std::mem::take(&mut self.fields);
        self.shape(Value::Object(fields))
    }

    fn shape<T: DeserializeOwned>(self, value: Value) -> Result<T, CallError> {
        serde_json::from_value(value).map_err(|error| CallError::Unexpected {
            status: self.status,
            reason: format!("an answer of another shape: {error}"),
            trace: self.trace,
        })
    }
}

fn short(text: &str) -> String {
    text.chars().filter(char::is_ascii_graphic).take(WORDS_MAX).collect()
}

/// The id of a call in the platform's logs.
pub fn trace_of(headers: &HeaderMap) -> Option<String> {
    headers.get(TRACE).and_then(|value| value.to_str().ok()).map(short)
}

fn wait_of(headers: &HeaderMap) -> Option<Duration> {
    let seconds: f64 = headers.get(RESET)?.to_str().ok()?.trim().parse().ok()?;
    (seconds >= 0.0).then(|| Duration::from_secs_f64(seconds.min(LIMITED_PAUSE_MAX.as_secs_f64())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::codes::Meaning;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| ((*name).parse().expect("name"), value.parse().expect("value")))
            .collect()
    }

    #[test]
    fn the_code_decides_whatever_the_status_says() {
        let limited = Answer::read(
            400,
            &headers(&[("x-tt-logid", "L1"), ("x-ogw-ratelimit-reset", "7")]),
            br#"{"code":99991400,"msg":"request trigger frequency limit"}"#,
        );
        let Err(CallError::Answered { code, trace, wait, .. }) = &limited else { panic!("{limited:?}") };
        assert_eq!((*code, trace.as_deref(), *wait), (99_991_400, Some("L1"), Some(Duration::from_secs(7))));
        let old =
            Answer::read(200, &HeaderMap::new(), br#"{"code":230002,"msg":"ok","error":{"log_id":"L2"}}"#);
        let Err(CallError::Answered { code: 230_002, trace, .. }) = old else { panic!("{old:?}") };
        assert_eq!(trace.as_deref(), Some("L2"));
    }

    #[test]
    fn an_answer_may_lack_data_and_may_be_flat() {
        #[derive(serde::Deserialize)]
        struct Flat {
            expire: u64,
        }
        let empty =
            Answer::read(200, &HeaderMap::new(), br#"{"code":0,"msg":"ok","data":null}"#).expect("success");
        assert_eq!(empty.data::<Map<String, Value>>().expect("an empty object"), Map::new());
        let flat = Answer::read(200, &HeaderMap::new(), br#"{"code":0,"expire":7200}"#).expect("success");
        assert_eq!(flat.flat::<Flat>().expect("flat").expire, 7200);
    }

    #[test]
    fn garbage_is_told_from_refusals() {
        let table: [(u16, &[u8], Meaning); 5] = [
            (502, b"<html>bad gateway</html>", Meaning::Later),
            (200, b"[]", Meaning::Later),
            (404, b"not found", Meaning::Refused),
            (429, b"", Meaning::AppLimited),
            (500, br#"{"code":0}"#, Meaning::Later),
        ];
        for (status, body, expected) in table {
            let error = Answer::read(status, &HeaderMap::new(), body).expect_err("no success");
            assert_eq!(error.meaning(), expected, "{status}");
        }
    }

    #[test]
    fn a_wait_without_end_is_cut() {
        for (header, expected) in
            [("1e300", Some(LIMITED_PAUSE_MAX)), ("-1", None), ("NaN", None), ("soon", None)]
        {
            assert_eq!(wait_of(&headers(&[("x-ogw-ratelimit-reset", header)])), expected, "{header}");
        }
    }
}
