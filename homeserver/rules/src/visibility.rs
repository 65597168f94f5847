//! History visibility: may this user see that event? A pure truth table over the state at the event.
//! <https://spec.matrix.org/v1.19/client-server-api/#server-behaviour-5>

use ruma::events::room::{history_visibility::HistoryVisibility, member::MembershipState};

/// What the state around an event says about one reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// `m.room.history_visibility` in that state; `shared` when absent or unreadable.
    pub visibility: HistoryVisibility,
    /// The reader's membership in that state; `leave` when absent.
    pub membership: MembershipState,
}

/// Whether a reader with this membership at the event may see it. `joined_later` says whether the reader was
/// joined at any time after the event was sent.
#[must_use]
pub fn may_see(visibility: &HistoryVisibility, membership: &MembershipState, joined_later: bool) -> bool {
    if *visibility == HistoryVisibility::WorldReadable || *membership == MembershipState::Join {
        return true;
    }
    match visibility {
        HistoryVisibility::Invited => *membership == MembershipState::Invite,
        HistoryVisibility::Joined => false,
        // `shared`, and anything unknown: the spec's default.
        _ => joined_later,
    }
}

/// Whether a reader may see a state event that changes what decides: the history visibility itself, or the
/// reader's own membership. Such an event shows when either side of it would allow.
#[must_use]
pub fn may_see_change(before: &Moment, after: &Moment, joined_later: bool) -> bool {
    may_see(&before.visibility, &before.membership, joined_later)
        || may_see(&after.visibility, &after.membership, joined_later)
}

/// The history visibility that a content names; `shared` when it names none.
#[must_use]
pub fn history_visibility(content: &str) -> HistoryVisibility {
    #[derive(serde::Deserialize)]
    struct Content {
        history_visibility: HistoryVisibility,
    }
    serde_json::from_str::<Content>(content)
        .map_or(HistoryVisibility::Shared, |content| content.history_visibility)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_truth_table() {
        use HistoryVisibility as V;
        use MembershipState as M;
        let memberships = [M::Join, M::Invite, M::Knock, M::Leave, M::Ban];
        // One row per visibility: never joined later, then joined later; columns as `memberships`.
        let table = [
            (V::WorldReadable, [true; 5], [true; 5]),
            (V::Shared, [true, false, false, false, false], [true; 5]),
            (V::Invited, [true, true, false, false, false], [true, true, false, false, false]),
            (V::Joined, [true, false, false, false, false], [true, false, false, false, false]),
            (V::from("org.example.custom"), [true, false, false, false, false], [true; 5]),
        ];
        for (visibility, never, later) in table {
            for (index, membership) in memberships.iter().enumerate() {
                let name = format!("{visibility:?} {membership:?}");
                assert_eq!(may_see(&visibility, membership, false), never[index], "{name}");
                assert_eq!(may_see(&visibility, membership, true), later[index], "{name}, joined later");
            }
        }
    }

    #[test]
    fn a_change_shows_when_either_side_allows() {
        let moment = |visibility, membership| Moment { visibility, membership };
        let outside = moment(HistoryVisibility::Joined, MembershipState::Leave);
        let inside = moment(HistoryVisibility::Joined, MembershipState::Join);
        assert!(may_see_change(&outside, &inside, false), "the own join");
        assert!(may_see_change(&inside, &outside, false), "the own leave");
        assert!(!may_see_change(&outside, &outside, false));
        let open = moment(HistoryVisibility::WorldReadable, MembershipState::Leave);
        assert!(may_see_change(&outside, &open, false) && may_see_change(&open, &outside, false));
    }

    #[test]
    fn unreadable_visibility_is_shared() {
        for content in ["{}", "{\"history_visibility\":7}", "nonsense"] {
            assert_eq!(history_visibility(content), HistoryVisibility::Shared);
        }
        assert_eq!(history_visibility("{\"history_visibility\":\"joined\"}"), HistoryVisibility::Joined);
    }
}
