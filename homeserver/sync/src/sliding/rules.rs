//! `required_state`: which state of a room a client wants.
//!
//! One room may stand in several lists and be subscribed to as well; [`CombinedRules`] wants what any of them wants.
//! Lazily loaded members are no rule but a promise about the senders in the timeline; it holds unless some config wants
//! all members anyway.

use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::Arc,
};

use ruma::UserId;

const MEMBER: &str = "m.room.member";

/// One rule; a part that is missing stands for anything.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub struct StateRule {
    /// Type of the state event.
    pub kind: Option<String>,
    /// Its state key.
    pub state_key: Option<String>,
}

impl StateRule {
    fn matches(&self, kind: &str, state_key: &str) -> bool {
        self.kind.as_deref().is_none_or(|wanted| wanted == kind)
            && self.state_key.as_deref().is_none_or(|wanted| wanted == state_key)
    }
}

/// The rules of one list or subscription.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub struct StateRules {
    /// Everything, but of [`Self::own_types`] only what `include` says.
    everything: bool,
    own_types: Vec<String>,
    include: Vec<StateRule>,
    exclude: Vec<StateRule>,
    lazy_members: bool,
}

impl StateRules {
    /// The rules as the accepted form writes them.
    #[must_use]
    pub fn new(include: Vec<StateRule>, exclude: Vec<StateRule>, lazy_members: bool) -> Self {
        let (everything, include): (Vec<_>, Vec<_>) =
            include.into_iter().partition(|rule| *rule == StateRule::default());
        let own_types = if lazy_members { vec![MEMBER.to_owned()] } else { Vec::new() };
        Self { everything: !everything.is_empty(), own_types, include, exclude, lazy_members }
    }

    /// The rules as the unstable form writes them: pairs of type and state key, with `*` for anything, `$ME` for the
    /// user and `$LAZY` for members that the timeline needs. Beside `["*", "*"]`, a pair restricts its type.
    #[must_use]
    pub fn from_pairs(pairs: Vec<(String, String)>, user: &UserId) -> Self {
        let mut rules = Self::default();
        for (kind, state_key) in pairs {
            match (kind.as_str(), state_key.as_str()) {
                ("*", "*") => {
                    rules.everything = true;
                    continue;
                }
                (MEMBER, "$LAZY") => rules.lazy_members = true,
                (_, "$LAZY") => {}
                (_, key) => {
                    let state_key = match key {
                        "*" => None,
                        "$ME" => Some(user.to_string()),
                        _ => Some(state_key),
                    };
                    let kind = (kind != "*").then(|| kind.clone());
                    rules.include.push(StateRule { kind, state_key });
                }
            }
            if kind != "*" && !rules.own_types.contains(&kind) {
                rules.own_types.push(kind);
            }
        }
        rules
    }

    /// How many rules there are.
    #[must_use]
    pub fn length(&self) -> usize {
        self.include.len() + self.exclude.len()
    }

    fn matches(&self, kind: &str, state_key: &str) -> bool {
        if self.exclude.iter().any(|rule| rule.matches(kind, state_key)) {
            return false;
        }
        let in_everything = self.everything && !self.own_types.iter().any(|own| own == kind);
        in_everything || self.include.iter().any(|rule| rule.matches(kind, state_key))
    }

    fn wants_all_members(&self) -> bool {
        let any = |rules: &[StateRule]| {
            rules.iter().any(|rule| {
                rule.kind.as_deref().is_none_or(|kind| kind == MEMBER) && rule.state_key.is_none()
            })
        };
        let in_everything = self.everything && !self.own_types.iter().any(|own| own == MEMBER);
        (in_everything || any(&self.include)) && !any(&self.exclude)
    }

    fn needs_the_list(&self) -> bool {
        self.everything || self.include.iter().any(|rule| rule.kind.is_none() || rule.state_key.is_none())
    }
}

/// What any of several rules wants.
#[derive(Debug, Default)]
pub(crate) struct CombinedRules {
    rules: Vec<Arc<StateRules>>,
    /// Members are loaded lazily.
    pub lazy_members: bool,
    /// All members are wanted.
    pub all_members: bool,
    /// Stands for the content, to tell one combination from another.
    pub digest: u64,
}

impl CombinedRules {
    /// Combines the rules of all configs of a room.
    pub fn new(mut rules: Vec<Arc<StateRules>>) -> Self {
        rules.dedup();
        let all_members = rules.iter().any(|rules| rules.wants_all_members());
        let lazy_members = !all_members && rules.iter().any(|rules| rules.lazy_members);
        let mut hasher = DefaultHasher::new();
        rules.hash(&mut hasher);
        Self { rules, lazy_members, all_members, digest: hasher.finish() }
    }

    /// Whether an entry of the state is wanted.
    pub fn matches(&self, kind: &str, state_key: &str) -> bool {
        self.rules.iter().any(|rules| rules.matches(kind, state_key))
    }

    /// Whether the whole list of state keys must be looked through.
    pub fn needs_the_list(&self) -> bool {
        self.rules.iter().any(|rules| rules.needs_the_list())
    }

    /// Entries that are named exactly, as type and state key.
    pub fn named(&self) -> impl Iterator<Item = (&str, &str)> {
        let rules = self.rules.iter().flat_map(|rules| &rules.include);
        rules
            .filter_map(|rule| {
                let state_key = rule.state_key.as_deref()?;
                // A key without type may be that of a member; all other state is found in the list.
                Some((rule.kind.as_deref().unwrap_or(MEMBER), state_key))
            })
            .filter(|(kind, state_key)| self.matches(kind, state_key))
    }
}

#[cfg(test)]
mod tests {
    use ruma::user_id;

    use super::*;

    fn pairs(pairs: &[(&str, &str)]) -> StateRules {
        let pairs = pairs.iter().map(|(kind, key)| ((*kind).to_owned(), (*key).to_owned())).collect();
        StateRules::from_pairs(pairs, user_id!("@me:b"))
    }

    fn rule(kind: Option<&str>, state_key: Option<&str>) -> StateRule {
        StateRule { kind: kind.map(ToOwned::to_owned), state_key: state_key.map(ToOwned::to_owned) }
    }

    #[test]
    fn pairs_want_what_they_say() {
        type Pairs<'a> = &'a [(&'a str, &'a str)];
        let table: [(Pairs<'_>, &str, &str, bool); 12] = [
            (&[("m.room.name", "")], "m.room.name", "", true),
            (&[("m.room.name", "")], "m.room.topic", "", false),
            (&[("m.space.child", "*")], "m.space.child", "!a", true),
            (&[("*", "")], "m.room.topic", "", true),
            (&[("*", "")], "m.room.member", "@a:b", false),
            (&[("m.room.member", "$ME")], "m.room.member", "@me:b", true),
            (&[("m.room.member", "$ME")], "m.room.member", "@a:b", false),
            (&[("m.room.member", "$LAZY")], "m.room.member", "@a:b", false),
            (&[("*", "*")], "m.room.member", "@a:b", true),
            (&[("*", "*"), ("m.room.member", "$LAZY")], "m.room.member", "@a:b", false),
            (&[("*", "*"), ("m.room.member", "$LAZY")], "m.room.topic", "", true),
            (&[("*", "*"), ("m.space.child", "!a")], "m.space.child", "!b", false),
        ];
        for (rules, kind, key, expected) in table {
            assert_eq!(pairs(rules).matches(kind, key), expected, "{rules:?} {kind} {key:?}");
        }
    }

    #[test]
    fn the_accepted_form_includes_and_excludes() {
        let create = rule(Some("m.room.create"), Some(""));
        let all_but = StateRules::new(vec![rule(None, None)], vec![create.clone()], false);
        assert!(all_but.matches("m.room.topic", "") && all_but.matches("m.room.member", "@a:b"));
        assert!(!all_but.matches("m.room.create", ""));
        let lazily = StateRules::new(vec![rule(None, None)], vec![], true);
        assert!(lazily.matches("m.room.topic", "") && !lazily.matches("m.room.member", "@a:b"));
        let both = StateRules::new(vec![create], vec![], false);
        assert!(both.matches("m.room.create", "") && !both.matches("m.room.topic", ""));
    }

    #[test]
    fn a_combination_wants_what_any_part_wants() {
        let (name, lazy) = (pairs(&[("m.room.name", "")]), pairs(&[("m.room.member", "$LAZY")]));
        let combined = CombinedRules::new(vec![Arc::new(name.clone()), Arc::new(lazy.clone())]);
        assert!(combined.lazy_members && !combined.all_members && !combined.needs_the_list());
        assert_eq!(combined.named().collect::<Vec<_>>(), [("m.room.name", "")]);
        let all = CombinedRules::new(vec![Arc::new(lazy), Arc::new(pairs(&[("m.room.member", "*")]))]);
        assert!(!all.lazy_members && all.all_members, "who wants all members is not served lazily");
        assert_ne!(combined.digest, all.digest);
        let excluded = StateRules::new(vec![rule(None, None)], vec![rule(Some(MEMBER), None)], false);
        assert!(!CombinedRules::new(vec![Arc::new(excluded)]).all_members);
        assert!(!CombinedRules::new(vec![Arc::new(name)]).matches("m.room.topic", ""));
    }
}
