//! Events at hand while a conflict is resolved, within a bound.

use std::collections::{HashMap, HashSet};

use model::EventNum;
use rules::auth::Judged;
use ruma::OwnedEventId;

use super::super::limits::EVENTS_LOADED_MAX;
use super::Fork;
use crate::RoomsError;

/// Events at hand for the rules, which cannot wait for storage.
#[derive(Default)]
pub(super) struct Loaded {
    pub(super) by_num: HashMap<EventNum, Judged>,
    pub(super) nums: HashMap<OwnedEventId, EventNum>,
    pub(super) absent: HashSet<OwnedEventId>,
}

impl Fork<'_> {
    pub(super) async fn load(
        &self,
        events: impl IntoIterator<Item = EventNum>,
        loaded: &mut Loaded,
    ) -> Result<(), RoomsError> {
        for num in events {
            if loaded.by_num.contains_key(&num) {
                continue;
            }
            if loaded.by_num.len() >= EVENTS_LOADED_MAX {
                return Err(RoomsError::Resolution("the conflict needs too many events".to_owned()));
            }
            let event = match self.unwritten.events.iter().find(|(unwritten, _)| *unwritten == num) {
                Some((_, event)) => event.clone(),
                None => {
                    let meta = self.rooms.meta(self.reader, num).await?;
                    Judged::new(self.rooms.pdu(self.reader, num).await?, meta.rejected)
                }
            };
            loaded.nums.insert(event.pdu().event_id().to_owned(), num);
            loaded.by_num.insert(num, event);
        }
        Ok(())
    }

    pub(super) async fn load_ids(
        &self,
        ids: Vec<OwnedEventId>,
        loaded: &mut Loaded,
    ) -> Result<(), RoomsError> {
        for id in ids {
            if loaded.nums.contains_key(&id) || loaded.absent.contains(&id) {
                continue;
            }
            let unwritten = self.unwritten.events.iter().find(|(_, event)| *event.pdu().event_id() == id);
            let num = match unwritten {
                Some((num, _)) => Some(*num),
                None => self.rooms.event_num(self.reader, &id).await?,
            };
            match num {
                Some(num) => self.load([num], loaded).await?,
                None => drop(loaded.absent.insert(id)),
            }
        }
        Ok(())
    }
}
