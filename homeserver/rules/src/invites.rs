//! Whose invites a user wants: the account data `m.invite_permission_config` (MSC4380) and
//! `org.matrix.msc4155.invite_permission_config` (MSC4155), compiled.
//!
//! Never decides about an invite that was accepted: it is asked when one is sent or shown.

use ruma::UserId;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::{
    glob::Glob,
    limits::{INVITE_FILTER_ENTRIES_MAX, INVITE_PATTERN_BYTES_MAX},
};

/// What is to become of an invite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InviteVerdict {
    /// It is delivered.
    Allow,
    /// The sender hears that it was sent, the invited user never does.
    Ignore,
    /// It is refused, by all invites being unwanted.
    BlockAll,
    /// It is refused, by a rule about its sender.
    Block,
}

/// The compiled wishes of one user. The default wants every invite.
#[derive(Clone, Debug, Default)]
pub struct InvitePolicy {
    blocks_all: bool,
    /// In the order in which they count.
    lists: Vec<(InviteVerdict, Subject, Vec<Glob>)>,
}

#[derive(Clone, Copy, Debug)]
enum Subject {
    User,
    Server,
}

#[derive(Default, Deserialize)]
struct Permission {
    #[serde(default)]
    default_action: Value,
}

/// A list of the wrong form counts as absent: one mistake must not open or close all doors.
#[derive(Default, Deserialize)]
struct Filter {
    #[serde(default)]
    enabled: Value,
    #[serde(default, deserialize_with = "patterns")]
    allowed_users: Vec<Glob>,
    #[serde(default, deserialize_with = "patterns")]
    ignored_users: Vec<Glob>,
    #[serde(default, deserialize_with = "patterns")]
    blocked_users: Vec<Glob>,
    #[serde(default, deserialize_with = "patterns")]
    allowed_servers: Vec<Glob>,
    #[serde(default, deserialize_with = "patterns")]
    ignored_servers: Vec<Glob>,
    #[serde(default, deserialize_with = "patterns")]
    blocked_servers: Vec<Glob>,
}

fn patterns<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Glob>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    let texts = value.as_array().into_iter().flatten().filter_map(Value::as_str);
    let fitting = texts.filter(|text| text.len() <= INVITE_PATTERN_BYTES_MAX);
    Ok(fitting.take(INVITE_FILTER_ENTRIES_MAX).map(Glob::new).collect())
}

impl InvitePolicy {
    /// Compiles the contents of both pieces of account data, where they exist. What cannot be read asks for
    /// nothing.
    #[must_use]
    pub fn new(permission: Option<&str>, filter: Option<&str>) -> Self {
        let permission: Permission =
            permission.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
        let filter: Filter = filter.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
        let mut lists = Vec::new();
        if filter.enabled != Value::Bool(false) {
            lists = vec![
                (InviteVerdict::Allow, Subject::User, filter.allowed_users),
                (InviteVerdict::Ignore, Subject::User, filter.ignored_users),
                (InviteVerdict::Block, Subject::User, filter.blocked_users),
                (InviteVerdict::Allow, Subject::Server, filter.allowed_servers),
                (InviteVerdict::Ignore, Subject::Server, filter.ignored_servers),
                (InviteVerdict::Block, Subject::Server, filter.blocked_servers),
            ];
            lists.retain(|(_, _, globs)| !globs.is_empty());
        }
        Self { blocks_all: permission.default_action == "block", lists }
    }

    /// What is to become of an invite by `sender`: the first list that names them decides, and a general block
    /// wins over all lists.
    #[must_use]
    pub fn judge(&self, sender: &UserId) -> InviteVerdict {
        if self.blocks_all {
            return InviteVerdict::BlockAll;
        }
        let named = |subject: Subject, globs: &[Glob]| {
            let text = match subject {
                Subject::User => sender.as_str(),
                // Patterns are written without the port.
                Subject::Server => sender.server_name().host(),
            };
            globs.iter().any(|glob| glob.matches(text))
        };
        let first = self.lists.iter().find(|(_, subject, globs)| named(*subject, globs));
        first.map_or(InviteVerdict::Allow, |(verdict, _, _)| *verdict)
    }
}

#[cfg(test)]
mod tests {
    use ruma::user_id;

    use super::*;

    #[test]
    fn the_first_list_that_names_the_sender_decides() {
        use InviteVerdict::{Allow, Block, Ignore};
        let bob = user_id!("@bob:evil.example:8448");
        let table = [
            (r"{}", Allow),
            (r#"{"blocked_users":["@bob:evil.example:8448"]}"#, Block),
            (r#"{"enabled":false,"blocked_users":["*"]}"#, Allow),
            (r#"{"enabled":true,"ignored_users":["@bob:*"],"blocked_users":["*"]}"#, Ignore),
            (r#"{"allowed_users":["@b?b:*"],"ignored_users":["*"],"blocked_servers":["*"]}"#, Allow),
            (r#"{"blocked_servers":["*.example"]}"#, Block),
            (r#"{"allowed_servers":["evil.example"],"blocked_users":["@bob*"]}"#, Block),
            (r#"{"ignored_servers":["evil.example"],"blocked_servers":["*"]}"#, Ignore),
            (r#"{"allowed_users":null,"blocked_users":"*","ignored_users":[5]}"#, Allow),
            (r#"{"blocked_users":["@alice:*"]}"#, Allow),
            ("[]", Allow),
        ];
        for (filter, expected) in table {
            assert_eq!(InvitePolicy::new(None, Some(filter)).judge(bob), expected, "{filter}");
        }
    }

    #[test]
    fn a_general_block_wins() {
        let permission = r#"{"default_action":"block"}"#;
        let filter = r#"{"allowed_users":["*"]}"#;
        let bob = user_id!("@bob:example.org");
        assert_eq!(InvitePolicy::new(Some(permission), Some(filter)).judge(bob), InviteVerdict::BlockAll);
        for other in [r#"{"default_action":"allow"}"#, r#"{"default_action":1}"#, "{}", "7"] {
            assert_eq!(InvitePolicy::new(Some(other), None).judge(bob), InviteVerdict::Allow, "{other}");
        }
    }
}
