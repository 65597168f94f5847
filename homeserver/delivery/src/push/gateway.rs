//! Push gateways: which addresses may be one, and what an answer of theirs means.
//! [Push Gateway API](https://spec.matrix.org/v1.19/push-gateway-api/)

use outbound::{Limits, Outbound, Url};
use serde::Deserialize;

use super::{PushError, tables::PusherRow};
use crate::limits::{GATEWAY_ANSWER_BYTES_MAX, GATEWAY_TIME_MAX};

/// The path that every gateway has.
const NOTIFY_PATH: &str = "/_matrix/push/v1/notify";

/// What shares a fate when it fails: everything that goes to one gateway, or all mail.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Gateway {
    /// Scheme, host and port.
    Http(String),
    /// The mail server.
    Mail,
}

/// What came of one request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// The gateway took it.
    Accepted,
    /// The gateway says that nobody has this pushkey any more.
    Rejected,
    /// The gateway does not like this one; others may still get through.
    Refused(String),
    /// The gateway cannot be reached or cannot work.
    Down(String),
}

#[derive(Deserialize)]
struct GatewayAnswer {
    #[serde(default)]
    rejected: Vec<String>,
}

impl Gateway {
    /// The gateway of a pusher. The row was checked when it was set; what is unreadable now is a gateway
    /// of its own that refuses.
    pub fn of(row: &PusherRow) -> Self {
        if row.kind != "http" {
            return Self::Mail;
        }
        let url = url_of(row).and_then(|url| Url::parse(&url).ok());
        Self::Http(url.map_or_else(String::new, |url| url.origin().ascii_serialization()))
    }

    /// Whether an address may be a gateway.
    pub fn check(url: &str, plain_http_allowed: bool) -> Result<(), PushError> {
        let url = Url::parse(url).map_err(|_| PushError::Invalid("data.url must be a web address"))?;
        let secure = url.scheme() == "https" || (plain_http_allowed && url.scheme() == "http");
        if !secure || !url.has_host() {
            return Err(PushError::Invalid("data.url must begin with https://"));
        }
        if url.path() != NOTIFY_PATH {
            return Err(PushError::Invalid("data.url must have the path /_matrix/push/v1/notify"));
        }
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err(PushError::Invalid("data.url must not hold a user name or a fragment"));
        }
        Ok(())
    }
}

/// The address of a pusher's gateway.
pub(crate) fn url_of(row: &PusherRow) -> Option<String> {
    let data: serde_json::Value = serde_json::from_str(&row.data).ok()?;
    Some(data.get("url")?.as_str()?.to_owned())
}

/// Sends one notification about one pushkey.
pub(crate) async fn tell(outbound: &Outbound, url: &str, body: Vec<u8>, pushkey: &str) -> Told {
    let limits = Limits { bytes_max: GATEWAY_ANSWER_BYTES_MAX, time_max: GATEWAY_TIME_MAX, redirects_max: 0 };
    match outbound.post_json(url, body, limits).await {
        Ok(answer) => judge(answer.status.as_u16(), &answer.body, pushkey),
        Err(error) if error.is_temporary() => Told::Down(error.to_string()),
        Err(error) => Told::Refused(error.to_string()),
    }
}

/// Only success means that the notification arrived; anything in the way may be repaired.
fn judge(status: u16, body: &[u8], pushkey: &str) -> Told {
    match status {
        200..300 => match serde_json::from_slice::<GatewayAnswer>(body) {
            Ok(answer) if answer.rejected.iter().any(|rejected| rejected == pushkey) => Told::Rejected,
            // A gateway that answers success in other words has taken the notification all the same.
            Ok(_) | Err(_) => Told::Accepted,
        },
        429 | 500.. => Told::Down(format!("status {status}")),
        _ => Told::Refused(format!("status {status}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_notify_path_over_tls_is_a_gateway() {
        let fine = "https://push.example.org/_matrix/push/v1/notify";
        for (url, plain, allowed) in [
            (fine, false, true),
            ("https://push.example.org:8443/_matrix/push/v1/notify?tenant=a", false, true),
            ("http://push.example.org/_matrix/push/v1/notify", false, false),
            ("http://push.example.org/_matrix/push/v1/notify", true, true),
            ("https://push.example.org/", false, false),
            ("https://push.example.org/_matrix/push/v1/notify/../../admin", false, false),
            ("https://user:secret@push.example.org/_matrix/push/v1/notify", false, false),
            ("ftp://push.example.org/_matrix/push/v1/notify", true, false),
            ("file:///_matrix/push/v1/notify", true, false),
            ("not an address", true, false),
        ] {
            assert_eq!(Gateway::check(url, plain).is_ok(), allowed, "{url}");
        }
    }

    #[test]
    fn an_answer_counts_for_the_pushkey_that_was_asked_about() {
        assert_eq!(judge(200, br#"{"rejected":["other"]}"#, "mine"), Told::Accepted);
        assert_eq!(judge(200, br#"{"rejected":["mine"]}"#, "mine"), Told::Rejected);
        assert_eq!(judge(200, b"fine", "mine"), Told::Accepted);
        assert!(matches!(judge(503, b"", "mine"), Told::Down(_)));
        assert!(matches!(judge(429, b"", "mine"), Told::Down(_)));
        assert!(matches!(judge(404, br#"{"rejected":["mine"]}"#, "mine"), Told::Refused(_)));
        assert!(matches!(judge(302, b"", "mine"), Told::Refused(_)));
    }
}
