//! Events from the auth graph that another server told, judged and kept.

use std::collections::{HashMap, HashSet, VecDeque};

use model::{Pdu, RoomNum};
use rules::auth::Judged;
use ruma::{EventId, OwnedEventId};

use crate::{Rooms, RoomsError};

impl Rooms {
    /// Judges events by what they name as their authority and keeps them as outliers, in whatever order they come.
    /// An event whose authority is neither known nor among them is left out. Returns how many that were.
    ///
    /// # Errors
    /// The store's own.
    pub async fn keep_judged(&self, room: RoomNum, pdus: Vec<Pdu>) -> Result<usize, RoomsError> {
        let store = &self.parts.store;
        let room_id = self.room_id(store, room).await?;
        let version = self.room_version(store, room).await?;
        let create = self.current_state(store, room, "m.room.create", "").await?;
        let mut new: HashMap<OwnedEventId, Pdu> = HashMap::with_capacity(pdus.len());
        for pdu in pdus {
            let is_known = match self.standing(room, pdu.event_id()).await? {
                Some(standing) => self.is_placed(standing).await?,
                None => false,
            };
            if pdu.room_id() == room_id && !is_known {
                new.insert(pdu.event_id().to_owned(), pdu);
            }
        }
        let order = self.parents_first(room, &new).await?;
        let left_out = new.len() - order.len();
        let mut judged: HashMap<OwnedEventId, Judged> = HashMap::with_capacity(order.len());
        let mut keep = Vec::with_capacity(order.len());
        for event_id in order {
            let Some(pdu) = new.get(&event_id) else { continue };
            let mut authority = Vec::with_capacity(pdu.auth_events().len());
            for named in pdu.auth_events() {
                authority.extend(match judged.get(named) {
                    Some(found) => Some(found.clone()),
                    None => self.judged(room, named).await?,
                });
            }
            let mut refused = rules::auth::check_alone(version, pdu, create.as_ref(), &authority).is_err();
            refused |= pdu.kind() == "m.room.create" && create.as_ref().is_some_and(|create| create != pdu);
            let verdict = Judged::new(pdu.clone(), refused);
            keep.push(verdict.clone());
            judged.insert(event_id, verdict);
        }
        self.keep_outliers(room, &keep).await?;
        Ok(left_out)
    }

    /// A known event of the room with its verdict.
    async fn judged(&self, room: RoomNum, event_id: &EventId) -> Result<Option<Judged>, RoomsError> {
        let Some(standing) = self.standing(room, event_id).await? else { return Ok(None) };
        Ok(Some(Judged::new(self.pdu(&self.parts.store, standing.event).await?, standing.rejected)))
    }

    /// Events whose authority is known or among them, in an order in which it comes first.
    async fn parents_first(
        &self,
        room: RoomNum,
        new: &HashMap<OwnedEventId, Pdu>,
    ) -> Result<Vec<OwnedEventId>, RoomsError> {
        let mut waiting: HashMap<&EventId, usize> = HashMap::with_capacity(new.len());
        let mut children: HashMap<&EventId, Vec<&EventId>> = HashMap::new();
        let mut ready: VecDeque<&EventId> = VecDeque::new();
        for (event_id, pdu) in new {
            let named: HashSet<&OwnedEventId> = pdu.auth_events().iter().collect();
            let mut open = 0;
            for named in named {
                if new.contains_key(named) || self.standing(room, named).await?.is_none() {
                    open += 1;
                    children.entry(named).or_default().push(event_id);
                }
            }
            waiting.insert(event_id, open);
            if open == 0 {
                ready.push_back(event_id);
            }
        }
        let mut order = Vec::with_capacity(new.len());
        while let Some(event_id) = ready.pop_front() {
            order.push(event_id.to_owned());
            for child in children.remove(event_id).into_iter().flatten() {
                if let Some(open) = waiting.get_mut(child) {
                    *open -= 1;
                    if *open == 0 {
                        ready.push_back(child);
                    }
                }
            }
        }
        Ok(order)
    }
}
