//! Whether two patterns can match one and the same id: their automata are walked side by side, once, when registrations are read.

use std::collections::HashSet;

use regex_automata::{
    Anchored, Input, MatchKind,
    dfa::{Automaton as _, StartKind, dense},
    nfa::thompson,
    util::primitives::StateID,
};
use ruma::ServerName;

use crate::limits::{AUTOMATON_BYTES_MAX, OVERLAP_STATES_ALL_MAX, OVERLAP_STATES_MAX, OVERLAPS_TOLD_MAX};

/// What a pattern matches, as an automaton.
#[derive(Clone, Debug)]
pub(crate) struct Automaton(dense::DFA<Vec<u32>>);

impl Automaton {
    /// Of a pattern that counts from the beginning of an id and says itself where it ends. The error says why it has none: it is
    /// too large, or asks for the borders of words.
    pub fn of(pattern: &str) -> Result<Self, String> {
        let limit = Some(AUTOMATON_BYTES_MAX);
        let config = dense::Config::new()
            .start_kind(StartKind::Anchored)
            .match_kind(MatchKind::All)
            .dfa_size_limit(limit)
            .determinize_size_limit(limit);
        dense::Builder::new()
            .configure(config)
            .thompson(thompson::Config::new().nfa_size_limit(limit))
            .build(&format!(r"\A(?:{pattern})(?s:.)*\z"))
            .map(Self)
            .map_err(|error| error.to_string())
    }

    fn start(&self) -> Option<StateID> {
        self.0.start_state_forward(&Input::new("").anchored(Anchored::Yes)).ok()
    }

    fn accepts_at(&self, state: StateID) -> bool {
        self.0.is_match_state(self.0.next_eoi_state(state))
    }

    fn next(&self, state: StateID, byte: u8) -> Option<StateID> {
        let next = self.0.next_state(state, byte);
        (!self.0.is_dead_state(next)).then_some(next)
    }
}

/// What two patterns match alike.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Common {
    /// Nothing.
    Nothing,
    /// This id, and none is shorter.
    Id(String),
    /// That is not known: there was no room for the answer.
    Unknown,
}

/// Which ids a pattern is about.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// `@local:server`
    Users,
    /// `#local:server`
    Aliases,
    /// `!opaque`, with a server behind it in most room versions.
    Rooms,
}

impl Kind {
    /// As registrations call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Aliases => "aliases",
            Self::Rooms => "rooms",
        }
    }
}

/// The ids of this server, and what one reading of the registrations may still spend on comparing their patterns.
pub(crate) struct Comparison {
    users: Option<Automaton>,
    aliases: Option<Automaton>,
    rooms: Option<Automaton>,
    states_left: usize,
    unknown: usize,
}

impl Comparison {
    /// Of ids on this server: what two patterns match alike and is nobody here, keeps them apart no less.
    pub fn on(server_name: &ServerName) -> Self {
        let name = regex::escape(server_name.as_str());
        let ids = |pattern: &str| {
            let automaton = Automaton::of(pattern);
            automaton.inspect_err(|error| tracing::warn!(error, "ids of this server have no automaton")).ok()
        };
        Self {
            users: ids(&format!(r"@[^:]*:{name}\z")),
            aliases: ids(&format!(r"#[^:]*:{name}\z")),
            rooms: ids("!"),
            states_left: OVERLAP_STATES_ALL_MAX,
            unknown: 0,
        }
    }

    /// The shortest id of a kind that both patterns match.
    pub fn common(&mut self, kind: Kind, one: &Automaton, other: &Automaton) -> Common {
        let Self { users, aliases, rooms, states_left, .. } = self;
        let ids = match kind {
            Kind::Users => users,
            Kind::Aliases => aliases,
            Kind::Rooms => rooms,
        };
        ids.as_ref().map_or(Common::Unknown, |ids| walk([ids, one, other], states_left))
    }

    /// Writes down that of two patterns only the texts were compared.
    pub fn is_unknown_of(&mut self, one: &str, other: &str) {
        self.unknown += 1;
        if self.unknown <= OVERLAPS_TOLD_MAX {
            tracing::warn!(
                one,
                other,
                "whether two exclusive patterns overlap is not known; only their texts differ"
            );
        }
    }
}

/// Looks at every place once where all three automata can be, the nearest first.
fn walk([ids, one, other]: [&Automaton; 3], states_left: &mut usize) -> Common {
    let (Some(of_ids), Some(of_one), Some(of_other)) = (ids.start(), one.start(), other.start()) else {
        return Common::Unknown;
    };
    let start = (of_ids, of_one, of_other);
    let bytes = telling_bytes([ids, one, other]);
    // Each with the place before it and the byte in between; the first is its own.
    let mut places = vec![(start, 0, 0)];
    let mut known = HashSet::from([start]);
    let mut at = 0;
    while let Some(((of_ids, of_one, of_other), _, _)) = places.get(at).copied() {
        if ids.accepts_at(of_ids) && one.accepts_at(of_one) && other.accepts_at(of_other) {
            return Common::Id(spelled(&places, at));
        }
        if *states_left == 0 || at >= OVERLAP_STATES_MAX {
            return Common::Unknown;
        }
        *states_left -= 1;
        for byte in &bytes {
            let Some(of_ids) = ids.next(of_ids, *byte) else { continue };
            let Some(of_one) = one.next(of_one, *byte) else { continue };
            let Some(of_other) = other.next(of_other, *byte) else { continue };
            let next = (of_ids, of_one, of_other);
            if known.insert(next) {
                places.push((next, at, *byte));
            }
        }
        at += 1;
    }
    Common::Nothing
}

/// One byte of each kind that some automaton tells from others, those first that people like to read.
fn telling_bytes(automata: [&Automaton; 3]) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..=u8::MAX).collect();
    bytes.sort_by_key(|byte| (!byte.is_ascii_lowercase(), !byte.is_ascii_digit(), !byte.is_ascii_graphic()));
    let mut seen = HashSet::new();
    bytes.retain(|byte| seen.insert(automata.map(|automaton| automaton.0.byte_classes().get(*byte))));
    bytes
}

fn spelled(places: &[((StateID, StateID, StateID), usize, u8)], end: usize) -> String {
    let mut bytes = Vec::new();
    let mut at = end;
    while let Some((_, before, byte)) = places.get(at).filter(|_| at > 0) {
        bytes.push(*byte);
        at = *before;
    }
    bytes.reverse();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use ruma::server_name;

    use super::*;

    fn common(one: &str, other: &str) -> Common {
        let mut comparison = Comparison::on(server_name!("example.org"));
        comparison.common(Kind::Users, &Automaton::of(one).unwrap(), &Automaton::of(other).unwrap())
    }

    #[test]
    fn patterns_overlap_where_one_id_is_in_both() {
        for (one, other, expected) in [
            // One begins with the other.
            ("@irc_.*", "@irc_staff_.*", Some("@irc_staff_:example.org")),
            ("@irc", "@irc_.*", Some("@irc_:example.org")),
            (".*", "@bot:example.org", Some("@bot:example.org")),
            ("@.*_bot:.*", "@irc_.*", Some("@irc_bot:example.org")),
            // Alternations.
            ("@(irc|xmpp)_.*", "@(slack|xmpp)_a.*", Some("@xmpp_a:example.org")),
            ("@irc_.*|@x", "@y|@x", Some("@x:example.org")),
            // Ends are said, or not.
            (r"^@irc_[0-9]+:example\.org$", "@irc_7.*", Some("@irc_7:example.org")),
            ("@a{2,3}:.*", "@a{3,4}:.*", Some("@aaa:example.org")),
            ("(?i)@IRC_.*", "@irc_.*", Some("@irc_:example.org")),
            // Signs of more than one byte.
            ("@[一-龥]_.*", "@连.*", Some("@连_:example.org")),
        ] {
            let found = common(one, other);
            assert_eq!(
                found,
                expected.map_or(Common::Nothing, |id| Common::Id(id.to_owned())),
                "{one} {other}"
            );
            assert_eq!(common(other, one), found, "the other way round: {one} {other}");
        }
    }

    #[test]
    fn patterns_without_a_common_id_of_this_server_stand_side_by_side() {
        for (one, other) in [
            ("@irc_.*", "@xmpp_.*"),
            ("@irc_.*", "@ircbot"),
            ("@_slack_.*", "@slack_.*"),
            (r"^@whatsappbot:example\.org$", r"^@whatsapp_.*:example\.org$"),
            ("@a:", "@b:"),
            ("@a{2}:.*", "@a{3}:.*"),
            ("@(irc|xmpp)_.*", "@(slack|irc)-.*"),
            // What both match is nobody here.
            ("@.*:elsewhere.example", "@bot:elsewhere.example"),
            ("#irc_.*", "#irc_.*"),
            ("irc_.*", "irc_.*"),
        ] {
            assert_eq!(common(one, other), Common::Nothing, "{one} {other}");
        }
    }

    #[test]
    fn aliases_and_rooms_have_ids_of_their_own() {
        let mut comparison = Comparison::on(server_name!("example.org"));
        let [alias, room] = ["#irc_.*", "!irc.*"].map(|pattern| Automaton::of(pattern).unwrap());
        let found = comparison.common(Kind::Aliases, &alias, &alias);
        assert_eq!(found, Common::Id("#irc_:example.org".to_owned()));
        assert_eq!(comparison.common(Kind::Rooms, &room, &room), Common::Id("!irc".to_owned()));
        assert_eq!(comparison.common(Kind::Rooms, &room, &alias), Common::Nothing);
    }

    #[test]
    fn what_is_too_large_is_not_known() {
        assert!(Automaton::of(r"@(?:[ab]*a[ab]{40}):.*").is_err(), "its automaton doubles forty times");
        assert!(Automaton::of(r"@\bbot\b.*").is_err());
        let mut comparison = Comparison::on(server_name!("example.org"));
        comparison.states_left = 3;
        let one = Automaton::of("@irc_.*").unwrap();
        assert_eq!(comparison.common(Kind::Users, &one, &one), Common::Unknown);
    }
}
