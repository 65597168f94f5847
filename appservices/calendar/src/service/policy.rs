//! Who may know how much of somebody's time, as it stands in their account data: written by the bot, by any client of theirs,
//! and read here whoever wrote it.

use std::collections::BTreeMap;

use ruma::{OwnedServerName, OwnedUserId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Tier;
use crate::limits::GRANTS_OF_PERSON_MAX;

/// The version of the content that is written and understood.
const VERSION: u64 = 1;

/// What begins the subject that is a whole server.
const EVERYBODY_OF: &str = "*:";

/// Under which name what holds for all the others is kept among the grants.
pub(super) const EVERYBODY: &str = "*";

/// Who may know how much: by account, by name of a server, and under [`EVERYBODY`] for all who are not named.
pub(super) type Policy = BTreeMap<String, Tier>;

/// The content; keys that are not ours are left alone.
#[derive(Deserialize)]
struct Content {
    v: u64,
    #[serde(default)]
    default_tier: Option<u64>,
    #[serde(default)]
    grants: Vec<Grant>,
}

#[derive(Deserialize)]
struct Grant {
    subject: String,
    tier: u64,
}

/// Reads the content. An empty one grants nothing, as if there were none.
///
/// # Errors
/// What is wrong with it; then none of it counts.
pub(super) fn read(content: &Value) -> Result<Policy, String> {
    // Lists would be read as objects without names.
    let fields = content.as_object().ok_or("it is no object")?;
    if fields.is_empty() {
        return Ok(Policy::new());
    }
    let content = Content::deserialize(content).map_err(|error| error.to_string())?;
    if content.v != VERSION {
        return Err(format!("version {} is not known", content.v));
    }
    if content.grants.len() > GRANTS_OF_PERSON_MAX {
        return Err(format!("more than {GRANTS_OF_PERSON_MAX} grants"));
    }
    let mut policy = Policy::new();
    if let Some(number) = content.default_tier {
        policy.insert(EVERYBODY.to_owned(), tier(number)?);
    }
    for Grant { subject, tier: number } in content.grants {
        let to = match subject.strip_prefix(EVERYBODY_OF) {
            Some(server) => OwnedServerName::try_from(server).map(|server| server.to_string()),
            None => OwnedUserId::try_from(&*subject).map(|user| user.to_string()),
        };
        let to = to.map_err(|_| format!("{subject:?} is neither an account nor *: and a server"))?;
        if policy.insert(to, tier(number)?).is_some() {
            return Err(format!("{subject:?} stands there twice"));
        }
    }
    Ok(policy)
}

/// Writes it.
pub(super) fn write(policy: &Policy) -> Value {
    let grants: Vec<Value> = policy
        .iter()
        .filter(|(to, _)| *to != EVERYBODY)
        .map(|(to, tier)| {
            let subject = if to.starts_with('@') { to.clone() } else { format!("{EVERYBODY_OF}{to}") };
            json!({ "subject": subject, "tier": tier.number() })
        })
        .collect();
    let mut content = json!({ "v": VERSION, "grants": grants });
    if let Some(tier) = policy.get(EVERYBODY) {
        content["default_tier"] = json!(tier.number());
    }
    content
}

fn tier(number: u64) -> Result<Tier, String> {
    Tier::numbered(number).ok_or_else(|| format!("there is no tier {number}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let policy = Policy::from([
            (EVERYBODY.to_owned(), Tier::Nothing),
            ("@eve:partner.example".to_owned(), Tier::Titles),
            ("partner.example:8448".to_owned(), Tier::Busy),
        ]);
        let content = write(&policy);
        assert_eq!(
            content,
            json!({ "v": 1, "default_tier": 0, "grants": [
                { "subject": "@eve:partner.example", "tier": 2 }, { "subject": "*:partner.example:8448", "tier": 1 },
            ]})
        );
        assert_eq!(read(&content), Ok(policy));
        assert_eq!(read(&json!({})), Ok(Policy::new()), "deleted");
        assert_eq!(read(&json!({ "v": 1, "other": true })), Ok(Policy::new()), "unknown keys are left alone");
    }

    #[test]
    fn what_is_malformed_counts_in_no_part() {
        let fine = json!({ "subject": "@eve:partner.example", "tier": 1 });
        let many = vec![fine.clone(); GRANTS_OF_PERSON_MAX + 1];
        for (content, problem) in [
            (json!([1, 0, []]), "no object"),
            (json!({ "grants": [fine] }), "missing field `v`"),
            (json!({ "v": 2 }), "version 2"),
            (json!({ "v": 1, "grants": {} }), "invalid type"),
            (json!({ "v": 1, "grants": [{ "subject": "eve", "tier": 1 }] }), "eve"),
            (json!({ "v": 1, "grants": [{ "subject": "*:not a server", "tier": 1 }] }), "not a server"),
            (json!({ "v": 1, "grants": [{ "subject": "*", "tier": 1 }] }), "neither"),
            (json!({ "v": 1, "grants": [{ "subject": "@eve:partner.example", "tier": 3 }] }), "tier 3"),
            (
                json!({ "v": 1, "grants": [{ "subject": "@eve:partner.example", "tier": "1" }] }),
                "invalid type",
            ),
            (json!({ "v": 1, "default_tier": 9 }), "tier 9"),
            (json!({ "v": 1, "grants": [fine, fine] }), "twice"),
            (json!({ "v": 1, "grants": many }), "more than"),
        ] {
            let refused = read(&content).unwrap_err();
            assert!(refused.contains(problem), "{content}: {refused}");
        }
    }
}
