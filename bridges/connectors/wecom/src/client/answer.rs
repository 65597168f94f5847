//! Reads answers: JSON with `errcode`, which is nothing or 0 when it was done, and a status that says 200 either way.

use bridge_api::{CallError, Meaning};
use serde_json::Value;

use super::codes;
use crate::{lenient::text, limits::WORDS_CHARACTERS_MAX};

/// What the platform answered, or why it did not do it.
///
/// # Errors
/// See [`CallError`].
pub fn read(status: u16, body: &[u8]) -> Result<Value, CallError> {
    let value: Option<Value> = serde_json::from_slice(body).ok().filter(Value::is_object);
    match value {
        Some(value) if status < 300 || value.get("errcode").is_some() => verdict(value),
        Some(_) | None => {
            let meaning = match status {
                // A path that does not exist, a request sent on to elsewhere: our configuration leads to the wrong place.
                301 | 302 | 307 | 308 | 404 => Meaning::SetUp,
                429 => Meaning::Busy,
                _ => Meaning::Unknown,
            };
            Err(CallError::ours(meaning, format!("no answer of the API, with status {status}")))
        }
    }
}

/// The verdict of an answer or a frame.
///
/// # Errors
/// See [`CallError`].
pub fn verdict(value: Value) -> Result<Value, CallError> {
    let code = match value.get("errcode") {
        None | Some(Value::Null) => 0,
        Some(Value::Number(number)) => number.as_i64().unwrap_or(i64::MAX),
        Some(other) => other.as_str().and_then(|text| text.trim().parse().ok()).unwrap_or(i64::MAX),
    };
    if code == 0 {
        return Ok(value);
    }
    let words = text(&value, "errmsg").unwrap_or_default();
    let message: String =
        words.chars().filter(|letter| !letter.is_control()).take(WORDS_CHARACTERS_MAX).collect();
    Err(CallError {
        meaning: codes::meaning(code, &message),
        code: Some(code.to_string()),
        trace: hint(&words),
        message,
    })
}

/// The trace number within the words: `…, hint: [1700000000123456789012345], from ip: …`.
fn hint(words: &str) -> Option<String> {
    let rest = words.split_once("hint:")?.1.trim_start().strip_prefix('[')?;
    let hint = rest.split_once(']')?.0.trim();
    let sound =
        hint.len() <= 64 && hint.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-');
    (sound && !hint.is_empty()).then(|| hint.to_owned())
}

#[cfg(test)]
mod tests {
    use bridge_api::Refusal;

    use super::*;

    #[test]
    fn the_verdict_is_the_code_and_not_the_status() {
        assert_eq!(read(200, br#"{"errcode":0,"msgid":"m"}"#).expect("done")["msgid"], "m");
        assert!(read(200, br#"{"userlist":[]}"#).is_ok(), "some leave it out");
        let words = br#"{"errcode":40013,"errmsg":"invalid corpid, hint: [1700000000123456789012345], from ip: 203.0.113.7, more info at https://x","department":[]}"#;
        let error = read(200, words).expect_err("refused");
        assert_eq!((error.meaning, error.code.as_deref()), (Meaning::SetUp, Some("40013")));
        assert_eq!(error.trace.as_deref(), Some("1700000000123456789012345"));
        let error = read(200, br#"{"errcode":86008,"errmsg":"x"}"#).expect_err("refused");
        assert_eq!(error.meaning, Meaning::Refused(Refusal::NotInConversation));
    }

    #[test]
    fn what_is_no_answer_is_told_apart_by_whether_something_was_done() {
        let table: [(u16, &[u8], Meaning); 6] = [
            (404, b"", Meaning::SetUp),
            (301, b"", Meaning::SetUp),
            (200, b"{\"errcode\":0,\"er", Meaning::Unknown),
            (502, b"<html>", Meaning::Unknown),
            (502, b"{}", Meaning::Unknown),
            (200, b"[]", Meaning::Unknown),
        ];
        for (status, body, expected) in table {
            assert_eq!(read(status, body).expect_err("no answer").meaning, expected, "{status}");
        }
    }
}
