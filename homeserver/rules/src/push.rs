//! Push rules, compiled once per user and evaluated for every event that reaches the user.
//! <https://spec.matrix.org/v1.19/client-server-api/#push-rules>
//!
//! Compiling drops disabled rules, puts all kinds into the one order in which they count, splits keys into
//! paths and turns patterns into matchers. Evaluating reads the event through [`PushEvent`], which looks at the
//! content's top level once and is shared by all users of the room: the ordinary message costs a few string
//! comparisons per user.

mod condition;
mod event;
mod pattern;

use std::sync::Arc;

use model::Pdu;
use ruma::{
    UserId,
    push::{Action, AnyPushRule, PushCondition, Ruleset, Tweak},
};

use self::condition::Condition;
pub use self::event::PushEvent;
use crate::{limits::PUSH_RULES_MAX, power::PowerLevels};

/// What is to be done with an event for one user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Actions {
    /// Count it as unread, and push it.
    pub notify: bool,
    /// Highlight it.
    pub highlight: bool,
    /// The sound to play, if any.
    pub sound: Option<Arc<str>>,
    /// Tweaks that the specification does not know, handed on as they are: name and JSON.
    pub other_tweaks: Option<Arc<[(String, String)]>>,
}

/// The user for whom an event is evaluated, and the room at that time. Borrowed throughout: cheap to build.
#[derive(Clone, Copy, Debug)]
pub struct PushContext<'a> {
    /// Whose rules these are.
    pub user: &'a UserId,
    /// The user's display name in the room.
    pub display_name: Option<&'a str>,
    /// Joined members of the room.
    pub member_count: u64,
    /// The room's power levels; without them nobody may notify the whole room.
    pub power: Option<&'a PowerLevels>,
    /// Whether the user follows the event's thread (MSC4306); `None` when nobody knows.
    pub thread_subscribed: Option<bool>,
}

/// The rules of one user, ready for evaluation.
#[derive(Clone, Debug, Default)]
pub struct CompiledRules {
    rules: Vec<Rule>,
    /// Whether a rule asks for the display name whatever the event holds.
    asks_name: bool,
    /// Whether a rule asks for the display name of events without `m.mentions`.
    asks_name_without_mentions: bool,
}

#[derive(Clone, Debug)]
struct Rule {
    conditions: Vec<Condition>,
    actions: Actions,
}

/// The rules that events carrying `m.mentions` switch off, since that field says it better.
const OLD_MENTION_RULES: [&str; 3] =
    [".m.rule.contains_display_name", ".m.rule.roomnotif", ".m.rule.contains_user_name"];

impl CompiledRules {
    /// Compiles a rule set. A condition of an unknown kind never matches, nor does the rule that holds it.
    #[must_use]
    pub fn compile(ruleset: &Ruleset) -> Self {
        let rules: Vec<Rule> = ruleset
            .iter()
            .filter(|rule| rule.enabled())
            .take(PUSH_RULES_MAX)
            .filter_map(|rule| Rule::compile(rule.to_owned()))
            .collect();
        let asks = |mentions: bool| rules.iter().any(|rule| rule.asks_name(mentions));
        Self { asks_name: asks(true), asks_name_without_mentions: asks(false), rules }
    }

    /// Whether the display name of the user can decide about an event, with or without `m.mentions`.
    #[must_use]
    pub fn asks_display_name(&self, event_has_mentions: bool) -> bool {
        self.asks_name || (self.asks_name_without_mentions && !event_has_mentions)
    }

    /// The actions of the first rule that matches; none for the user's own events.
    #[must_use]
    pub fn evaluate(&self, context: &PushContext<'_>, pdu: &Pdu) -> Actions {
        self.evaluate_event(context, &PushEvent::new(pdu))
    }

    /// The same, for callers that evaluate one event for many users.
    #[must_use]
    pub fn evaluate_event(&self, context: &PushContext<'_>, event: &PushEvent<'_>) -> Actions {
        if event.pdu().sender() == context.user {
            return Actions::default();
        }
        self.rules
            .iter()
            .find(|rule| rule.conditions.iter().all(|condition| condition.holds(event, context)))
            .map(|rule| rule.actions.clone())
            .unwrap_or_default()
    }
}

impl Rule {
    fn compile(rule: AnyPushRule) -> Option<Self> {
        let actions = actions(rule.actions());
        let mut conditions = Vec::new();
        if OLD_MENTION_RULES.contains(&rule.rule_id()) {
            conditions.push(Condition::NoMentions);
        }
        match rule {
            AnyPushRule::Override(rule) | AnyPushRule::Underride(rule) | AnyPushRule::PostContent(rule) => {
                conditions.extend(rule.conditions.iter().map(compile_condition).collect::<Option<Vec<_>>>()?);
            }
            AnyPushRule::Content(rule) => {
                conditions.push(Condition::event_match("content.body", &rule.pattern))
            }
            AnyPushRule::Room(rule) => {
                conditions.push(Condition::event_match("room_id", rule.rule_id.as_str()));
            }
            AnyPushRule::Sender(rule) => {
                conditions.push(Condition::event_match("sender", rule.rule_id.as_str()));
            }
            _ => return None,
        }
        // All must hold, so their order is free: what costs least goes first.
        conditions.sort_by_key(Condition::cost);
        Some(Self { conditions, actions })
    }

    fn asks_name(&self, event_has_mentions: bool) -> bool {
        let switched_off = |condition: &Condition| matches!(condition, Condition::NoMentions);
        self.conditions.iter().any(|condition| matches!(condition, Condition::ContainsDisplayName))
            && !(event_has_mentions && self.conditions.iter().any(switched_off))
    }
}

/// `None` for kinds that this server does not know.
fn compile_condition(condition: &PushCondition) -> Option<Condition> {
    match condition {
        PushCondition::EventMatch(data) => Some(Condition::event_match(&data.key, &data.pattern)),
        PushCondition::EventPropertyIs(data) => Some(Condition::property_is(&data.key, data.value.clone())),
        PushCondition::EventPropertyContains(data) => {
            Some(Condition::property_contains(&data.key, data.value.clone()))
        }
        PushCondition::RoomMemberCount(data) => Some(Condition::MemberCount(data.is)),
        PushCondition::SenderNotificationPermission(data) => {
            Some(Condition::SenderMayNotify(data.key.to_string()))
        }
        PushCondition::ThreadSubscription(data) => Some(Condition::ThreadSubscribed(data.subscribed)),
        other if other.kind() == "contains_display_name" => Some(Condition::ContainsDisplayName),
        _ => None,
    }
}

fn actions(actions: &[Action]) -> Actions {
    let mut result = Actions::default();
    let mut others = Vec::new();
    for action in actions {
        result.notify |= action.should_notify();
        result.highlight |= action.is_highlight();
        match action {
            Action::SetTweak(Tweak::Sound(sound)) => result.sound = Some(Arc::from(sound.as_str())),
            Action::SetTweak(Tweak::Highlight(_)) => {}
            Action::SetTweak(other) => {
                let value = other.value().map_or_else(|| "true".to_owned(), |value| value.get().to_owned());
                others.push((other.set_tweak().to_owned(), value));
            }
            _ => {}
        }
    }
    result.other_tweaks = (!others.is_empty()).then(|| others.into());
    result
}

#[cfg(test)]
#[path = "push/tests.rs"]
mod tests;
