//! Whose lists wait to be fetched: in memory what the store has rows for.

use std::collections::{BTreeSet, HashMap, HashSet};

use ruma::{OwnedServerName, OwnedUserId};

use crate::limits::LISTS_WAITING_MAX;

/// Lists by server and time. One is fetched of each server at a time, so that a server with many changes has no more than
/// one place among all.
#[derive(Default)]
pub(super) struct Waiting {
    servers: HashMap<OwnedServerName, BTreeSet<(u64, OwnedUserId)>>,
    busy: HashSet<OwnedServerName>,
    count: usize,
}

impl Waiting {
    /// A list is to be fetched, not before this time. One too many is passed over: whoever asks for the list fetches it.
    pub fn add(&mut self, user: OwnedUserId, at_ms: u64) {
        if self.count >= LISTS_WAITING_MAX {
            return;
        }
        let lists = self.servers.entry(user.server_name().to_owned()).or_default();
        self.count += usize::from(lists.insert((at_ms, user)));
    }

    /// The next list whose time has come, of a server that is not busy; the server is busy from now on.
    pub fn next(&mut self, now_ms: u64) -> Option<OwnedUserId> {
        let is_ready = |server: &OwnedServerName, lists: &BTreeSet<(u64, OwnedUserId)>| {
            !self.busy.contains(server) && lists.first().is_some_and(|(at_ms, _)| *at_ms <= now_ms)
        };
        let ready = self.servers.iter().filter(|(server, lists)| is_ready(server, lists));
        let server = ready.min_by_key(|(_, lists)| lists.first().map(|(at_ms, _)| *at_ms))?.0.clone();
        let lists = self.servers.get_mut(&server)?;
        let (_, user) = lists.pop_first()?;
        if lists.is_empty() {
            self.servers.remove(&server);
        }
        self.count -= 1;
        self.busy.insert(server);
        Some(user)
    }

    /// The list of this user was fetched, or was not.
    pub fn ended(&mut self, user: &OwnedUserId) {
        self.busy.remove(user.server_name());
    }

    /// When the next list is to be fetched of a server that is not busy, in ms.
    pub fn next_ms(&self) -> Option<u64> {
        let idle = self.servers.iter().filter(|(server, _)| !self.busy.contains(*server));
        idle.filter_map(|(_, lists)| lists.first().map(|(at_ms, _)| *at_ms)).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(text: &str) -> OwnedUserId {
        text.try_into().expect("a user id")
    }

    #[test]
    fn a_server_has_one_list_under_way_and_others_go_on() {
        let mut waiting = Waiting::default();
        for name in ["@a:one", "@b:one", "@c:two"] {
            waiting.add(user(name), 5);
        }
        assert_eq!((waiting.next(4), waiting.next_ms()), (None, Some(5)));
        let first = [waiting.next(5), waiting.next(5)].map(|next| next.expect("a list"));
        assert_ne!(first[0].server_name(), first[1].server_name());
        assert_eq!((waiting.next(5), waiting.next_ms()), (None, None));
        waiting.ended(&user("@a:one"));
        assert_eq!(waiting.next(5), Some(user("@b:one")));
    }

    #[test]
    fn what_waits_is_bounded() {
        let mut waiting = Waiting::default();
        for number in 0..LISTS_WAITING_MAX + 10 {
            waiting.add(user(&format!("@u{number}:one")), 0);
        }
        assert_eq!(waiting.count, LISTS_WAITING_MAX);
    }
}
