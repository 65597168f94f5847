//! Order in the graph of a room's events.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};

use model::Pdu;
use ruma::OwnedEventId;

/// What orders events that the graph leaves untied. All of it is the sender's word, so it never counts against the graph.
type Rank = (u64, u64, OwnedEventId);

/// Events, each once, in an order in which none comes before a parent that is among them. Those that no path ties come
/// by depth, time and id. Of a ring, which only ids chosen by their senders (room versions 1 and 2) can make, all come
/// last.
#[must_use]
pub fn parents_first(events: Vec<Pdu>) -> Vec<Pdu> {
    let mut waiting: HashMap<OwnedEventId, Pdu> =
        events.into_iter().map(|pdu| (pdu.event_id().to_owned(), pdu)).collect();
    let mut open: HashMap<OwnedEventId, usize> = HashMap::with_capacity(waiting.len());
    let mut children: HashMap<OwnedEventId, Vec<OwnedEventId>> = HashMap::new();
    let mut ready: BinaryHeap<Reverse<Rank>> = BinaryHeap::new();
    for (event_id, pdu) in &waiting {
        let mut parents: Vec<&OwnedEventId> =
            pdu.prev_events().iter().filter(|parent| waiting.contains_key(*parent)).collect();
        parents.sort();
        parents.dedup();
        for parent in &parents {
            children.entry((*parent).clone()).or_default().push(event_id.clone());
        }
        if parents.is_empty() {
            ready.push(Reverse(rank(pdu)));
        }
        open.insert(event_id.clone(), parents.len());
    }
    let mut order = Vec::with_capacity(waiting.len());
    while let Some(Reverse((.., event_id))) = ready.pop() {
        for child in children.remove(&event_id).into_iter().flatten() {
            let Some(left) = open.get_mut(&child) else { continue };
            *left -= 1;
            if *left == 0 {
                ready.extend(waiting.get(&child).map(|pdu| Reverse(rank(pdu))));
            }
        }
        order.extend(waiting.remove(&event_id));
    }
    let ring: BTreeMap<Rank, Pdu> = waiting.into_values().map(|pdu| (rank(&pdu), pdu)).collect();
    order.extend(ring.into_values());
    order
}

fn rank(pdu: &Pdu) -> Rank {
    (pdu.depth(), pdu.origin_server_ts(), pdu.event_id().to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(name: &str, depth: u64, parents: &[&str]) -> Pdu {
        let id = |name: &str| format!("${name}:a.test");
        let parents: Vec<String> = parents.iter().map(|name| id(name)).collect();
        let event = json!({
            "room_id": "!r:a.test", "sender": "@u:a.test", "type": "m.room.message", "content": {},
            "depth": depth, "origin_server_ts": 1, "prev_events": parents, "auth_events": [],
        });
        Pdu::parse(OwnedEventId::try_from(id(name)).unwrap(), event.to_string().into()).unwrap()
    }

    #[test]
    fn parents_come_first_whatever_depth_is_claimed() {
        let table = [
            (
                "a chain that lies about its depth",
                vec![event("c", 1, &["b"]), event("b", 9, &["a"]), event("a", 5, &["x"])],
                "abc",
            ),
            (
                "two branches by depth",
                vec![
                    event("d", 3, &["b", "c"]),
                    event("c", 2, &["a"]),
                    event("b", 2, &["a"]),
                    event("a", 1, &[]),
                ],
                "abcd",
            ),
            ("the same twice", vec![event("a", 1, &[]), event("a", 1, &[])], "a"),
            (
                "a ring comes last",
                vec![event("a", 1, &["b"]), event("b", 2, &["a"]), event("c", 3, &[])],
                "cab",
            ),
            ("a parent named twice", vec![event("b", 1, &["a", "a"]), event("a", 2, &[])], "ab"),
        ];
        for (what, events, expected) in table {
            let order: String =
                parents_first(events).iter().map(|pdu| pdu.event_id().as_str()[1..2].to_owned()).collect();
            assert_eq!(order, expected, "{what}");
        }
    }
}
