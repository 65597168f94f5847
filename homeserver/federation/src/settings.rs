//! Plain values that the binary takes from the configuration.

use ruma::OwnedServerName;

use crate::policy::PolicySettings;

/// What the operator says about other servers.
#[derive(Clone, Debug, Default)]
pub struct FederationSettings {
    /// With whom we talk, and about what.
    pub policy: PolicySettings,
    /// Servers that are asked for the keys of others which cannot be reached.
    pub notaries: Vec<OwnedServerName>,
    /// Public keys (unpadded base64) that are never believed, whoever they belong to.
    pub denied_keys: Vec<String>,
    /// Whether other servers are told what people call their devices.
    pub device_names_shared: bool,
}
