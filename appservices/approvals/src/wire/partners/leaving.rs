//! Who leaves while another server's case waits for them: whoever does now what they did is asked, and where nobody does, the
//! partner's bot hears it at once and not when its time is up.

use cases::{Case, CasesError};
use kit::{Heard, What};
use people::{Chart, PersonId};
use store::Batch;

use super::{
    Ended, Outcome,
    asked::{ASKED, KIND, OF_PERSON, Requested, role_for},
};
use crate::{
    OfficeError,
    limits::LEAVERS_CASES_MAX,
    wire::{Approvals, rooms::bot_of},
};

impl Approvals {
    /// Passes on what waits for somebody who has left; whether there was anything.
    pub(in crate::wire) async fn pass_on_requests(
        &self,
        batch: &mut Batch,
        left: &PersonId,
        chart: &Chart,
    ) -> Result<bool, OfficeError> {
        let house = self.house().await?;
        let mut moved = false;
        for id in house.cases.listed(KIND, OF_PERSON, &left.0).await?.into_iter().take(LEAVERS_CASES_MAX) {
            let Some(case) = house.cases.get::<Requested>(&id).await? else { continue };
            let able = chart.in_role(&role_for(&case.data.request)).to_vec();
            let is_nobody = able.is_empty();
            let new: Vec<PersonId> =
                able.into_iter().filter(|person| !case.data.people.contains(person)).collect();
            // Where others are asked already, and they are all who can, it waits for them.
            if new.is_empty() && !is_nobody {
                continue;
            }
            match self.pass_on_request(batch, &case, &new, chart).await {
                Ok(()) => moved = true,
                // Nothing of it is in the batch, and it holds up no other.
                Err(OfficeError::Cases(CasesError::Full(reason))) => {
                    tracing::error!(case = id, reason, "a request of a partner cannot be passed on");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(moved)
    }

    /// Asks these as well; where there are none, it is over here, and the partner's bot hears that nobody can.
    async fn pass_on_request(
        &self,
        batch: &mut Batch,
        case: &Case<Requested>,
        new: &[PersonId],
        chart: &Chart,
    ) -> Result<(), OfficeError> {
        let Some(sender) = bot_of(self.kit().server_name()) else { return Ok(()) };
        let heard = Heard {
            room: case.data.room.clone(),
            is_direct: false,
            sender,
            event_id: case.data.event.clone(),
            received_ms: self.kit().clock().now_ms(),
            thread: None,
            on: None,
            about: None,
            mentions: Vec::new(),
            what: What::Text(String::new()),
        };
        let mut after = case.clone();
        after.data.people.extend_from_slice(new);
        if new.is_empty() {
            after.state = Ended::Closed.state().to_owned();
            after.data.over = Some((Ended::Closed, heard.received_ms));
            after.data.owes.clear();
        }
        let (after, _) = self.write_request(batch, Some(case), after, (&heard, "left", ASKED, None)).await?;
        if !new.is_empty() {
            return self.ask_here(batch, &after, new, chart).await;
        }
        let request = &case.data.request;
        let of = (request.no.as_str(), request.task.as_str(), &case.data.event);
        self.put_answer(batch, &case.data.room, of, "l", Outcome::Nobody);
        self.edit_request_cards(batch, &after).await
    }
}
