//! What each server holds of a room, event by event: written when servers disagree, so that a reader sees which event was
//! taken in where, and what the state was in which it was judged.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use model::Pdu;
use rooms::{EventMeta, Rooms, RoomsError, parents_first};
use ruma::{OwnedEventId, RoomId};
use store::Scan;

use super::servers::Servers;

/// How much of an id is enough to tell events apart.
const ID_CHARACTERS: usize = 7;
const CONTENT_CHARACTERS: usize = 110;
const PAGE: usize = 10_000;

/// (type, state key)
type Key = (String, String);

/// What one server holds.
#[derive(Default)]
struct Held {
    events: BTreeMap<OwnedEventId, Known>,
    current: BTreeMap<Key, OwnedEventId>,
    /// Ends of the graph.
    ends: Vec<OwnedEventId>,
}

struct Known {
    pdu: Pdu,
    standing: String,
    before: BTreeMap<Key, OwnedEventId>,
}

/// One line for each event that any server knows, parents before children: what it is, on what it stands, and for each
/// server what became of it and which of the disputed entries of the state stood before it.
pub(super) async fn of(servers: &Servers, room: &str) -> String {
    let room = RoomId::parse(room).expect("the id of a room");
    let mut all = Vec::new();
    for host in &servers.hosts {
        let held = match host.world.rooms() {
            Some(rooms) => held(&rooms, &room).await,
            None => Ok(Held::default()),
        };
        match held {
            Ok(held) => all.push(held),
            Err(error) => return format!("the rooms cannot be read: {error}"),
        }
    }
    written(&all)
}

async fn held(rooms: &Rooms, room_id: &RoomId) -> Result<Held, RoomsError> {
    let store = rooms.store();
    let Some(room) = rooms.room_num(store, room_id).await? else { return Ok(Held::default()) };
    let mut held = Held::default();
    for (key, event) in rooms.current_state_all(store, room).await? {
        let key = (*rooms.state_key(store, key).await?).clone();
        held.current.insert(key, rooms.pdu(store, event).await?.event_id().to_owned());
    }
    held.ends = rooms.extremities(room_id).await?.into_iter().map(|(event_id, ..)| event_id).collect();
    let rows = store.scan(&rooms::tables::EVENT_META, Scan::all().limit(PAGE)).await?;
    for (event, row) in rows {
        let meta = EventMeta::from(row);
        if meta.room != room {
            continue;
        }
        let pdu = rooms.pdu(store, event).await?;
        let mut before = BTreeMap::new();
        if !meta.outlier {
            for (key, event) in rooms.state_at(store, meta.state_before).await?.iter() {
                let key = (*rooms.state_key(store, *key).await?).clone();
                before.insert(key, rooms.pdu(store, *event).await?.event_id().to_owned());
            }
        }
        let known = Known { standing: standing(&meta), before, pdu };
        held.events.insert(known.pdu.event_id().to_owned(), known);
    }
    Ok(held)
}

fn standing(meta: &EventMeta) -> String {
    let mut words = Vec::new();
    let facts = [(meta.outlier, "outlier"), (meta.rejected, "rejected"), (meta.soft_failed, "soft-failed")];
    words.extend(facts.into_iter().filter(|(is_so, _)| *is_so).map(|(_, word)| word.to_owned()));
    words.extend(meta.position.map(|position| format!("at {}", position.get())));
    if words.is_empty() { "waits".to_owned() } else { words.join(" ") }
}

fn written(all: &[Held]) -> String {
    let mut text = String::new();
    let keys: BTreeSet<&Key> = all.iter().flat_map(|held| held.current.keys()).collect();
    let differs = |key: &&Key| {
        let values: BTreeSet<_> = all.iter().map(|held| held.current.get(*key)).collect();
        values.len() > 1
    };
    let disputed: Vec<&Key> = keys.into_iter().filter(differs).collect();
    for (server, held) in all.iter().enumerate() {
        let ends: Vec<&str> = held.ends.iter().map(|id| short(id.as_str())).collect();
        let _ = writeln!(text, "server {server} ends with {}", ends.join(" "));
        for key in &disputed {
            let current = held.current.get(*key).map_or("nothing", |id| short(id.as_str()));
            let _ = writeln!(text, "  {} {}: {current}", key.0, key.1);
        }
    }
    let mut pdus: BTreeMap<&OwnedEventId, &Pdu> = BTreeMap::new();
    for held in all {
        pdus.extend(held.events.iter().map(|(id, known)| (id, &known.pdu)));
    }
    for pdu in parents_first(pdus.values().map(|pdu| (*pdu).clone()).collect()) {
        let _ = writeln!(text, "{}", described(&pdu));
        for (server, held) in all.iter().enumerate() {
            let Some(known) = held.events.get(pdu.event_id()) else {
                let _ = writeln!(text, "    s{server}: unknown");
                continue;
            };
            let before = disputed.iter().map(|key| known.before.get(*key));
            let before: Vec<&str> = before.map(|id| id.map_or("-", |id| short(id.as_str()))).collect();
            let _ = writeln!(text, "    s{server}: {} | {}", known.standing, before.join(" "));
        }
    }
    text
}

fn described(pdu: &Pdu) -> String {
    let ids = |ids: &[OwnedEventId]| {
        let ids: Vec<&str> = ids.iter().map(|id| short(id.as_str())).collect();
        ids.join(" ")
    };
    let content: String = pdu.content().get().chars().take(CONTENT_CHARACTERS).collect();
    format!(
        "{} {} {} of {} depth {} on [{}] by [{}] {content}",
        short(pdu.event_id().as_str()),
        pdu.kind(),
        pdu.state_key().unwrap_or("."),
        pdu.sender(),
        pdu.depth(),
        ids(pdu.prev_events()),
        ids(pdu.auth_events()),
    )
}

fn short(id: &str) -> &str {
    id.get(..ID_CHARACTERS).unwrap_or(id)
}
