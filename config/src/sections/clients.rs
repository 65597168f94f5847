//! Section `[clients]`.

use crate::{
    Problem,
    section::{report, section},
};

section! {
    name = "clients", validate = validate;
    /// What clients of the Element family are told about this server in /.well-known/matrix/client. Nothing here is
    /// enforced by the server.
    pub struct Clients {
        /// Whether they make new private rooms encrypted unless their user says otherwise.
        pub encryption_default: bool = true,
        /// Whether they offer no encryption at all.
        pub encryption_disabled: bool = false,
        /// Whether they insist on a backup of the keys before a user can go on.
        pub key_backup_required: bool = false,
        /// Domain of the Jitsi server for group calls that are not made by Element Call.
        pub jitsi_domain: Option<String> = None => "\"meet.example.org\"",
        /// Any further keys of the document, as JSON text.
        pub more: Option<String> = None => "'{\"org.example.key\": {\"a\": 1}}'",
    }
}

impl Clients {
    /// The further keys; none when there are none, or when they are no JSON object.
    pub fn further_keys(&self) -> Option<serde_json::Map<String, serde_json::Value>> {
        serde_json::from_str(self.more.as_deref()?).ok()
    }
}

fn validate(section: &Clients, problems: &mut Vec<Problem>) {
    if section.jitsi_domain.as_ref().is_some_and(|domain| domain.is_empty() || domain.contains('/')) {
        report(problems, "clients", "jitsi_domain", "must be a domain like \"meet.example.org\"");
    }
    if section.more.is_some() {
        match section.further_keys() {
            None => report(problems, "clients", "more", "must be a JSON object"),
            Some(keys) if keys.keys().any(|key| key.starts_with("m.")) => {
                report(
                    problems,
                    "clients",
                    "more",
                    "must not hold keys that begin with `m.`: they have settings of their own",
                );
            }
            Some(_) => {}
        }
    }
}
