//! Reads answers of both generations: `{"code","message","requestid"}` with a status, `{"errcode","errmsg"}` with 200.

use std::time::Duration;

use bridge_api::{CallError, Meaning};
use http::HeaderMap;
use serde_json::Value;

use super::codes;
use crate::{
    lenient,
    limits::{BANNED_PAUSE, WORDS_CHARACTERS_MAX},
};

/// What the platform answered, or why it did not do it.
///
/// # Errors
/// See [`CallError`].
pub fn read(status: u16, headers: &HeaderMap, body: &[u8]) -> Result<Value, CallError> {
    let value: Option<Value> = serde_json::from_slice(body).ok();
    let trace = value.as_ref().and_then(|value| {
        ["requestid", "request_id", "requestId"].iter().find_map(|name| lenient::text(value, name))
    });
    let trace = trace.or_else(|| header(headers)).map(|trace| clean(&trace));
    let failed = |meaning, code: Option<String>, message: String| {
        Err(CallError { meaning, code, trace: trace.clone(), message })
    };
    let Some(value) = value.filter(Value::is_object) else {
        // Pages of a gateway, among them the one that bans an address, are made before anything is done.
        let page = body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'<');
        let meaning = match (status, page) {
            (500.., _) | (..400, false) => Meaning::Unknown,
            (_, true) => Meaning::Busy,
            (_, false) => codes::of_status(status, "an answer that is no JSON"),
        };
        return failed(meaning, None, format!("an answer that is no JSON, with status {status}"));
    };
    if value.get("punish").is_some() {
        let wait = Duration::from_secs(lenient::number(&value, "wait").unwrap_or_default());
        let after = wait.clamp(Duration::from_secs(1), BANNED_PAUSE);
        let code = lenient::text(&value, "status");
        return failed(
            Meaning::Limited { after, app: true },
            code,
            "too many calls from this address".into(),
        );
    }
    if let Some(code) = value.get("errcode").and_then(integer) {
        if code == 0 {
            return Ok(value);
        }
        let text = |name| lenient::text(&value, name).unwrap_or_default();
        let (sub_code, words) = (text("sub_code"), words(&[text("errmsg"), text("sub_msg")]));
        let shown =
            if sub_code.is_empty() { code.to_string() } else { format!("{code}/{}", clean(&sub_code)) };
        return failed(codes::of_old(code, &sub_code, &words), Some(shown), words);
    }
    if (200..300).contains(&status) {
        return Ok(value);
    }
    let code = lenient::text(&value, "code").unwrap_or_default();
    let scopes =
        value.pointer("/accessdenieddetail/requiredScopes").map(Value::to_string).unwrap_or_default();
    let message = words(&[lenient::text(&value, "message").unwrap_or_default(), scopes]);
    failed(
        codes::of_new(status, &code, &message),
        Some(clean(&code)).filter(|code| !code.is_empty()),
        message,
    )
}

fn header(headers: &HeaderMap) -> Option<String> {
    let of = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    of("x-acs-request-id").or_else(|| of("x-acs-trace-id")).map(str::to_owned)
}

fn integer(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

fn words(texts: &[String]) -> String {
    clean(&texts.iter().filter(|text| !text.is_empty()).cloned().collect::<Vec<_>>().join(" "))
}

/// The platform's words as a log line and a notice can hold them.
fn clean(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(WORDS_CHARACTERS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use bridge_api::Refusal;

    use super::*;

    fn read_text(status: u16, body: &str) -> Result<Value, CallError> {
        read(status, &HeaderMap::new(), body.as_bytes())
    }

    #[test]
    fn both_shapes_are_read() {
        assert_eq!(read_text(200, r#"{"processQueryKey":"k"}"#).expect("done")["processQueryKey"], "k");
        assert!(read_text(200, r#"{"errcode":0,"errmsg":"ok"}"#).is_ok());
        assert!(read_text(200, r#"{"errcode":"0","errmsg":"ok"}"#).is_ok());
        let error = read_text(
            400,
            r#"{"code":"InvalidAuthentication","requestid":"7C5B","message":"不合法的access_token"}"#,
        )
        .expect_err("refused");
        assert_eq!((error.meaning, error.trace.as_deref()), (Meaning::TokenStale, Some("7C5B")));
        let error =
            read_text(200, r#"{"errcode":40014,"errmsg":"不合法的access_token"}"#).expect_err("refused");
        assert_eq!((error.meaning, error.code.as_deref()), (Meaning::TokenStale, Some("40014")));
        let denied = r#"{"code":"Forbidden.AccessDenied.AccessTokenPermissionDenied","message":"no",
            "accessdenieddetail":{"requiredScopes":["Card.Instance.Write"]}}"#;
        let error = read_text(403, denied).expect_err("refused");
        assert!(error.message.contains("Card.Instance.Write"), "{error}");
        assert_eq!(error.meaning, Meaning::Refused(Refusal::NotPermitted));
    }

    #[test]
    fn what_is_no_answer_is_told_apart_by_whether_something_was_done() {
        let banned = r#"{"status":1111,"wait":5,"source":"x5","punish":"deny","uuid":"u"}"#;
        let limited = Meaning::Limited { after: Duration::from_secs(5), app: true };
        let table = [
            (200, banned, limited),
            (200, "<html>denied</html>", Meaning::Busy),
            (504, "<html>slow</html>", Meaning::Unknown),
            (200, "garbage", Meaning::Unknown),
            (200, "[]", Meaning::Unknown),
            (504, "{}", Meaning::Unknown),
        ];
        for (status, body, meaning) in table {
            assert_eq!(read_text(status, body).expect_err("no answer").meaning, meaning, "{status} {body}");
        }
    }
}
