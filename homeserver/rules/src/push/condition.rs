//! One compiled condition of a push rule.

use ruma::push::{ComparisonOperator, RoomMemberCountIs, ScalarJsonValue};

use super::{
    PushContext,
    event::{Found, Path, PushEvent},
    pattern::{Pattern, contains_word},
};

#[derive(Clone, Debug)]
pub(super) enum Condition {
    KindIs(String),
    Matches(Path, Pattern),
    BodyMatches(Pattern),
    PropertyIs(Path, ScalarJsonValue),
    PropertyContains(Path, ScalarJsonValue),
    MemberCount(RoomMemberCountIs),
    SenderMayNotify(String),
    ContainsDisplayName,
    ThreadSubscribed(bool),
    /// The event does not carry `m.mentions`.
    NoMentions,
}

impl Condition {
    pub(super) fn event_match(key: &str, pattern: &str) -> Self {
        let path = Path::new(key);
        if path == Path::Kind && !pattern.contains(['*', '?']) && pattern.is_ascii() {
            return Self::KindIs(pattern.to_ascii_lowercase());
        }
        if path.is_body() {
            return Self::BodyMatches(Pattern::word(pattern));
        }
        Self::Matches(path, Pattern::whole(pattern))
    }

    pub(super) fn property_is(key: &str, value: ScalarJsonValue) -> Self {
        Self::PropertyIs(Path::new(key), value)
    }

    pub(super) fn property_contains(key: &str, value: ScalarJsonValue) -> Self {
        Self::PropertyContains(Path::new(key), value)
    }

    /// Rough cost, for the order in which the conditions of a rule are asked.
    pub(super) fn cost(&self) -> u8 {
        match self {
            Self::MemberCount(_) | Self::ThreadSubscribed(_) => 0,
            Self::KindIs(_) => 1,
            Self::Matches(Path::Content(_) | Path::Other(_), _) => 4,
            Self::Matches(..) => 2,
            Self::NoMentions => 3,
            Self::PropertyIs(..) | Self::PropertyContains(..) => 4,
            Self::SenderMayNotify(_) => 5,
            Self::BodyMatches(_) | Self::ContainsDisplayName => 6,
        }
    }

    pub(super) fn holds(&self, event: &PushEvent<'_>, context: &PushContext<'_>) -> bool {
        match self {
            Self::KindIs(kind) => event.pdu().kind().eq_ignore_ascii_case(kind),
            Self::Matches(path, pattern) => event.with_text(path, |text| pattern.matches(text)),
            Self::BodyMatches(pattern) => event.lower_body().is_some_and(|body| pattern.matches_lower(body)),
            Self::PropertyIs(path, value) => {
                matches!(event.find(path), Some(Found::Scalar(found)) if found == *value)
            }
            Self::PropertyContains(path, value) => {
                matches!(event.find(path), Some(Found::Array(found)) if found.contains(value))
            }
            Self::MemberCount(is) => count_is(is, context.member_count),
            Self::SenderMayNotify(key) => {
                context.power.is_some_and(|power| power.may_notify(event.pdu().sender(), key))
            }
            Self::ContainsDisplayName => match (event.lower_body(), context.display_name) {
                (Some(body), Some(name)) if !name.is_empty() => contains_word(body, &name.to_lowercase()),
                _ => false,
            },
            Self::ThreadSubscribed(expected) => {
                context.thread_subscribed == Some(*expected)
                    && crate::relations::thread_root(event.pdu()).is_some()
            }
            Self::NoMentions => !event.has_mentions(),
        }
    }
}

fn count_is(is: &RoomMemberCountIs, count: u64) -> bool {
    let expected = u64::from(is.count);
    match is.prefix {
        ComparisonOperator::Eq => count == expected,
        ComparisonOperator::Lt => count < expected,
        ComparisonOperator::Gt => count > expected,
        ComparisonOperator::Ge => count >= expected,
        ComparisonOperator::Le => count <= expected,
    }
}
