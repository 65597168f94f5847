//! What rooms are told of a line: down, up again, and what it cannot carry. Each as a notice that everybody reads, and as state
//! of the room for clients that show it; a room in which the bridge may not set state has the notice.

use bridge_api::{Ability, Capabilities, Capability, Network, Support, Words};
use serde_json::{Value, json};
use store::{Batch, StoreError};

use crate::{
    BridgeError, Bridges,
    bridges::Seat,
    conflicts::until_undisturbed,
    lanes::Lane,
    limits::DELAYS_TOLD_MS,
    tables::{LINES, LineRow, PORTALS, PortalRow},
};

impl Bridges {
    /// The line is down.
    pub(crate) fn tell_down(&self, batch: &mut Batch, seat: &Seat, row: &LineRow) {
        self.tell_status(batch, seat, row);
        let key = match (row.hears, seat.connector.backfill()) {
            (true, _) => "bridge.told.unreached",
            (false, Some(_)) => "bridge.told.down",
            (false, None) => "bridge.told.down_unheard",
        };
        self.tell_rooms(batch, seat, &format!("down/{}", row.since_ms), key, &[]);
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
    pub(crate) fn tell_status(&self, batch: &mut Batch, seat: &Seat, row: &LineRow) {
        for room in self.rooms_of(seat) {
            self.state_with(batch, seat, row, (&room, self.bound_in(seat.network, &room)));
        }
    }

    /// How a line stands, which has to be so still when the batch is written: two that say at once how a room stands must not say
    /// what the other one has just changed.
    pub(crate) async fn line_beside(
        &self,
        batch: &mut Batch,
        network: Network,
    ) -> Result<LineRow, StoreError> {
        let row = self.0.store.get(&LINES, network.key()).await?;
        batch.expect_read(&LINES, network.key(), row.as_ref());
        Ok(row.unwrap_or_default())
    }

    /// The same for one room, with the conversations that it has after this batch. Those that the batch does not change have to stand
    /// so still when it is written.
    pub(crate) fn state_with(
        &self,
        batch: &mut Batch,
        seat: &Seat,
        row: &LineRow,
        (room, bound): (&ruma::RoomId, Vec<(Lane, PortalRow)>),
    ) {
        let unique = format!("status/{}/{}/{}/{room}", seat.network.key(), row.since_ms, self.0.rng.u64());
        let mut content = status(seat, row);
        for (lane, row) in &bound {
            if self.portals().get(lane).as_ref() == Some(row) {
                batch.expect_eq(&PORTALS, &(lane.0.key(), lane.1.as_str()), row);
            }
        }
        // Who bound a conversation is asked when something is wrong with it.
        let conversations = bound.iter().map(|(lane, row)| {
            let is_in = row.removed_ms.is_none();
            json!({ "id": lane.1, "name": row.name, "owner": row.bound_by, "reachable": is_in })
        });
        content["conversations"] = conversations.collect();
        content["converts_voice"] = json!(self.0.workshop.converts_voice());
        content["converts_pictures"] = json!(self.0.workshop.reads_stills());
        self.state(batch, room, &unique, seat.network.key(), content);
    }

    /// The conversations of a platform that are bound to a room.
    pub(crate) fn bound_in(&self, network: Network, room: &ruma::RoomId) -> Vec<(Lane, PortalRow)> {
        let lanes = self.portals().of_room(room).into_iter().filter(|lane| lane.0 == network);
        lanes.filter_map(|lane| Some((lane.clone(), self.portals().get(&lane)?))).collect()
    }

    /// Takes the binding of a conversation away, and says so in the state of its room.
    pub(crate) async fn release(&self, batch: &mut Batch, lane: &Lane) -> Result<(), BridgeError> {
        let room = self.portals().room_of(lane);
        self.portals().release(batch, lane)?;
        let (Some(room), Some(seat)) = (room, self.seat(lane.0)) else { return Ok(()) };
        let line = self.line_beside(batch, lane.0).await?;
        let mut left = self.bound_in(lane.0, &room);
        left.retain(|(other, _)| other != lane);
        if left.is_empty() {
            let (network, now_ms) = (lane.0.key(), self.0.clock.now_ms());
            let content =
                json!({ "v": 1, "platform": network, "up": false, "since_ms": now_ms, "conversations": [] });
            self.state(batch, &room, &format!("released/{network}/{now_ms}/{room}"), network, content);
        } else {
            self.state_with(batch, seat, &line, (&room, left));
        }
        Ok(())
    }

    /// What waits for or from a platform has waited for so long: said in steps, when it comes to another one.
    pub(crate) async fn note_delay(&self, seat: &Seat, age_ms: u64) -> Result<(), StoreError> {
        let network = seat.network.key();
        let delay_ms = DELAYS_TOLD_MS.into_iter().rfind(|step| *step <= age_ms).unwrap_or(0);
        let old = self.0.store.get(&LINES, network).await?;
        let row = old.clone().unwrap_or_default();
        if row.delay_ms == delay_ms {
            return Ok(());
        }
        let row = LineRow { delay_ms, ..row };
        let mut batch = Batch::new();
        batch.expect_read(&LINES, network, old.as_ref()).put(&LINES, network, &row);
        self.tell_status(&mut batch, seat, &row);
        match self.0.store.commit(batch).await {
            // The line came or went in between; it is measured again soon.
            Ok(_) | Err(StoreError::Conflict) => Ok(()),
            Err(error) => Err(error),
        }
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

    /// What a platform carries may change with the rights of its app: then the state of its rooms says so, and where it is less than
    /// before, people are told.
    pub(crate) async fn note_abilities(&self, seat: &Seat) -> Result<(), BridgeError> {
        until_undisturbed(|| self.try_note_abilities(seat)).await
    }

    async fn try_note_abilities(&self, seat: &Seat) -> Result<(), BridgeError> {
        let network = seat.network.key();
        let old = self.0.store.get(&LINES, network).await?;
        let row = old.clone().unwrap_or_default();
        let abilities = letters(seat.connector.capabilities());
        if row.abilities == abilities {
            return Ok(());
        }
        let is_less = row.abilities.bytes().zip(abilities.bytes()).any(|(before, now)| now > before);
        let row = LineRow { abilities, ..row };
        let mut batch = Batch::new();
        batch.expect_read(&LINES, network, old.as_ref()).put(&LINES, network, &row);
        self.tell_status(&mut batch, seat, &row);
        if is_less {
            for room in self.rooms_of(seat) {
                let unique = format!("{network}/{}/{room}", self.0.clock.now_ms());
                self.tell_limits(&mut batch, seat, &room, &unique);
            }
        }
        self.0.store.commit(batch).await?;
        Ok(())
    }

    fn limit(&self, key: &str, line: &Capability, why: Words) -> String {
        let language = self.0.settings.language;
        let values = [("ability", line.ability.name().of(language)), ("why", why.of(language))];
        self.0.kit.texts().fill(self.lang(), key, &values)
    }
}

/// What is carried, a letter for each ability and way; a later letter is less.
fn letters(capabilities: &Capabilities) -> String {
    let letter = |support| match support {
        Support::Yes => 'a',
        Support::Partly(_) => 'b',
        Support::No(_) => 'c',
    };
    capabilities.lines().iter().flat_map(|line| [letter(line.into_room), letter(line.to_platform)]).collect()
}

/// What is not carried of one ability, by the key of the sentence that says so: each way, or both for one reason. Of words people have
/// to know also what is carried in part.
fn cannot(line: &Capability) -> Vec<(&'static str, &Capability, Words)> {
    let is_words = line.ability == Ability::Text;
    match (line.into_room, line.to_platform) {
        (Support::No(why), Support::No(same)) if why == same => vec![("bridge.limit.both", line, why)],
        (into_room, to_platform) => {
            let ways = [
                ("bridge.limit.in", "bridge.limit.in_part", into_room),
                ("bridge.limit.out", "bridge.limit.out_part", to_platform),
            ];
            let ways = ways.into_iter().filter_map(|(none, part, support)| match support {
                Support::No(why) => Some((none, line, why)),
                Support::Partly(why) if is_words => Some((part, line, why)),
                Support::Yes | Support::Partly(_) => None,
            });
            ways.collect()
        }
    }
}

/// What the state says of the platform: up or down since when, gaps, for how long at least something has waited, and what this
/// bridge cannot carry and why. A line that fails for a moment is up, as people are told.
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
        "gaps": row.gaps, "delay_ms": row.delay_ms, "reason": row.reason, "cannot": cannot,
    })
}

#[cfg(test)]
mod tests {
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
            Ability::Text => (Support::Partly(A), Support::Yes),
            _ => (Support::Yes, Support::Yes),
        });
        let said: Vec<_> =
            table.lines().iter().flat_map(cannot).map(|(key, line, _)| (key, line.ability)).collect();
        let expected = [
            ("bridge.limit.in_part", Ability::Text),
            ("bridge.limit.out", Ability::Edits),
            ("bridge.limit.in", Ability::Receipts),
            ("bridge.limit.out", Ability::Receipts),
            ("bridge.limit.both", Ability::Typing),
        ];
        assert_eq!(said, expected);
    }
}
