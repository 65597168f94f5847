//! The command that says who somebody of a platform is here.

use bridge_api::PersonId;
use ruma::UserId;

use super::Asked;
use crate::BridgeError;

impl Asked<'_> {
    /// Binds a person of a platform to an account, or takes that away.
    pub(super) async fn person(&self) -> Result<String, BridgeError> {
        if !self.is_administrator() {
            return Ok(self.say("bridge.denied_administrator", &[]));
        }
        let network = match self.network() {
            Ok(network) => network,
            Err(text) => return Ok(text),
        };
        let [_, person, account] = self.words.as_slice() else {
            return Ok(self.say("bridge.use", &[("use", "!person feishu ou_… @li:example.org")]));
        };
        let person = PersonId::new(*person).map_err(|error| BridgeError::Invalid(error.to_string()))?;
        let account = match *account {
            "-" => None,
            account => Some(UserId::parse(account).map_err(|error| BridgeError::Invalid(error.to_string()))?),
        };
        self.bridges.bind_person(network, &person, account.as_deref()).await?;
        Ok(match account {
            Some(account) => {
                self.say("bridge.person.bound", &[("person", person.as_str()), ("account", account.as_str())])
            }
            None => self.say("bridge.person.unbound", &[("person", person.as_str())]),
        })
    }
}
