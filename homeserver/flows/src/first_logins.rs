//! Letters that let people in for the first time. Who gets one is decided by `accounts`, what it says by `mail`.

use mail::{Address, letters};
use ruma::UserId;

use crate::Flows;

/// Path of the page behind the links of first logins.
pub const FIRST_LOGIN_PATH: &str = "/_lianqiao/first-login";

const HOURS: u64 = 72;

/// How long such a link works, in ms.
pub const FIRST_LOGIN_MS: u64 = HOURS * 60 * 60 * 1_000;

impl Flows {
    /// Sends a person the link of their first login; `path` is the link without the address of this server. Whether the letter
    /// was handed over: not without mail, without an address at which people reach this server, and where the mailbox is none.
    pub async fn mail_first_login(&self, user: &UserId, address: &str, path: &str) -> bool {
        let (Some(post), Some(address)) = (&self.0.post, Address::parse(address)) else { return false };
        let Some(link) = post.link(path) else { return false };
        let letter = letters::first_login(user.server_name().as_str(), user.as_str(), HOURS, &link);
        match post.hand_over(&address, &letter).await {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(error, %user, "send the link of a first login");
                false
            }
        }
    }
}
