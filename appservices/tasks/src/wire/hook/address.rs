//! The address where tasks are told of: one task is posted there, signed, and it is said what came of it.

use hmac::{Hmac, KeyInit as _, Mac as _};
use outbound::{Limits, Outbound, Request};
use sha2::Sha256;

use crate::limits::{HOOK_ANSWER_BYTES_MAX, HOOK_TIME_MAX};

/// Where tasks are told of.
#[derive(Clone)]
pub struct Hook {
    /// The address.
    pub url: String,
    /// What signs, known there as well.
    pub secret: String,
    /// The way there; its guard says what may be reached.
    pub outbound: Outbound,
}

/// The names of the headers: which change, when it was sent in ms since 1970, and the signature over that time, a dot and the body.
const DELIVERY: &str = "x-lianqiao-delivery";
const TIMESTAMP: &str = "x-lianqiao-timestamp";
const SIGNATURE: &str = "x-lianqiao-signature";

/// Why a task was not taken.
pub(super) enum Untaken {
    /// Nobody has time there now.
    Away(String),
    /// It was refused, or the address cannot be asked: somebody has to look at it.
    Refused {
        /// Why, for the log.
        reason: String,
        /// What was answered; none where nobody was asked.
        status: Option<u16>,
    },
}

impl Untaken {
    /// Why, for the log.
    pub fn reason(&self) -> &str {
        match self {
            Self::Away(reason) | Self::Refused { reason, .. } => reason,
        }
    }
}

impl Hook {
    /// Posts a task as it was at this moment. `delivery` is the same for the same change, however often it is sent.
    pub(super) async fn tell(&self, delivery: &str, at_ms: u64, body: String) -> Result<(), Untaken> {
        let at = at_ms.to_string();
        let Some(signature) = self.signature(&at, &body) else {
            return Err(Untaken::Refused { reason: "the secret cannot sign".to_owned(), status: None });
        };
        let request = Request::post_json(&self.url, body)
            .header(DELIVERY, delivery)
            .header(TIMESTAMP, &at)
            .header(SIGNATURE, &signature);
        let limits = Limits { bytes_max: HOOK_ANSWER_BYTES_MAX, time_max: HOOK_TIME_MAX, redirects_max: 0 };
        match self.outbound.open(request, limits).await {
            Ok(answer) => match answer.status() {
                status if status.is_success() => Ok(()),
                status if status.is_server_error() || matches!(status.as_u16(), 408 | 425 | 429) => {
                    Err(Untaken::Away(format!("it answers {status}")))
                }
                status => Err(Untaken::Refused {
                    reason: format!("it answers {status}"),
                    status: Some(status.as_u16()),
                }),
            },
            Err(error) if error.is_temporary() => Err(Untaken::Away(error.to_string())),
            Err(error) => Err(Untaken::Refused { reason: error.to_string(), status: None }),
        }
    }

    /// `sha256=` and the HMAC-SHA-256 in hexadecimal digits.
    fn signature(&self, at: &str, body: &str) -> Option<String> {
        use std::fmt::Write as _;
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret.as_bytes()).ok()?;
        mac.update(format!("{at}.{body}").as_bytes());
        let mut text = "sha256=".to_owned();
        for byte in mac.finalize().into_bytes() {
            write!(text, "{byte:02x}").ok()?;
        }
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use outbound::OutboundSettings;

    use super::*;

    #[test]
    fn what_is_told_is_signed_with_its_time() {
        let hook = Hook {
            url: String::new(),
            secret: "a-secret-of-sixteen".to_owned(),
            outbound: Outbound::new(OutboundSettings::default()).unwrap(),
        };
        let signature = hook.signature("1793836800000", "{}").unwrap();
        assert_eq!(signature, "sha256=f9abb46013af0d39ef42b6cecea03ada2dd315b6f374e024eff2e4d85277a5a9");
    }
}
