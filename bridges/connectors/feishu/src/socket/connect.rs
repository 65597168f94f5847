//! Opens one connection to a place that was found.

use bridge_api::{ConnectError, NoSocket, Socket, Transport};
use reqwest::Url;

use crate::limits::FRAME_BYTES_MAX;

/// Opens a connection.
///
/// # Errors
/// See [`ConnectError`]. No text of it holds the address, which is secret.
pub async fn open(url: &Url, transport: &Transport) -> Result<Socket, ConnectError> {
    transport.socket(url, FRAME_BYTES_MAX).await.map_err(|error| match error {
        NoSocket::Refused { status, headers } => refused(status, &headers),
        error @ (NoSocket::Late | NoSocket::Unreached(_)) => {
            ConnectError::Passing(format!("the long connection is not opened: {error}"))
        }
    })
}

/// Judges a refused upgrade by the platform's own headers. Tickets are for one time, so most refusals pass with the
/// next one.
fn refused(status: u16, headers: &http::HeaderMap) -> ConnectError {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let number = |name: &str| header(name).trim().parse::<i64>().ok();
    let words: String = header("handshake-msg").chars().filter(|sign| !sign.is_control()).take(200).collect();
    let code = number("handshake-status");
    let text = match number("handshake-autherrcode") {
        Some(detail) => {
            format!("the platform refuses the connection with {status}, {code:?}, {detail} ({words})")
        }
        None => format!("the platform refuses the connection with {status}, {code:?} ({words})"),
    };
    if code == Some(403) { ConnectError::Misconfigured(text) } else { ConnectError::Passing(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_upgrades_are_told_apart() {
        let table = [
            (vec![("handshake-status", "403"), ("handshake-msg", "forbidden")], false),
            (vec![("handshake-status", "514"), ("handshake-autherrcode", "1000040350")], true),
            (vec![("handshake-status", "514"), ("handshake-autherrcode", "1")], true),
            (vec![], true),
        ];
        for (headers, passing) in table {
            let map = headers
                .iter()
                .map(|(name, value)| (name.parse().expect("name"), value.parse().expect("value")));
            let error = refused(400, &map.collect());
            assert_eq!(matches!(error, ConnectError::Passing(_)), passing, "{headers:?}: {error}");
        }
    }
}
