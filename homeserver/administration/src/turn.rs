//! Credentials for a TURN server that shares a secret with this one.
//!
//! [Voice over IP](https://spec.matrix.org/v1.19/client-server-api/#voice-over-ip): the user name is the
//! time at which it ends and the user's id, the password is the base64 of its HMAC-SHA1 under the secret.
//! Nothing is stored; the TURN server checks the arithmetic.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use ruma::UserId;
use sha1::Sha1;

use crate::Administration;

/// What the operator says about TURN.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TurnSettings {
    /// Addresses for clients; without any there is no TURN server.
    pub uris: Vec<String>,
    /// The secret shared with the TURN server.
    pub shared_secret: Option<String>,
    /// A fixed user name, for servers that share no secret.
    pub username: Option<String>,
    /// Its password.
    pub password: Option<String>,
    /// How long credentials live, in seconds.
    pub lifetime_seconds: u64,
    /// Whether guests get credentials.
    pub guests: bool,
}

/// What a client shows to the TURN server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TurnCredentials {
    /// The user name.
    pub username: String,
    /// The password.
    pub password: String,
    /// Where.
    pub uris: Vec<String>,
    /// For how long, in seconds.
    pub lifetime_seconds: u64,
}

impl Administration {
    /// Credentials for a user, or nothing when no TURN server is configured for them.
    #[must_use]
    pub fn turn_credentials(
        &self,
        settings: &TurnSettings,
        user: &UserId,
        is_guest: bool,
    ) -> Option<TurnCredentials> {
        credentials(settings, user, is_guest, self.0.clock.now_ms() / 1_000)
    }
}

fn credentials(
    settings: &TurnSettings,
    user: &UserId,
    is_guest: bool,
    now_seconds: u64,
) -> Option<TurnCredentials> {
    if settings.uris.is_empty() || (is_guest && !settings.guests) {
        return None;
    }
    let (username, password) = match (&settings.shared_secret, &settings.username, &settings.password) {
        (Some(secret), _, _) => {
            let username = format!("{}:{user}", now_seconds.saturating_add(settings.lifetime_seconds));
            let mut mac = Hmac::<Sha1>::new_from_slice(secret.as_bytes()).ok()?;
            mac.update(username.as_bytes());
            let password = STANDARD.encode(mac.finalize().into_bytes());
            (username, password)
        }
        (None, Some(username), Some(password)) => (username.clone(), password.clone()),
        (None, _, _) => return None,
    };
    Some(TurnCredentials {
        username,
        password,
        uris: settings.uris.clone(),
        lifetime_seconds: settings.lifetime_seconds,
    })
}

#[cfg(test)]
mod tests {
    use ruma::user_id;

    use super::*;

    fn settings() -> TurnSettings {
        TurnSettings {
            uris: vec!["turn:turn.example.org".to_owned()],
            shared_secret: Some("n0t4ctuAllymatr1Xd0TorgSshar3d5ecret4obvIousreAsons".to_owned()),
            lifetime_seconds: 86_400,
            ..TurnSettings::default()
        }
    }

    #[test]
    fn the_password_is_the_mac_of_end_and_user() {
        let found = credentials(&settings(), user_id!("@alice:example.org"), false, 1_443_693_465).unwrap();
        assert_eq!(found.username, "1443779865:@alice:example.org");
        // printf '1443779865:@alice:example.org' | openssl dgst -sha1 -hmac "$secret" -binary | base64
        assert_eq!(found.password, "sz4EYeRLW2GEMoH6pZ6ZrSA3mDk=");
    }

    #[test]
    fn guests_and_servers_without_turn_get_nothing() {
        let alice = user_id!("@alice:example.org");
        assert_eq!(credentials(&settings(), alice, true, 0), None);
        assert_eq!(credentials(&TurnSettings::default(), alice, false, 0), None);
        let without_secret = TurnSettings { shared_secret: None, ..settings() };
        assert_eq!(credentials(&without_secret, alice, false, 0), None);
    }
}
