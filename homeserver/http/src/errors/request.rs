//! What a malformed request is called: `M_NOT_JSON`, `M_BAD_JSON`, `M_MISSING_PARAM`, `M_INVALID_PARAM`.

use http::StatusCode;
use ruma::api::error::{DeserializationError, ErrorCode, FromHttpRequestError};
use serde_json::error::Category;

use super::MatrixError;

impl From<FromHttpRequestError> for MatrixError {
    fn from(error: FromHttpRequestError) -> Self {
        match error {
            FromHttpRequestError::Deserialization(error) => error.into(),
            FromHttpRequestError::MethodMismatch { .. } => method_not_allowed(),
            // Both enums of ruma are open: what a later ruma adds is still a request we cannot read.
            other => Self::bad_json(other.to_string()),
        }
    }
}

impl From<DeserializationError> for MatrixError {
    fn from(error: DeserializationError) -> Self {
        match error {
            DeserializationError::Json(error) => json(&error),
            DeserializationError::Utf8(error) => Self::not_json(error.to_string()),
            DeserializationError::Query(error) => parameter(error.to_string()),
            DeserializationError::Ident(error) => Self::invalid_param(error.to_string()),
            DeserializationError::Header(error) => Self::invalid_param(error.to_string()),
            other => Self::bad_json(other.to_string()),
        }
    }
}

/// 405 `M_UNRECOGNIZED`: a known path with a method that it does not have.
pub(crate) fn method_not_allowed() -> MatrixError {
    MatrixError::new(StatusCode::METHOD_NOT_ALLOWED, ErrorCode::Unrecognized, "Unrecognized request method")
}

fn json(error: &serde_json::Error) -> MatrixError {
    let message = error.to_string();
    match error.classify() {
        Category::Data if message.starts_with("missing field") => MatrixError::missing_param(message),
        Category::Data if is_about_an_identifier(&message) => MatrixError::invalid_param(message),
        Category::Data => MatrixError::bad_json(message),
        Category::Syntax if message.starts_with("recursion limit") => MatrixError::bad_json(message),
        Category::Syntax | Category::Eof | Category::Io => MatrixError::not_json(message),
    }
}

/// serde keeps only the text of an error, so ruma's words for a bad identifier are all there is to go by.
fn is_about_an_identifier(message: &str) -> bool {
    use ruma::IdParseError::{
        Empty, InvalidCharacters, InvalidServerName, MaximumLengthExceeded, MissingColon, MissingLeadingSigil,
    };
    [Empty, InvalidCharacters, InvalidServerName, MaximumLengthExceeded, MissingColon, MissingLeadingSigil]
        .iter()
        .any(|error| message.starts_with(&error.to_string()))
}

/// Path and query arguments: ruma reports both by the same error.
fn parameter(message: String) -> MatrixError {
    if message.starts_with("missing field") {
        MatrixError::missing_param(message)
    } else {
        MatrixError::invalid_param(message)
    }
}

#[cfg(test)]
mod tests {
    use ruma::OwnedUserId;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Body {
        #[expect(unused, reason = "only its type matters")]
        user: OwnedUserId,
    }

    #[test]
    fn each_kind_of_bad_body_has_its_code() {
        let cases = [
            ("", "M_NOT_JSON"),
            ("{", "M_NOT_JSON"),
            ("nonsense", "M_NOT_JSON"),
            (r#"{"user":"@alice:b"} {}"#, "M_NOT_JSON"),
            ("[]", "M_BAD_JSON"),
            ("1", "M_BAD_JSON"),
            ("{}", "M_MISSING_PARAM"),
            (r#"{"user":5}"#, "M_BAD_JSON"),
            (r#"{"user":""}"#, "M_INVALID_PARAM"),
            (r#"{"user":"alice"}"#, "M_INVALID_PARAM"),
            (r#"{"user":"@alice"}"#, "M_INVALID_PARAM"),
            (r#"{"user":"@alice:b c"}"#, "M_INVALID_PARAM"),
        ];
        for (body, code) in cases {
            let error = serde_json::from_str::<Body>(body).unwrap_err();
            assert_eq!(MatrixError::from(DeserializationError::Json(error)).code(), code, "{body}");
        }
    }
}
