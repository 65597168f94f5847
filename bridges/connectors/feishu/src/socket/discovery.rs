//! Where to connect: asked anew before each connection, because the address holds secrets for one time.

use std::time::Duration;

use bridge_api::ConnectError;
use reqwest::Url;
use serde::Deserialize;
use serde_json::json;

use crate::{
    client::{CallError, Client},
    limits::{INTERVAL_MAX, INTERVAL_MIN},
};

/// Where and how to connect.
pub struct Place {
    /// The address with its secrets. Never logged.
    pub url: Url,
    /// The number that frames carry.
    pub service: i32,
    /// The name of the connection, for logs.
    pub device: String,
    /// How the platform wants the connection to be kept.
    pub pace: Pace,
}

/// How the platform wants a connection to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Attempts to connect in the platform's own interval; nothing for as many as it takes.
    pub reconnects_max: Option<u32>,
    /// Between two attempts.
    pub reconnect_interval: Duration,
    /// Before the first attempt a part of this passes, so that not all come at once.
    pub reconnect_nonce: Duration,
    /// Between two pings.
    pub ping_interval: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        let (reconnect_interval, reconnect_nonce) = (seconds(120), seconds(30));
        Self { reconnects_max: None, reconnect_interval, reconnect_nonce, ping_interval: seconds(120) }
    }
}

#[derive(Deserialize)]
struct Found {
    #[serde(rename = "URL", default)]
    url: String,
    #[serde(rename = "ClientConfig", default)]
    config: Option<serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Config {
    reconnect_count: Option<i64>,
    reconnect_interval: Option<i64>,
    reconnect_nonce: Option<i64>,
    ping_interval: Option<i64>,
}

impl Pace {
    /// The pace as the platform wants it now; what is missing or senseless stays as it was.
    #[must_use]
    pub fn adjusted(self, config: &serde_json::Value) -> Self {
        let Ok(config) = Config::deserialize(config) else { return self };
        let seconds = |value: Option<i64>, before: Duration, least: Duration| {
            let value = value.and_then(|value| u64::try_from(value).ok()).map(Duration::from_secs);
            value.filter(|value| !value.is_zero()).map_or(before, |value| value.clamp(least, INTERVAL_MAX))
        };
        Self {
            reconnects_max: config
                .reconnect_count
                .map_or(self.reconnects_max, |count| u32::try_from(count).ok()),
            reconnect_interval: seconds(config.reconnect_interval, self.reconnect_interval, INTERVAL_MIN),
            reconnect_nonce: seconds(config.reconnect_nonce, self.reconnect_nonce, Duration::ZERO),
            ping_interval: seconds(config.ping_interval, self.ping_interval, INTERVAL_MIN),
        }
    }
}

/// Judges a code of the discovery or of the handshake: busy, internal, and too many connections pass.
fn of_code(code: i64, words: &str) -> ConnectError {
    let text = format!("the platform refuses the long connection with code {code} ({words})");
    match code {
        1 | 1_000_040_343 | 1_000_040_350 | 1_000_040_351 => ConnectError::Passing(text),
        _ => ConnectError::Misconfigured(text),
    }
}

/// Asks where to connect.
///
/// # Errors
/// See [`ConnectError`].
pub async fn discover(client: &Client) -> Result<Place, ConnectError> {
    let settings = client.settings();
    let body = json!({ "AppID": settings.app_id, "AppSecret": settings.app_secret.expose() }).to_string();
    let answer = client.post_plainly(&["callback", "ws", "endpoint"], body).await;
    let found =
        answer.and_then(crate::client::envelope::Answer::data::<Found>).map_err(|error| match error {
            CallError::Answered { code, message, .. } => of_code(code, &message),
            CallError::Unexpected { status, .. } if (400..500).contains(&status) && status != 429 => {
                ConnectError::Misconfigured(error.to_string())
            }
            CallError::Unexpected { .. } | CallError::Unreachable(_) | CallError::NoTurn(_) => {
                ConnectError::Passing(error.to_string())
            }
        })?;
    place(&found, settings.base_url.scheme() == "http")
}

fn place(found: &Found, plainly: bool) -> Result<Place, ConnectError> {
    let wrong =
        |what: &str| ConnectError::Passing(format!("the platform names no place to connect to: {what}"));
    let url: Url = found.url.parse().map_err(|_| wrong("no address"))?;
    match url.scheme() {
        "wss" => {}
        // Only who asks without TLS is sent on without TLS.
        "ws" if plainly => {}
        _ => return Err(wrong("an address without TLS")),
    }
    let value =
        |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    let service =
        value("service_id").and_then(|text| text.parse().ok()).ok_or_else(|| wrong("no service_id"))?;
    let device =
        value("device_id").unwrap_or_default().chars().filter(char::is_ascii_alphanumeric).take(64).collect();
    let pace = found.config.as_ref().map_or_else(Pace::default, |config| Pace::default().adjusted(config));
    Ok(Place { url, service, device, pace })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(url: &str) -> Found {
        let config =
            json!({"ReconnectCount":-1,"ReconnectInterval":90,"ReconnectNonce":25,"PingInterval":90});
        Found { url: url.to_owned(), config: Some(config) }
    }

    #[test]
    fn the_address_names_service_and_device() {
        let url = "wss://msg-frontier.feishu.cn/ws/v2?fpid=493&device_id=7677&service_id=33554678&ticket=t";
        let place = place(&found(url), false).expect("a place");
        assert_eq!((place.service, place.device.as_str()), (33_554_678, "7677"));
        assert_eq!(place.pace.ping_interval, Duration::from_secs(90));
        assert_eq!(place.pace.reconnects_max, None);
    }

    #[test]
    fn an_address_without_tls_or_service_is_refused() {
        for (url, plainly, good) in [
            ("ws://127.0.0.1:1/ws/v2?service_id=1", true, true),
            ("ws://127.0.0.1:1/ws/v2?service_id=1", false, false),
            ("http://127.0.0.1:1/ws/v2?service_id=1", true, false),
            ("wss://x/ws/v2?service_id=many", true, false),
            ("", true, false),
        ] {
            assert_eq!(place(&found(url), plainly).is_ok(), good, "{url} {plainly}");
        }
    }

    #[test]
    fn senseless_intervals_are_brought_into_bounds() {
        let table = [
            (json!({"PingInterval": 0}), 120),
            (json!({"PingInterval": -5}), 120),
            (json!({"PingInterval": 1}), 1),
            (json!({"PingInterval": 100_000}), 600),
            (json!({"PingInterval": "x"}), 120),
            (json!("garbage"), 120),
            (json!({"PingInterval": 30}), 30),
        ];
        for (config, expected) in table {
            let pace = Pace::default().adjusted(&config);
            assert_eq!(pace.ping_interval, Duration::from_secs(expected), "{config}");
        }
    }

    #[test]
    fn codes_are_told_apart_by_what_heals() {
        for (code, passing) in [
            (1, true),
            (1_000_040_343, true),
            (1_000_040_350, true),
            (1_000_040_351, true),
            (403, false),
            (514, false),
            (77, false),
        ] {
            assert_eq!(matches!(of_code(code, ""), ConnectError::Passing(_)), passing, "{code}");
        }
    }
}
