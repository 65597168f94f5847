//! The push rules that every user starts with.
//!
//! Those of the specification come from ruma. Beside them stand the mention rules of earlier releases: clients
//! without `m.mentions` still rely on them, and events that carry `m.mentions` switch them off
//! (`rules::push`), so the two never contradict each other.
//! [Predefined Rules](https://spec.matrix.org/v1.19/client-server-api/#predefined-rules)

use ruma::{
    UserId,
    push::{
        ConditionalPushRule, EventMatchConditionData, PatternedPushRule, PredefinedOverrideRuleId,
        PushCondition, Ruleset,
    },
};
use serde_json::{Value, json};

/// The server-default rules of a user.
pub(crate) fn server_default(user: &UserId) -> Ruleset {
    let mut rules = Ruleset::server_default(user);
    for rule in std::mem::take(&mut rules.override_) {
        let id = rule.rule_id.clone();
        rules.override_.insert(rule);
        if id == PredefinedOverrideRuleId::IsUserMention.as_str() {
            rules.override_.extend(conditional(&contains_display_name()));
        } else if id == PredefinedOverrideRuleId::IsRoomMention.as_str() {
            rules.override_.extend(conditional(&room_notification()));
        }
    }
    rules.override_ = rules.override_.into_iter().map(matching_the_type).collect();
    rules.underride = rules.underride.into_iter().map(matching_the_type).collect();
    rules.override_.extend(conditional(&encrypted_event()));
    rules.content.extend(contains_user_name(user));
    rules
}

/// Replaces the default rules in what a user stored by today's, keeping what the user switched or changed.
pub(crate) fn update(stored: &mut Ruleset, user: &UserId) {
    let mut defaults = server_default(user);
    // ruma leaves this kind alone.
    for mut rule in std::mem::take(&mut defaults.postcontent) {
        if let Some(old) = stored.postcontent.get(rule.rule_id.as_str()) {
            rule.enabled = old.enabled;
            rule.actions = old.actions.clone();
        }
        stored.postcontent.replace(rule);
    }
    stored.update_with_server_default(defaults);
}

/// MSC3930 asks for the type of a poll's event by `event_match`, and clients that judge by themselves know that form;
/// ruma has the newer `event_property_is`.
fn matching_the_type(mut rule: ConditionalPushRule) -> ConditionalPushRule {
    for condition in &mut rule.conditions {
        if let PushCondition::EventPropertyIs(is) = condition
            && is.key == "type"
            && let Some(kind) = is.value.as_str()
        {
            *condition =
                PushCondition::EventMatch(EventMatchConditionData::new(is.key.clone(), kind.to_owned()));
        }
    }
    rule
}

fn contains_display_name() -> Value {
    json!({
        "rule_id": ".m.rule.contains_display_name", "default": true, "enabled": true,
        "conditions": [{ "kind": "contains_display_name" }],
        "actions": ["notify", { "set_tweak": "sound", "value": "default" }, { "set_tweak": "highlight" }],
    })
}

fn room_notification() -> Value {
    json!({
        "rule_id": ".m.rule.roomnotif", "default": true, "enabled": true,
        "conditions": [
            { "kind": "event_match", "key": "content.body", "pattern": "@room" },
            { "kind": "sender_notification_permission", "key": "room" },
        ],
        "actions": ["notify", { "set_tweak": "highlight" }],
    })
}

/// MSC4028: for clients that decrypt and judge every message by themselves; off until one switches it on.
fn encrypted_event() -> Value {
    json!({
        "rule_id": ".org.matrix.msc4028.encrypted_event", "default": true, "enabled": false,
        "conditions": [{ "kind": "event_match", "key": "type", "pattern": "m.room.encrypted" }],
        "actions": ["notify"],
    })
}

fn contains_user_name(user: &UserId) -> Option<PatternedPushRule> {
    let rule = json!({
        "rule_id": ".m.rule.contains_user_name", "default": true, "enabled": true,
        "pattern": user.localpart(),
        "actions": ["notify", { "set_tweak": "sound", "value": "default" }, { "set_tweak": "highlight" }],
    });
    serde_json::from_value(rule).ok()
}

fn conditional(rule: &Value) -> Option<ConditionalPushRule> {
    serde_json::from_value(rule.clone()).ok()
}

#[cfg(test)]
mod tests {
    use ruma::user_id;

    use super::*;

    fn ids(rules: &Ruleset) -> Vec<String> {
        rules.iter().map(|rule| rule.rule_id().to_owned()).collect()
    }

    #[test]
    fn polls_are_known_by_event_match() {
        let rules = serde_json::to_value(server_default(user_id!("@alice:example.org"))).unwrap();
        let conditions = rules["override"]
            .as_array()
            .unwrap()
            .iter()
            .find(|rule| rule["rule_id"] == ".org.matrix.msc3930.rule.poll_response")
            .map(|rule| rule["conditions"].clone());
        let expected =
            json!([{"kind": "event_match", "key": "type", "pattern": "org.matrix.msc3381.poll.response"}]);
        assert_eq!(conditions, Some(expected));
    }

    #[test]
    fn the_default_rules_stand_in_their_order() {
        let rules = server_default(user_id!("@alice:example.org"));
        let expected = [
            ".m.rule.master",
            ".m.rule.suppress_notices",
            ".m.rule.invite_for_me",
            ".m.rule.member_event",
            ".m.rule.is_user_mention",
            ".m.rule.contains_display_name",
            ".m.rule.is_room_mention",
            ".m.rule.roomnotif",
            ".m.rule.tombstone",
            ".m.rule.reaction",
            ".m.rule.room.server_acl",
            ".m.rule.suppress_edits",
            ".org.matrix.msc3930.rule.poll_response",
            ".org.matrix.msc4028.encrypted_event",
        ];
        let names: Vec<_> = rules.override_.iter().map(|rule| rule.rule_id.as_str()).collect();
        assert_eq!(names, expected);
        assert_eq!(rules.content.iter().map(|rule| rule.pattern.as_str()).collect::<Vec<_>>(), ["alice"]);
        let off: Vec<_> =
            rules.iter().filter(|rule| !rule.enabled()).map(|rule| rule.rule_id().to_owned()).collect();
        assert_eq!(off, [".m.rule.master", ".org.matrix.msc4028.encrypted_event"]);
        assert!(ids(&rules).contains(&".m.rule.encrypted".to_owned()));
    }

    #[test]
    fn what_a_user_changed_survives_new_defaults() {
        let user = user_id!("@alice:example.org");
        let mut stored = server_default(user);
        stored.set_enabled(ruma::push::RuleKind::Content, ".m.rule.contains_user_name", false).unwrap();
        let before = ids(&stored);
        update(&mut stored, user);
        assert_eq!(ids(&stored), before);
        assert!(!stored.content.iter().next().unwrap().enabled);
    }
}
