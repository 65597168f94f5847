//! `GET https://{host}/.well-known/matrix/server`: whether a host names another one to talk with.

use std::time::Duration;

use http::{HeaderMap, header::CACHE_CONTROL};
use outbound::{Limits, Outbound};
use ruma::OwnedServerName;
use serde::Deserialize;

use crate::limits::{
    WELL_KNOWN_AGE_DEFAULT, WELL_KNOWN_AGE_MAX, WELL_KNOWN_AGE_MIN, WELL_KNOWN_BYTES_MAX,
    WELL_KNOWN_MISSING_AGE, WELL_KNOWN_REDIRECTS_MAX, WELL_KNOWN_TIME_MAX,
};

/// What came of asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum WellKnown {
    /// Another name to talk with, believed for this long.
    Delegated(OwnedServerName, Duration),
    /// No document, or none that can be used.
    Missing,
}

#[derive(Deserialize)]
struct Document {
    #[serde(rename = "m.server")]
    server: OwnedServerName,
}

/// Asks for the document of a host. Everything that goes wrong means that there is none.
pub(super) async fn ask(outbound: &Outbound, host: &str) -> WellKnown {
    let limits = Limits {
        bytes_max: WELL_KNOWN_BYTES_MAX,
        time_max: WELL_KNOWN_TIME_MAX,
        redirects_max: WELL_KNOWN_REDIRECTS_MAX,
    };
    let answer = match outbound.get(&format!("https://{host}/.well-known/matrix/server"), limits).await {
        Ok(answer) if answer.status == http::StatusCode::OK => answer,
        Ok(answer) => {
            tracing::debug!(host, status = answer.status.as_u16(), "no well-known document");
            return WellKnown::Missing;
        }
        Err(error) => {
            tracing::debug!(host, %error, "no well-known document");
            return WellKnown::Missing;
        }
    };
    match serde_json::from_slice::<Document>(&answer.body) {
        Ok(document) => WellKnown::Delegated(document.server, age(&answer.headers)),
        Err(error) => {
            tracing::debug!(host, %error, "well-known document cannot be read");
            WellKnown::Missing
        }
    }
}

/// How long a document is believed.
fn age(headers: &HeaderMap) -> Duration {
    let control = headers.get(CACHE_CONTROL).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut age = WELL_KNOWN_AGE_DEFAULT;
    for directive in control.split(',').map(|part| part.trim().to_ascii_lowercase()) {
        if directive == "no-store" || directive == "no-cache" {
            return WELL_KNOWN_AGE_MIN;
        }
        if let Some(seconds) = directive.strip_prefix("max-age=").and_then(|text| text.parse().ok()) {
            age = Duration::from_secs(seconds);
        }
    }
    age.clamp(WELL_KNOWN_AGE_MIN, WELL_KNOWN_AGE_MAX)
}

/// How long it is believed that there is no document.
pub(super) const MISSING_AGE: Duration = WELL_KNOWN_MISSING_AGE;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_believed_within_bounds() {
        let hours = |hours: u64| Duration::from_secs(hours * 3600);
        let table = [
            ("", hours(24)),
            ("max-age=7200", hours(2)),
            ("public, Max-Age=7200", hours(2)),
            ("max-age=1", WELL_KNOWN_AGE_MIN),
            ("max-age=99999999", WELL_KNOWN_AGE_MAX),
            ("max-age=99999999999999999999999", hours(24)),
            ("no-store, max-age=7200", WELL_KNOWN_AGE_MIN),
        ];
        for (control, expected) in table {
            let mut headers = HeaderMap::new();
            headers.insert(CACHE_CONTROL, control.parse().unwrap());
            assert_eq!(age(&headers), expected, "{control}");
        }
    }
}
