//! Spaces and rooms of the company and its departments, kept in step with the chart.
//!
//! A timer compares what there is with what there should be, does a bounded part of what is left, and comes back soon
//! while anything is. A department is a space below the one above it, with a room for announcements where heads speak and
//! one for everybody. Rooms that are in a space let its members in without being asked.

use std::collections::{BTreeMap, BTreeSet};

use kit::{BotError, Letter, PREFIX, To};
use people::{Chart, DepartmentPath, DepartmentVisibility, PersonId, Status};
use ruma::OwnedUserId;
use serde_json::{Value, json};
use store::{Batch, Scan};

use crate::{
    Organisation,
    bot::LOCALPART,
    limits::{CHANGES_OF_LOOK_MAX, DEPARTMENTS_MAX, ROOMS_INTERVAL_MS, ROOMS_READ_MAX, ROOMS_SOON_MS},
    tables::{ENTRANCE, MEMBER, SPEAKERS},
};

/// The key of the timer.
pub(crate) const TIMER: &str = "rooms";

/// The key of the space of everybody.
pub(crate) const COMPANY: &str = "company";

/// What may be done in rooms that follow the chart: bots lead, heads speak where only they may.
const POWER_OF_BOTS: u32 = 100;
const POWER_OF_HEADS: u32 = 50;

/// What a room is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    Space,
    Notice,
    Talk,
    Support,
}

/// A room as it should be.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub key: String,
    pub parent: Option<String>,
    purpose: Use,
    /// What it is about; empty for the company.
    name: String,
    pub members: BTreeSet<OwnedUserId>,
    heads: BTreeSet<OwnedUserId>,
    /// Who finds it; of rooms in a space, whoever finds that.
    pub visibility: DepartmentVisibility,
}

impl Organisation {
    /// Has the next look come.
    pub(crate) fn look_at_rooms(&self, batch: &mut Batch, after_ms: u64) {
        let at_ms = self.0.kit.clock().now_ms().saturating_add(after_ms);
        self.0.kit.timers().set(batch, LOCALPART, TIMER, at_ms, json!({}));
    }

    /// Compares the rooms with the chart, and does a part of what is left.
    pub(crate) async fn keep_rooms(&self, batch: &mut Batch) -> Result<(), BotError> {
        if !self.0.has_rooms {
            return Ok(());
        }
        let chart = self.0.people.chart();
        let mut left = CHANGES_OF_LOOK_MAX;
        let mut is_waiting = false;
        let rooms = wanted(&chart);
        let keys: BTreeSet<String> = rooms.iter().map(|room| room.key.clone()).collect();
        for wanted in rooms {
            if left == 0 {
                break;
            }
            match self.is_ready(&wanted, batch, &mut left).await? {
                true => self.keep_room(&wanted, &chart, batch, &mut left).await?,
                // Its space is still being made.
                false => is_waiting = true,
            }
        }
        if left > 0 {
            self.empty_old_rooms(&keys, &chart, batch, &mut left).await?;
        }
        let again_ms = if left == 0 || is_waiting { ROOMS_SOON_MS } else { ROOMS_INTERVAL_MS };
        self.look_at_rooms(batch, again_ms);
        Ok(())
    }

    /// Whether a room is there; it is ordered if it is not, and if the space that it is in is there.
    async fn is_ready(&self, wanted: &Wanted, batch: &mut Batch, left: &mut usize) -> Result<bool, BotError> {
        let kit = &self.0.kit;
        if kit.has_place(LOCALPART, &wanted.key).await? {
            return Ok(true);
        }
        let parent = match &wanted.parent {
            Some(parent) => match kit.place(LOCALPART, parent).await? {
                Some(room) => Some(room),
                None => return Ok(false),
            },
            None => None,
        };
        let lang = kit.language(None, None).await?;
        let name = match (wanted.purpose, wanted.name.as_str()) {
            (_, "") => self.say(lang, "org.room.company", &[]),
            (_, name) => name.to_owned(),
        };
        let name = match wanted.purpose {
            Use::Space => name,
            Use::Notice => self.say(lang, "org.room.notice", &[("name", &name)]),
            Use::Talk => self.say(lang, "org.room.talk", &[("name", &name)]),
            Use::Support => self.say(lang, "org.room.support", &[("name", &name)]),
        };
        let mut state = vec![
            json!({ "type": format!("{PREFIX}room"), "state_key": "",
                    "content": { "v": 1, "kind": "department", "key": wanted.key } }),
            json!({ "type": "m.room.history_visibility", "state_key": "",
                    "content": { "history_visibility": "shared" } }),
        ];
        if let Some(parent) = &parent {
            let entrance = self.entrance(wanted, parent).await?;
            batch.put(&ENTRANCE, &wanted.key, &entrance.to_string());
            state.push(json!({ "type": "m.room.join_rules", "state_key": "", "content": entrance }));
        }
        if let Some(parent) = parent.as_ref().filter(|_| wanted.visibility != DepartmentVisibility::Hidden) {
            state.push(json!({ "type": "m.space.parent", "state_key": parent,
                               "content": { "via": [kit.server_name()], "canonical": true } }));
        }
        let mut request = json!({
            "preset": "private_chat", "room_version": "12", "name": name,
            "topic": self.say(lang, "org.room.topic", &[]),
            "power_level_content_override": powers(wanted), "initial_state": state,
        });
        if wanted.purpose == Use::Space {
            request["creation_content"] = json!({ "type": "m.space" });
        }
        kit.order_place(batch, LOCALPART, &wanted.key, request).await?;
        batch.put(&SPEAKERS, &wanted.key, &powers(wanted).to_string());
        *left = left.saturating_sub(1);
        Ok(true)
    }

    async fn keep_room(
        &self,
        wanted: &Wanted,
        chart: &Chart,
        batch: &mut Batch,
        left: &mut usize,
    ) -> Result<(), BotError> {
        let store = self.0.kit.store();
        let now_ms = self.0.kit.clock().now_ms();
        let rows = store.scan(&MEMBER, Scan::prefix(&wanted.key)).await?;
        let known: BTreeMap<OwnedUserId, u64> =
            rows.into_iter().map(|((_, user), leaves_ms)| (user, leaves_ms)).collect();
        for user in &wanted.members {
            let row = (wanted.key.clone(), user.clone());
            match known.get(user) {
                Some(0) => continue,
                Some(_) => drop(batch.put(&MEMBER, &row, &0)),
                None => {
                    batch.put(&MEMBER, &row, &0);
                    self.set_member(batch, &wanted.key, user, "invite", now_ms);
                }
            }
            if spent(left) {
                return Ok(());
            }
        }
        let old: Vec<(OwnedUserId, u64)> =
            known.into_iter().filter(|(user, _)| !wanted.members.contains(user)).collect();
        // Whoever follows a head has their rights before the head goes.
        self.keep_speakers(wanted, batch, now_ms).await?;
        if !self.let_go(&wanted.key, old, chart, batch, left) {
            return Ok(());
        }
        self.keep_entrance(wanted, batch, now_ms).await?;
        self.link(wanted, batch).await
    }

    /// Who is in a room and should not be leaves it: at once who left the company, after a while who moved. Who is away stays.
    /// Whether that was all.
    fn let_go(
        &self,
        place: &str,
        old: Vec<(OwnedUserId, u64)>,
        chart: &Chart,
        batch: &mut Batch,
        left: &mut usize,
    ) -> bool {
        let now_ms = self.0.kit.clock().now_ms();
        for (user, leaves_ms) in old {
            let status = chart.status_of(&user);
            if status == Some(Status::Suspended) {
                continue;
            }
            let works_here = status == Some(Status::Active);
            let row = (place.to_owned(), user);
            if works_here && leaves_ms == 0 {
                batch.put(&MEMBER, &row, &now_ms.saturating_add(self.0.leaves_after_ms));
            } else if !works_here || now_ms >= leaves_ms {
                batch.delete(&MEMBER, &row);
                self.set_member(batch, place, &row.1, "leave", now_ms);
            } else {
                continue;
            }
            if spent(left) {
                return false;
            }
        }
        true
    }

    /// Rooms of departments that are no more: whoever is in them leaves like those who moved.
    async fn empty_old_rooms(
        &self,
        wanted: &BTreeSet<String>,
        chart: &Chart,
        batch: &mut Batch,
        left: &mut usize,
    ) -> Result<(), BotError> {
        let store = self.0.kit.store();
        let rooms = store.scan_keys(&SPEAKERS, Scan::all().limit(ROOMS_READ_MAX)).await?;
        for place in rooms.into_iter().filter(|place| !wanted.contains(place)) {
            let rows = store.scan(&MEMBER, Scan::prefix(&place)).await?;
            let old = rows.into_iter().map(|((_, user), leaves_ms)| (user, leaves_ms)).collect();
            if !self.let_go(&place, old, chart, batch, left) {
                break;
            }
        }
        Ok(())
    }

    /// Who heads the department may speak where only heads do.
    async fn keep_speakers(&self, wanted: &Wanted, batch: &mut Batch, now_ms: u64) -> Result<(), BotError> {
        let powers = powers(wanted);
        let text = powers.to_string();
        if self.0.kit.store().get(&SPEAKERS, &wanted.key).await?.is_none_or(|kept| kept != text) {
            // What was only ordered in this look has them from the beginning.
            if self.0.kit.place(LOCALPART, &wanted.key).await?.is_some() {
                batch.put(&SPEAKERS, &wanted.key, &text);
                let key = format!("powers/{}/{now_ms}", wanted.key);
                self.put_state(batch, key, &wanted.key, "m.room.power_levels", "", powers);
            }
        }
        Ok(())
    }

    fn set_member(&self, batch: &mut Batch, place: &str, user: &OwnedUserId, how: &str, now_ms: u64) {
        let key = format!("member/{place}/{user}/{how}/{now_ms}");
        let content = json!({ "membership": how });
        self.put_state(batch, key, place, "m.room.member", user.as_str(), content);
    }

    pub(crate) fn put_state(
        &self,
        batch: &mut Batch,
        key: String,
        place: &str,
        kind: &str,
        state_key: &str,
        content: Value,
    ) {
        let mut letter = Letter::message(key, LOCALPART, To::Place(place.to_owned()), content);
        letter.kind = kind.to_owned();
        letter.state_key = Some(state_key.to_owned());
        self.0.kit.outbox().put(batch, letter);
    }
}

/// Counts a change; whether there is room for no more.
fn spent(left: &mut usize) -> bool {
    *left = left.saturating_sub(1);
    *left == 0
}

fn powers(wanted: &Wanted) -> Value {
    let heads: BTreeMap<&OwnedUserId, u32> = wanted.heads.iter().map(|head| (head, POWER_OF_HEADS)).collect();
    let speaks = match wanted.purpose {
        Use::Notice => POWER_OF_HEADS,
        Use::Space => POWER_OF_BOTS,
        Use::Talk | Use::Support => 0,
    };
    json!({
        "users": heads, "users_default": 0, "events": {}, "events_default": speaks,
        "state_default": POWER_OF_BOTS, "invite": POWER_OF_BOTS, "kick": POWER_OF_BOTS,
        "ban": POWER_OF_BOTS, "redact": POWER_OF_HEADS,
    })
}

/// The rooms of a chart, each behind the space that it is in.
fn wanted(chart: &Chart) -> Vec<Wanted> {
    let accounts = |people: &mut dyn Iterator<Item = &PersonId>| -> BTreeSet<OwnedUserId> {
        people.filter_map(|id| chart.active(id)?.account.clone()).collect()
    };
    let everybody: BTreeSet<OwnedUserId> = chart
        .people()
        .filter(|person| person.is_active())
        .filter_map(|person| person.account.clone())
        .collect();
    if everybody.is_empty() {
        return Vec::new();
    }
    let heads_of = |path: &DepartmentPath, heads: &[PersonId]| {
        let stand_ins = chart.stand_ins(path);
        accounts(&mut heads.iter().chain(&stand_ins))
    };
    let top = chart.departments().filter(|(path, _)| path.parent().is_none());
    let leaders: BTreeSet<OwnedUserId> = top.flat_map(|(path, found)| heads_of(path, &found.heads)).collect();
    let room = |key: String, parent: Option<String>, purpose, name: &str, members, heads| Wanted {
        key,
        parent,
        purpose,
        name: name.to_owned(),
        members,
        heads,
        visibility: DepartmentVisibility::Internal,
    };
    let mut rooms = vec![room(COMPANY.to_owned(), None, Use::Space, "", everybody.clone(), leaders.clone())];
    for (what, purpose) in [("notice", Use::Notice), ("support", Use::Support)] {
        let key = format!("{COMPANY}/{what}");
        let parent = Some(COMPANY.to_owned());
        rooms.push(room(key, parent, purpose, "", everybody.clone(), leaders.clone()));
    }
    // In the order of paths, where what is above comes first.
    for (path, department) in chart.departments().take(DEPARTMENTS_MAX) {
        let space = key_of(path);
        let parent = path.parent().map_or_else(|| COMPANY.to_owned(), |above| key_of(&above));
        let heads = heads_of(path, &department.heads);
        let mut members = accounts(&mut department.members.iter());
        members.extend(heads.iter().cloned());
        let made = room(space.clone(), Some(parent), Use::Space, path.name(), members.clone(), heads.clone());
        rooms.push(Wanted { visibility: chart.visibility_of(path), ..made });
        for (what, purpose) in [("notice", Use::Notice), ("talk", Use::Talk)] {
            let key = format!("{space}\n{what}");
            rooms.push(room(key, Some(space.clone()), purpose, path.name(), members.clone(), heads.clone()));
        }
    }
    rooms
}

/// The key of a department's space, as a place of this bot. A line ends it, which no name of a department has.
#[must_use]
pub fn key_of(path: &DepartmentPath) -> String {
    format!("dept/{}", path.as_str())
}
