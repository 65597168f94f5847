//! Who asks by mail how a meeting stands (RFC 5546, 3.2.6) gets it by mail: all of a series with what differs, or that it does not take
//! place.

use calendar::{Address, ics::Method};
use cases::Case;
use store::Batch;

use super::{Meetings, outbound::asked};
use crate::{
    MeetingsError,
    limits::NEWEST_PAUSE_MS,
    meeting::{Meeting, state},
    tables::NEWEST_SENT,
};

impl Meetings {
    /// Sends somebody the newest version who is or was asked by mail; once in [`NEWEST_PAUSE_MS`], because senders can be forged.
    pub(super) async fn send_newest(
        &self,
        batch: &mut Batch,
        case: &Case<Meeting>,
        who: &Address,
        at_ms: u64,
    ) -> Result<(), MeetingsError> {
        let (Address::Email(mailbox), Some(method)) = (who, owed(case, who)) else {
            tracing::info!(meeting = case.no, %who, "somebody who is not asked wants to know how a meeting stands");
            return Ok(());
        };
        let of = (case.id.clone(), mailbox.clone());
        let last_ms = self.kit().store().get(&NEWEST_SENT, &of).await?;
        if last_ms.is_some_and(|last_ms| at_ms < last_ms.saturating_add(NEWEST_PAUSE_MS)) {
            tracing::info!(meeting = case.no, %who, "a mailbox asks again how a meeting stands, and has it");
            return Ok(());
        }
        batch.put(&NEWEST_SENT, &of, &at_ms);
        match method {
            Method::Cancel => self.send_cancellation(batch, case, who).await,
            _ => self.send_calendar(batch, case, method, &case.data.event, who).await,
        }
    }
}

/// What somebody is to know of a meeting; nothing where they were never asked, or will be as soon as its room is there.
fn owed(case: &Case<Meeting>, who: &Address) -> Option<Method> {
    if asked(case).contains(who) {
        return Some(Method::Request);
    }
    let is_former = matches!(who, Address::Email(mailbox) if case.data.former.contains(mailbox));
    let is_called_off = case.state == state::CANCELLED && case.data.event.attendee(who).is_some();
    (is_former || is_called_off).then_some(Method::Cancel)
}
