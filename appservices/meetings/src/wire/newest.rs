//! What the bot answers by mail by itself. Who asks how a meeting stands (RFC 5546, 3.2.6) gets it: all of a series with what differs,
//! or that it does not take place. Who proposes another time that breaks a rule hears that it is not taken.

use calendar::{Address, RecurrenceId, ics::Method};
use cases::Case;
use store::Batch;

use super::{Meetings, outbound::asked};
use crate::{
    MeetingsError,
    limits::MAIL_ANSWER_PAUSE_MS,
    meeting::{Meeting, state},
    tables::MAIL_ANSWERED,
};

impl Meetings {
    /// Sends somebody the newest version who is or was asked by mail.
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
        if !self.has_turn(batch, case, mailbox, Method::Refresh, at_ms).await? {
            return Ok(());
        }
        match method {
            Method::Cancel => self.send_cancellation(batch, case, who).await,
            _ => self.send_calendar(batch, case, method, &case.data.event, who).await,
        }
    }

    /// The other time that somebody proposed by mail breaks a rule: nobody here is asked, and they are told.
    pub(super) async fn refuse_counter(
        &self,
        batch: &mut Batch,
        case: &Case<Meeting>,
        by: &Address,
        instance: Option<RecurrenceId>,
        at_ms: u64,
    ) -> Result<(), MeetingsError> {
        let Address::Email(mailbox) = by else { return Ok(()) };
        if !self.has_turn(batch, case, mailbox, Method::Counter, at_ms).await? {
            return Ok(());
        }
        self.decline_counter(batch, case, by, instance).await
    }

    /// Whether a letter of this kind is answered now, which is noted then: of a mailbox one in [`MAIL_ANSWER_PAUSE_MS`], because
    /// senders can be forged.
    async fn has_turn(
        &self,
        batch: &mut Batch,
        case: &Case<Meeting>,
        mailbox: &str,
        method: Method,
        at_ms: u64,
    ) -> Result<bool, MeetingsError> {
        let method = method.as_str();
        let of = (case.id.clone(), mailbox.to_owned(), method.to_owned());
        let last_ms = self.kit().store().get(&MAIL_ANSWERED, &of).await?;
        if last_ms.is_some_and(|last_ms| at_ms < last_ms.saturating_add(MAIL_ANSWER_PAUSE_MS)) {
            tracing::info!(meeting = case.no, mailbox, method, "a mailbox writes again, and has its answer");
            return Ok(false);
        }
        batch.put(&MAIL_ANSWERED, &of, &at_ms);
        Ok(true)
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
