//! What the longer commands say.

use serde::Deserialize;

/// A new member.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "each field is what its name says")]
pub struct NewPerson {
    pub user_id: String,
    pub name: String,
    #[serde(default)]
    pub email: String,
    #[serde(default)]
    pub mobile: String,
    #[serde(default)]
    pub position: String,
    #[serde(default)]
    pub departments: Vec<u64>,
}

/// What becomes of a member; what is not said stays.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "each field is what its name says")]
pub struct PersonChange {
    pub user_id: String,
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub new_user_id: Option<String>,
    #[serde(default)]
    pub position: Option<String>,
    #[serde(default)]
    pub departments: Option<Vec<u64>>,
    #[serde(default)]
    pub disabled: Option<bool>,
    #[serde(default)]
    pub is_new: Option<bool>,
    #[serde(default)]
    pub has_left: Option<bool>,
}

/// What becomes of an app; what is not said stays.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "each field is what its name says")]
pub struct AppChange {
    pub app: u64,
    #[serde(default)]
    pub secret: Option<String>,
    #[serde(default)]
    pub disabled: Option<bool>,
    #[serde(default)]
    pub before_2022: Option<bool>,
    #[serde(default)]
    pub trusted: Option<bool>,
    #[serde(default)]
    pub contact_sync: Option<bool>,
    #[serde(default)]
    pub people: Option<Vec<String>>,
    #[serde(default)]
    pub departments: Option<Vec<u64>>,
    #[serde(default)]
    pub granted: Option<Vec<String>>,
    #[serde(default)]
    pub domain: Option<String>,
}

/// What becomes of a bot; what is not said stays.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "each field is what its name says")]
pub struct BotChange {
    pub bot: String,
    #[serde(default)]
    pub secret: Option<String>,
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub encrypts_userids: Option<bool>,
    #[serde(default)]
    pub creator_only: Option<String>,
}

/// A new group.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "each field is what its name says")]
pub struct NewChat {
    pub name: String,
    #[serde(default)]
    pub owner: Option<String>,
    pub people: Vec<String>,
    #[serde(default)]
    pub bots: Vec<String>,
    #[serde(default)]
    pub addressed: bool,
    #[serde(default)]
    pub made_by: Option<u64>,
    #[serde(default)]
    pub appchat_id: Option<String>,
}

/// Who holds the browser that pages of signing on are opened in; nobody when neither is named.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signing {
    /// A member.
    #[serde(default)]
    pub person: Option<String>,
    /// Somebody who is none, by the id that customers have; empty for a stranger.
    #[serde(default)]
    pub external_userid: Option<String>,
    /// Whether they agree when they are asked.
    #[serde(default = "yes")]
    pub consents: bool,
    /// What they show of themselves where they agree; all of it when missing.
    #[serde(default)]
    pub shows: Option<Vec<String>>,
}

/// What counts where nothing is said.
pub(super) const fn yes() -> bool {
    true
}
