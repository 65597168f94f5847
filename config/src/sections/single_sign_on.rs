//! Section `[single_sign_on]`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    Problem,
    section::{report, section},
};

/// One identity provider.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentityProvider {
    /// Part of addresses and of the links of accounts: never change it.
    pub id: String,
    /// What people read on the button; the id when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A hint for clients which logo to show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    /// `mxc://` address of a logo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// The issuer, exactly as the provider spells it.
    pub issuer: String,
    /// The name of this server at the provider.
    pub client_id: String,
    /// The secret of this server at the provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
    /// What is asked for beside `openid`.
    #[serde(default = "scopes")]
    pub scopes: Vec<String>,
    /// The claim that becomes the localpart.
    #[serde(default = "localpart_claim")]
    pub localpart_claim: String,
    /// The claim that becomes the display name.
    #[serde(default = "display_name_claim")]
    pub display_name_claim: String,
    /// The claim with the e-mail address.
    #[serde(default = "email_claim")]
    pub email_claim: String,
    /// Whether addresses count as proved without `email_verified`.
    #[serde(default)]
    pub trust_email: bool,
    /// Claims that a person must have.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub required_claims: BTreeMap<String, String>,
    /// Whether a person without account gets one.
    #[serde(default = "yes")]
    pub create_accounts: bool,
    /// Whether a person takes over the account of the same name.
    #[serde(default)]
    pub link_by_name: bool,
    /// Whether a person takes over the account with the same address.
    #[serde(default)]
    pub link_by_email: bool,
    /// Whether the display name follows the provider.
    #[serde(default)]
    pub update_display_name: bool,
}

fn scopes() -> Vec<String> {
    vec!["profile".to_owned(), "email".to_owned()]
}

fn localpart_claim() -> String {
    "preferred_username".to_owned()
}

fn display_name_claim() -> String {
    "name".to_owned()
}

fn email_claim() -> String {
    "email".to_owned()
}

fn yes() -> bool {
    true
}

section! {
    name = "single_sign_on", validate = validate;
    /// Logging in at identity providers by OpenID Connect (Keycloak, Authentik, Entra ID and others). Needs
    /// server.public_base_url. At the provider, register this server as a confidential client of the
    /// authorization code flow with the redirect URI
    /// {public_base_url}/_lianqiao/single-sign-on/{id}/callback and, where the provider can end sessions by itself
    /// (back-channel logout), the logout URL {public_base_url}/_lianqiao/single-sign-on/{id}/logout.
    /// A provider on a private address must be named in outbound.allowed_hosts. `lianqiao doctor` asks each one.
    pub struct SingleSignOn {
        /// The providers; as many as wanted, each a table that may also be written as [[single_sign_on.providers]]:
        ///   id              its name in addresses and in the links of accounts; never change it
        ///   name            what people read on the button; by default the id
        ///   issuer          exactly as the provider spells it, for example "https://id.example.org/realms/staff"
        ///   client_id, client_secret
        ///   brand, icon     hints for clients: "gitlab", "mxc://…"
        ///   scopes          asked for beside openid; by default ["profile", "email"]
        ///   localpart_claim, display_name_claim, email_claim
        ///                   by default "preferred_username", "name", "email". Of a localpart like
        ///                   alice@example.org the part before the @ is taken
        ///   trust_email     true: addresses count as proved although the provider does not say email_verified
        ///   required_claims { groups = "chat" }: only people who have this value, or have it in the list, come in
        ///   create_accounts false: only people whose account is linked come in; by default true
        ///   link_by_name, link_by_email
        ///                   true: whoever signs on for the first time becomes the owner of the existing account
        ///                   of the same name or proved address. Only for providers whose names you control
        ///   update_display_name
        ///                   true: the display name follows the provider at each sign-on.
        pub providers: Option<Vec<IdentityProvider>> = None
            => "[{ id = \"company\", name = \"Company\", issuer = \"https://id.example.org/realms/staff\", client_id = \"lianqiao\", client_secret = \"a-secret\" }]",
        /// Addresses of clients, such as "https://chat.example.org/", to which a browser goes on without a page
        /// that asks the person. What lies below the path is trusted too.
        pub trusted_clients: Vec<String> = Vec::new(),
        /// How long one question to a provider may take.
        pub timeout_seconds: u64 = 10,
    }
}

fn validate(section: &SingleSignOn, problems: &mut Vec<Problem>) {
    let providers = section.providers.as_deref().unwrap_or_default();
    let mut advise = |key: &str, advice: String| report(problems, "single_sign_on", key, advice);
    for (number, provider) in providers.iter().enumerate() {
        let id = &provider.id;
        let is_id_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if id.is_empty() || id.len() > 64 || !id.bytes().all(is_id_byte) || id.starts_with('.') {
            advise("providers", format!("`{id}` is no id; write 1 to 64 of a-z A-Z 0-9 - _ ."));
        }
        if providers[..number].iter().any(|other| other.id == *id) {
            advise("providers", format!("two providers have the id `{id}`"));
        }
        if !is_issuer(&provider.issuer) {
            let issuer = &provider.issuer;
            advise(
                "providers",
                format!(
                    "`{issuer}` is no issuer of {id}; it begins with https:// (http:// for this machine only)"
                ),
            );
        }
        if provider.client_id.is_empty() {
            advise("providers", format!("{id} needs a client_id"));
        }
        if provider.icon.as_ref().is_some_and(|icon| !icon.starts_with("mxc://")) {
            advise("providers", format!("the icon of {id} must begin with mxc://"));
        }
    }
    for client in section.trusted_clients.iter().filter(|client| !client.contains(':')) {
        advise(
            "trusted_clients",
            format!("`{client}` is no address; write for example \"https://chat.example.org/\""),
        );
    }
    if section.timeout_seconds == 0 || section.timeout_seconds > 120 {
        advise("timeout_seconds", "must be 1 to 120".to_owned());
    }
}

/// What is said to a provider in clear must not leave the machine.
fn is_issuer(issuer: &str) -> bool {
    let host = |rest: &str| rest.split(['/', '?', '#']).next().unwrap_or_default().to_owned();
    if let Some(rest) = issuer.strip_prefix("https://") {
        return !host(rest).is_empty();
    }
    let Some(rest) = issuer.strip_prefix("http://") else { return false };
    let host = host(rest);
    let name = host.rsplit_once(':').map_or(host.as_str(), |(name, _)| name);
    ["localhost", "127.0.0.1", "[::1]"].contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load;

    const NAMED: &str = "[server]\nname = \"example.org\"\npublic_base_url = \"https://chat.example.org\"\n";

    #[test]
    fn a_provider_is_a_table_with_defaults() {
        let text = format!(
            "{NAMED}[[single_sign_on.providers]]\nid = \"company\"\nissuer = \"https://id.example.org\"\nclient_id = \"c\"\n"
        );
        let config = load(&text, &[]).unwrap();
        let provider = &config.single_sign_on.providers.unwrap()[0];
        assert_eq!(provider.scopes, ["profile", "email"]);
        assert_eq!(provider.localpart_claim, "preferred_username");
        assert!(provider.create_accounts && !provider.link_by_name && !provider.trust_email);
    }

    #[test]
    fn what_is_wrong_with_a_provider_is_said() {
        for (provider, word) in [
            ("id = \"a b\", issuer = \"https://id\", client_id = \"c\"", "`a b`"),
            ("id = \"a\", issuer = \"http://id.example.org\", client_id = \"c\"", "https://"),
            ("id = \"a\", issuer = \"id.example.org\", client_id = \"c\"", "https://"),
            ("id = \"a\", issuer = \"https://id\", client_id = \"\"", "client_id"),
            ("id = \"a\", issuer = \"https://id\", client_id = \"c\", icon = \"https://x\"", "mxc"),
            ("id = \"a\", issuer = \"https://id\", client_id = \"c\", isuer = \"x\"", "isuer"),
        ] {
            let text = format!("{NAMED}[single_sign_on]\nproviders = [{{ {provider} }}]\n");
            let error = load(&text, &[]).unwrap_err().to_string();
            assert!(error.contains(word), "{provider}: {error}");
        }
        let two = "{ id = \"a\", issuer = \"https://id\", client_id = \"c\" }";
        let text = format!("{NAMED}[single_sign_on]\nproviders = [{two}, {two}]\n");
        assert!(load(&text, &[]).unwrap_err().to_string().contains("two providers"));
    }

    #[test]
    fn a_provider_needs_an_address_to_send_browsers_back_to() {
        let text = "[server]\nname = \"example.org\"\n[single_sign_on]\nproviders = [{ id = \"a\", issuer = \"https://id\", client_id = \"c\" }]\n";
        assert!(load(text, &[]).unwrap_err().to_string().contains("public_base_url"));
    }

    #[test]
    fn plain_http_is_for_this_machine() {
        for (issuer, good) in [
            ("http://localhost:8080/realms/a", true),
            ("http://127.0.0.1", true),
            ("http://[::1]:80", true),
            ("http://localhost.evil.org", false),
            ("http://10.0.0.1", false),
            ("https://", false),
        ] {
            assert_eq!(is_issuer(issuer), good, "{issuer}");
        }
    }
}
