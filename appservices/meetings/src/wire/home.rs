//! The homeserver as calendars ask it, in the name of the bot.

use async_trait::async_trait;
use calendar::{Home, HomeError};
use kit::{AVAILABILITY_POLICY, CallError, Intent, Kit};
use ruma::{ServerName, UserId};
use serde_json::Value;

use super::LOCALPART;

/// The homeserver of the people whose meetings these are.
#[derive(Clone)]
pub struct Homeserver(Kit);

impl Homeserver {
    /// As the bot of this kit asks it.
    #[must_use]
    pub const fn new(kit: Kit) -> Self {
        Self(kit)
    }

    fn intent(&self) -> Result<Intent, HomeError> {
        self.0.intent(LOCALPART).ok_or_else(|| HomeError::Refused("there is no such bot".to_owned()))
    }
}

#[async_trait]
impl Home for Homeserver {
    async fn policy(&self, owner: &UserId) -> Result<Option<Value>, HomeError> {
        self.intent()?.account_data(owner, AVAILABILITY_POLICY).await.map_err(why)
    }

    async fn set_policy(&self, owner: &UserId, content: Value) -> Result<(), HomeError> {
        self.intent()?.set_account_data(owner, AVAILABILITY_POLICY, content).await.map_err(why)
    }

    fn is_partner(&self, server: &ServerName) -> bool {
        self.0.is_partner(server)
    }

    async fn availability(
        &self,
        asker: &UserId,
        who: &UserId,
        range: (&str, &str),
    ) -> Result<Value, HomeError> {
        self.intent()?.availability(asker, who, range).await.map_err(why)
    }
}

fn why(error: CallError) -> HomeError {
    match &error {
        CallError::Refused { .. } => HomeError::Refused(error.to_string()),
        CallError::Limited(_) | CallError::Unreachable(_) => HomeError::Later(error.to_string()),
    }
}
