//! The signatures of the platform: robots' callbacks and custom webhooks, cards' callbacks, events. Compared in constant time.

use base64::{Engine as _, engine::general_purpose::STANDARD};
pub use bridge_api::sealed::{equal, signature as of_event};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// The signature of a robot's callback, and of a message to a custom webhook: over the time and the secret itself.
pub fn of_robot(secret: &str, timestamp: &str) -> String {
    hmac(secret, &format!("{timestamp}\n{secret}"))
}

/// The signature of a card's callback: over the time alone.
pub fn of_card(secret: &str, timestamp: &str) -> String {
    hmac(secret, timestamp)
}

fn hmac(key: &str, message: &str) -> String {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("a key of any length");
    mac.update(message.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_vectors_hold() {
        let robot = of_robot("SEC000example", "1700000000000");
        assert_eq!(robot, "xyAXnOeEx8mcnUUlZoyxvRe/La8u0eqZaWsTXunfdkQ=");
        assert_eq!(of_card("apisecret0", "1700000000000"), "bKwINY9Hh4rpciylxLD19xyaZDLHBWvedhmvgIqlyj4=");
        let encrypted =
            "Q3stYC6hdFzMh9T8HCvyDLV8JeomtQuxZLosYEI28mjzSD5UpK2hp0QUc4H6M/N5EsUBp6Ycb4lV2J6RRjfK7g==";
        assert_eq!(
            of_event("simtoken", "1700000000000", "abcd1234", encrypted),
            "0fdaa67d5e207f6068ab6fa5fb1a50e97a0b6ada"
        );
        let success =
            "Q3stYC6hdFzMh9T8HCvyDDVB8nYie0nnKONkIDibUiRs8wfkAVxaB9/z4ptyh8JGFvULZTNnWFsEdyuFTpHNsw==";
        assert_eq!(
            of_event("simtoken", "1700000000000", "abcd1234", success),
            "fdfbed91dc8bedc72e123c2a9ec600839b2c986b"
        );
    }

    #[test]
    fn texts_are_compared_whole() {
        assert!(equal("abc", "abc"));
        assert!(!equal("abc", "abd") && !equal("abc", "ab") && !equal("", "a"));
    }
}
