//! What calendars ask of the homeserver of their people: what these have in their account data about who may know of their
//! time, and when people of other servers are busy.

use async_trait::async_trait;
use ruma::{ServerName, UserId};
use serde_json::Value;

/// The homeserver did not do what it was asked; the text says why, for logs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HomeError {
    /// It does not let us, however often it is asked.
    #[error("{0}")]
    Refused(String),
    /// It may later.
    #[error("{0}")]
    Later(String),
}

/// The homeserver of the people whose calendars are here.
#[async_trait]
pub trait Home: Send + Sync {
    /// What stands in somebody's account data about who may know of their time; none where nothing stands there.
    ///
    /// # Errors
    /// [`HomeError`].
    async fn policy(&self, owner: &UserId) -> Result<Option<Value>, HomeError>;

    /// Writes it.
    ///
    /// # Errors
    /// [`HomeError`].
    async fn set_policy(&self, owner: &UserId, content: Value) -> Result<(), HomeError>;

    /// Whether people of this server are asked about at all: it is a partner's.
    fn is_partner(&self, server: &ServerName) -> bool;

    /// What another server says of the time of one of its people, as it says it. `asker` is of this server.
    ///
    /// # Errors
    /// [`HomeError`].
    async fn availability(
        &self,
        asker: &UserId,
        who: &UserId,
        range: (&str, &str),
    ) -> Result<Value, HomeError>;
}
