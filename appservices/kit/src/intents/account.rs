//! The account of a user of ours and its devices.

use http::Method;
use ruma::{DeviceId, UserId};
use serde_json::{Value, json};

use super::{Intent, found};
use crate::wire::{Call, CallError};

impl Intent {
    /// Whether the homeserver knows this user of ours.
    pub(crate) async fn exists(&self) -> Result<bool, CallError> {
        match self.wire.call(&self.user, Call::new(Method::GET, &["client", "v3", "account", "whoami"])).await
        {
            Ok(_) => Ok(true),
            Err(error) if error.is("M_FORBIDDEN") || error.is("M_NOT_FOUND") => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Makes the account, asked for as `sender`; one that is there already is as good.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn register(&self, sender: &UserId) -> Result<(), CallError> {
        let body = json!({
            "type": "m.login.application_service",
            "username": self.user.localpart(),
            "inhibit_login": true,
        });
        let call = Call::new(Method::POST, &["client", "v3", "register"]).json(body);
        match self.wire.call(sender, call).await {
            Err(error) if !error.is("M_USER_IN_USE") => Err(error),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// Whether the homeserver knows this device of the user.
    pub(crate) async fn has_device(&self, device: &DeviceId) -> Result<bool, CallError> {
        let path = ["client", "v3", "devices", device.as_str()];
        Ok(found(self.wire.call(&self.user, Call::new(Method::GET, &path)).await)?.is_some())
    }

    /// Makes a device; one that is there already is as good (MSC4190).
    pub(crate) async fn make_device(&self, device: &DeviceId, name: &str) -> Result<(), CallError> {
        let path = ["client", "v3", "devices", device.as_str()];
        let call = Call::new(Method::PUT, &path).json(json!({ "display_name": name }));
        self.wire.call(&self.user, call).await.map(drop)
    }

    /// Asks as the user's device (MSC4326). A device that somebody deleted is replaced at the next start, and nothing is
    /// given up for it until then.
    pub(crate) async fn ask(&self, mut call: Call) -> Result<Value, CallError> {
        if let Some(device) = &self.device {
            call.query.push(("device_id", device.to_string()));
        }
        match self.wire.call(&self.user, call).await {
            Err(error) if error.is("M_UNKNOWN_DEVICE") => {
                Err(CallError::Unreachable("the bot's device was deleted".to_owned()))
            }
            answer => answer,
        }
    }

    /// Has the homeserver ask the service whether it is there.
    pub(crate) async fn ping(&self, service: &str) -> Result<(), CallError> {
        let path = ["client", "v1", "appservice", service, "ping"];
        self.wire.call(&self.user, Call::new(Method::POST, &path).json(json!({}))).await.map(drop)
    }
}
