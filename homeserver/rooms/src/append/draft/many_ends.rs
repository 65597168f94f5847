//! Own events in a room with more ends than one event can refer to.
//!
//! Such an event has the state of those ends before it that it names, as other servers will find, and not the current
//! state; judged by either, it becomes one end beside the others.

use model::{EventNum, Pdu, StateNum};

use super::Draft;
use crate::RoomsError;
use crate::append::judge::Judgement;
use crate::append::partial::NamedMembers;
use crate::append::taken::Taken;
use crate::append::{NewEvent, auth};

impl Draft {
    /// The state before the next event, where it cannot refer to all ends; otherwise it is the current one.
    pub(super) async fn state_of_some_ends(&mut self) -> Result<Option<StateNum>, RoomsError> {
        if !self.tip.has_many_ends() {
            return Ok(None);
        }
        let (rooms, named) = (self.rooms.clone(), self.tip.ends_to_name());
        let mut states = Vec::with_capacity(named.len());
        for (event, _) in named {
            states.push(rooms.meta(&rooms.parts.store, event).await?.state_after);
        }
        self.resolved(&states).await.map(Some)
    }

    /// Takes in an own event that has this state before it.
    pub(super) async fn take_on_some_ends(
        &mut self,
        new: &NewEvent,
        pdu: Pdu,
        authority: &auth::Authority,
        state_before: StateNum,
    ) -> Result<(EventNum, Pdu), RoomsError> {
        if let Some(refusal) = self.judge_by(&pdu, None, &NamedMembers::new()).await? {
            return Err(RoomsError::Forbidden(refusal.to_string()));
        }
        let event = self.rooms.parts.numbers.event_num().await?;
        let auth = authority.events().map(|(event, _)| *event).collect();
        let judgement = Judgement { refusal: None, state_before, auth, given: Vec::new() };
        let mut meta = self.foreign_meta(event, &pdu, &judgement, (false, false)).await?;
        self.note_request(new, event, &mut meta);
        let position = self.adopt(Taken { event, pdu: &pdu, meta, is_known: false }).await?;
        self.note_pushed(pdu.event_id().to_owned(), event, position);
        Ok((event, pdu))
    }
}
