//! What is known in memory of every destination: whether something waits, whether it is being sent, and when it may be
//! tried again. Everything here but typing, receipts and presence can be read again from the store.

use std::collections::{BTreeSet, HashMap, VecDeque};

use ruma::{OwnedServerName, ServerName};

use super::ephemeral::Ephemeral;
use super::tables::DestinationRow;

/// One destination.
#[derive(Default)]
pub(super) struct Destination {
    pub row: DestinationRow,
    /// Events that wait.
    pub events: usize,
    /// EDUs that wait and must arrive.
    pub edus: usize,
    /// Grows with everything that is queued, so that nobody takes a count for wrong that just changed.
    pub news: u64,
    /// A transaction was frozen before a stop and may have arrived.
    pub frozen: bool,
    /// Single events are no longer remembered, only the last of each room.
    pub catching_up: bool,
    pub ephemeral: Ephemeral,
    running: bool,
    in_line: bool,
}

impl Destination {
    fn has_work(&self) -> bool {
        self.events > 0 || self.edus > 0 || self.frozen || self.catching_up || !self.ephemeral.is_empty()
    }
}

/// All destinations.
#[derive(Default)]
pub(super) struct Schedule {
    destinations: HashMap<OwnedServerName, Destination>,
    /// Whose turn is next; each at most once, so that nobody is starved.
    line: VecDeque<OwnedServerName>,
    /// Who waits for the end of a pause, in ms.
    paused: BTreeSet<(u64, OwnedServerName)>,
}

impl Schedule {
    pub fn get(&self, server: &ServerName) -> Option<&Destination> {
        self.destinations.get(server)
    }

    pub fn get_mut(&mut self, server: &ServerName) -> &mut Destination {
        self.destinations.entry(server.to_owned()).or_default()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&OwnedServerName, &Destination)> {
        self.destinations.iter()
    }

    /// Queued events and EDUs over all destinations.
    pub fn rows(&self) -> usize {
        self.destinations.values().map(|destination| destination.events + destination.edus).sum()
    }

    /// Puts a destination in line, or among those that pause, if anything waits for it.
    pub fn plan(&mut self, server: &ServerName, now_ms: u64) {
        let destination = self.get_mut(server);
        if destination.running || destination.in_line || !destination.has_work() {
            return;
        }
        let retry_at_ms = destination.row.retry_at_ms;
        if retry_at_ms > now_ms {
            self.paused.insert((retry_at_ms, server.to_owned()));
        } else {
            destination.in_line = true;
            self.line.push_back(server.to_owned());
        }
    }

    /// The pause of a destination changed: forgets the old one.
    pub fn unpause(&mut self, server: &ServerName) {
        self.paused.retain(|(_, paused)| paused != server);
    }

    /// The next destination whose turn it is; it counts as running from now on.
    pub fn next(&mut self, now_ms: u64) -> Option<OwnedServerName> {
        while let Some((retry_at_ms, _)) = self.paused.first()
            && *retry_at_ms <= now_ms
        {
            let Some((_, server)) = self.paused.pop_first() else { break };
            let destination = self.get_mut(&server);
            if !destination.running && !destination.in_line {
                destination.in_line = true;
                self.line.push_back(server);
            }
        }
        let server = self.line.pop_front()?;
        let destination = self.get_mut(&server);
        destination.in_line = false;
        destination.running = true;
        Some(server)
    }

    /// A turn ended.
    pub fn ended(&mut self, server: &ServerName, now_ms: u64) {
        self.get_mut(server).running = false;
        self.plan(server, now_ms);
    }

    /// When the next pause ends, in ms.
    pub fn next_retry_ms(&self) -> Option<u64> {
        self.paused.first().map(|(retry_at_ms, _)| *retry_at_ms)
    }
}

#[cfg(test)]
mod tests {
    use ruma::server_name;

    use super::*;

    #[test]
    fn everybody_has_one_turn_before_anybody_has_two() {
        let mut schedule = Schedule::default();
        let (one, two) = (server_name!("one"), server_name!("two"));
        for server in [one, two] {
            schedule.get_mut(server).events = 2;
            schedule.plan(server, 0);
            schedule.plan(server, 0);
        }
        assert_eq!(schedule.next(0).as_deref(), Some(one));
        schedule.ended(one, 0);
        assert_eq!(schedule.next(0).as_deref(), Some(two));
        assert_eq!(schedule.next(0).as_deref(), Some(one));
        assert_eq!(schedule.next(0), None, "a running destination has no second turn");
    }

    #[test]
    fn a_pause_is_waited_out_and_can_be_taken_back() {
        let mut schedule = Schedule::default();
        let one = server_name!("one");
        schedule.get_mut(one).events = 1;
        schedule.get_mut(one).row.retry_at_ms = 1_000;
        schedule.plan(one, 0);
        assert_eq!((schedule.next(999), schedule.next_retry_ms()), (None, Some(1_000)));
        schedule.unpause(one);
        schedule.get_mut(one).row.retry_at_ms = 0;
        schedule.plan(one, 500);
        assert_eq!(schedule.next(500).as_deref(), Some(one));
    }

    #[test]
    fn who_is_owed_nothing_is_not_called() {
        let mut schedule = Schedule::default();
        schedule.plan(server_name!("one"), 0);
        assert_eq!(schedule.next(0), None);
    }
}
