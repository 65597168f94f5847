//! What rooms are told of a line: down, up again, and what it cannot carry. Each as a notice that everybody reads, and as state
//! of the room for clients that show it; a room in which the bridge may not set state has the notice.

use bridge_api::{Capability, Support, Words};
use serde_json::{Value, json};
use store::Batch;

use crate::{Bridges, bridges::Seat, tables::LineRow};

impl Bridges {
    /// The line is down.
    pub(crate) fn tell_down(&self, batch: &mut Batch, seat: &Seat, row: &LineRow) {
        self.tell_status(batch, seat, row);
        self.tell_rooms(batch, seat, &format!("down/{}", row.since_ms), "bridge.told.down", &[]);
    }

    /// The line is up after an outage that people heard of.
    pub(crate) fn tell_up(&self, batch: &mut Batch, seat: &Seat, row: &LineRow, outage: &LineRow) {
        self.tell_status(batch, seat, row);
        let minutes = row.since_ms.saturating_sub(outage.since_ms).div_ceil(60_000).to_string();
        let unique = format!("up/{}", outage.since_ms);
        self.tell_rooms(batch, seat, &unique, "bridge.told.up", &[("minutes", &minutes)]);
    }

    /// A notice in every room with a conversation of this platform.
    fn tell_rooms(&self, batch: &mut Batch, seat: &Seat, unique: &str, key: &str, values: &[(&str, &str)]) {
        let platform = seat.network.name().of(self.0.settings.language);
        let values = [&[("platform", platform)], values].concat();
        for room in self.rooms_of(seat) {
            self.notice(batch, &room, &format!("{}/{unique}/{room}", seat.network.key()), key, &values);
        }
    }

    fn rooms_of(&self, seat: &Seat) -> Vec<ruma::OwnedRoomId> {
        let mut rooms: Vec<_> =
            self.portals().bound(seat.network).into_iter().map(|(_, room)| room).collect();
        rooms.sort_unstable();
        rooms.dedup();
        rooms
    }

    /// How the line stands, as state of every room with a conversation of this platform.
    fn tell_status(&self, batch: &mut Batch, seat: &Seat, row: &LineRow) {
        for room in self.rooms_of(seat) {
            self.state_of_line(batch, seat, row, &room);
        }
    }

    /// The same for one room.
    pub(crate) fn state_of_line(&self, batch: &mut Batch, seat: &Seat, row: &LineRow, room: &ruma::RoomId) {
        let unique = format!("status/{}/{}/{}/{room}", seat.network.key(), row.since_ms, self.0.rng.u64());
        self.state(batch, room, &unique, seat.network.key(), status(seat, row));
    }

    /// What this platform does not carry at all, and why, said where a conversation is bound.
    pub(crate) fn tell_limits(&self, batch: &mut Batch, seat: &Seat, room: &ruma::RoomId, unique: &str) {
        let lines: Vec<_> = seat.connector.capabilities().lines().iter().flat_map(cannot).collect();
        let lines: Vec<_> = lines.into_iter().map(|(key, line, why)| self.limit(key, line, why)).collect();
        if lines.is_empty() {
            return;
        }
        let platform = seat.network.name().of(self.0.settings.language);
        let values = [("platform", platform), ("lines", &lines.join("\n"))];
        self.notice(batch, room, &format!("limits/{unique}"), "bridge.told.limits", &values);
    }

    fn limit(&self, key: &str, line: &Capability, why: Words) -> String {
        let language = self.0.settings.language;
        let values = [("ability", line.ability.name().of(language)), ("why", why.of(language))];
        self.0.kit.texts().fill(self.lang(), key, &values)
    }
}

/// What is not carried of one ability, by the key of the sentence that says so: each way, or both for one reason.
fn cannot(line: &Capability) -> Vec<(&'static str, &Capability, Words)> {
    match (line.into_room, line.to_platform) {
        (Support::No(why), Support::No(same)) if why == same => vec![("bridge.limit.both", line, why)],
        (into_room, to_platform) => {
            let ways = [("bridge.limit.in", into_room), ("bridge.limit.out", to_platform)];
            let ways = ways.into_iter().filter_map(|(key, support)| match support {
                Support::No(why) => Some((key, line, why)),
                Support::Yes | Support::Partly(_) => None,
            });
            ways.collect()
        }
    }
}

/// What the state says: up or down since when, gaps, and what this bridge cannot carry and why. A line that fails for a moment
/// is up, as people are told.
fn status(seat: &Seat, row: &LineRow) -> Value {
    let cannot: Vec<Value> = seat
        .connector
        .capabilities()
        .lines()
        .iter()
        .flat_map(|line| [("into_room", line.into_room, line), ("to_platform", line.to_platform, line)])
        .filter_map(|(way, support, line)| {
            let (how, why) = match support {
                Support::Yes => return None,
                Support::Partly(why) => ("partly", why),
                Support::No(why) => ("no", why),
            };
            Some(json!({ "ability": line.ability, "way": way, "support": how, "zh": why.zh, "en": why.en }))
        })
        .collect();
    json!({
        "v": 1, "platform": seat.network.key(), "up": row.is_up || !row.is_told, "since_ms": row.since_ms,
        "gaps": row.gaps, "reason": row.reason, "cannot": cannot,
    })
}

#[cfg(test)]
mod tests {
    use bridge_api::{Ability, Capabilities};

    use super::*;

    #[test]
    fn what_is_not_carried_is_said_once_for_one_reason_and_each_way_otherwise() {
        const A: Words = Words { zh: "甲", en: "a" };
        const B: Words = Words { zh: "乙", en: "b" };
        let table = Capabilities::new(|ability| match ability {
            Ability::Typing => (Support::No(A), Support::No(A)),
            Ability::Receipts => (Support::No(A), Support::No(B)),
            Ability::Edits => (Support::Yes, Support::No(B)),
            Ability::Recalls => (Support::Partly(A), Support::Yes),
            _ => (Support::Yes, Support::Yes),
        });
        let said: Vec<_> =
            table.lines().iter().flat_map(cannot).map(|(key, line, _)| (key, line.ability)).collect();
        let expected = [
            ("bridge.limit.out", Ability::Edits),
            ("bridge.limit.in", Ability::Receipts),
            ("bridge.limit.out", Ability::Receipts),
            ("bridge.limit.both", Ability::Typing),
        ];
        assert_eq!(said, expected);
    }
}
