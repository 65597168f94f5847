//! Plain values that the binary takes from the configuration.

use std::{collections::BTreeMap, time::Duration};

/// What the operator says about single sign-on.
#[derive(Clone, Debug, Default)]
pub struct SingleSignOnSettings {
    /// Where browsers reach this server; providers send them back there.
    pub public_base_url: String,
    /// The identity providers, in the order in which they are offered.
    pub providers: Vec<ProviderSettings>,
    /// Addresses of clients to which a browser is sent without asking the person.
    pub trusted_clients: Vec<String>,
    /// Time for one question to a provider.
    pub time_max: Duration,
}

/// One identity provider.
#[derive(Clone)]
pub struct ProviderSettings {
    /// Its id, part of addresses and of the links of accounts: never change it.
    pub id: String,
    /// What people read on the button.
    pub name: String,
    /// A hint for clients which logo to show.
    pub brand: Option<String>,
    /// `mxc://` address of a logo.
    pub icon: Option<String>,
    /// Its issuer, from which everything else is discovered.
    pub issuer: String,
    /// The name of this server at the provider.
    pub client_id: String,
    /// The secret of this server at the provider; none for a public client.
    pub client_secret: Option<String>,
    /// What is asked for beside `openid`.
    pub scopes: Vec<String>,
    /// The claim that becomes the localpart.
    pub localpart_claim: String,
    /// The claim that becomes the display name.
    pub display_name_claim: String,
    /// The claim with the e-mail address.
    pub email_claim: String,
    /// Whether addresses count as proved although the provider does not say `email_verified`.
    pub trust_email: bool,
    /// Claims that a person must have, with the value that must be there or among those there.
    pub required_claims: BTreeMap<String, String>,
    /// Whether a person without account gets one.
    pub create_accounts: bool,
    /// Whether a person without link becomes the owner of the account of the same name.
    pub link_by_name: bool,
    /// Whether a person without link becomes the owner of the account with the same proved address.
    pub link_by_email: bool,
    /// Whether the display name follows the provider at each sign-on.
    pub update_display_name: bool,
}

impl std::fmt::Debug for ProviderSettings {
    /// Without the secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProviderSettings").field("id", &self.id).field("issuer", &self.issuer).finish()
    }
}
