//! What leaves the bot as calendar: people's calendars here, files to guests, mails to mailboxes.

use std::collections::BTreeSet;

use calendar::{Address, CalendarError, Event, EventStatus, RecurrenceId, ics::Method};
use cases::Case;
use kit::{Attachment, Letter, Related, Relation, To, notice};
use serde_json::json;
use store::Batch;

use super::{LOCALPART, Meetings, deliver::edit_key};
use crate::{
    MeetingsError,
    card::Card,
    meeting::{Meeting, state},
};

impl Meetings {
    /// Everybody of this server, and each resource, has the meeting in their calendar while they are asked to it.
    pub(crate) async fn keep_calendars(
        &self,
        batch: &mut Batch,
        before: Option<&Case<Meeting>>,
        after: &Case<Meeting>,
    ) -> Result<(), MeetingsError> {
        let server = self.kit().server_name();
        let owners = |case: &Case<Meeting>| -> BTreeSet<Address> {
            let is_kept = !matches!(case.state.as_str(), state::FINDING | state::CANCELLED);
            let people = case.data.accounts().into_iter().filter(|user| user.server_name() == server);
            let resources = case.data.resources().map(|name| Address::Resource(name.to_owned()));
            people.map(Address::Matrix).chain(resources).filter(|_| is_kept).collect()
        };
        let (old, new) = (before.map(owners).unwrap_or_default(), owners(after));
        let has_changed = before.is_none_or(|before| before.data.event != after.data.event);
        let calendars = &self.parts().calendars;
        for owner in new.iter().filter(|owner| has_changed || !old.contains(owner)) {
            match calendars.put(batch, owner, &after.data.event).await {
                // Whose calendar is full has the card all the same, and the others have their meeting.
                Err(CalendarError::TooLarge(what)) => {
                    tracing::warn!(%owner, what, meeting = after.no, "a meeting does not stand in a calendar");
                }
                other => other?,
            }
        }
        for owner in old.difference(&new) {
            calendars.remove(batch, owner, &after.data.event.uid).await?;
        }
        Ok(())
    }

    /// Whoever is asked, or has to be asked again, gets the file; whoever is asked no more the cancellation. Those who are here have it
    /// anew when the link is another one: it rings at nobody's.
    pub(crate) async fn invite(
        &self,
        batch: &mut Batch,
        before: Option<&Case<Meeting>>,
        after: &Case<Meeting>,
    ) -> Result<(), MeetingsError> {
        let event = &after.data.event;
        let old = before.map(asked).unwrap_or_default();
        let new = asked(after);
        let is_new_version = before.is_none_or(|before| before.data.event.sequence != event.sequence);
        let is_new_link = before.is_some_and(|before| before.data.event.conference != event.conference);
        let needs_it = |who: &Address| {
            is_new_version || !old.contains(who) || (is_new_link && matches!(who, Address::Matrix(_)))
        };
        for who in new.iter().filter(|who| needs_it(who)) {
            self.send_calendar(batch, after, Method::Request, event, who).await?;
        }
        for who in old.difference(&new) {
            self.send_cancellation(batch, after, who).await?;
        }
        Ok(())
    }

    /// The meeting does not take place for somebody.
    pub(super) async fn send_cancellation(
        &self,
        batch: &mut Batch,
        case: &Case<Meeting>,
        to: &Address,
    ) -> Result<(), MeetingsError> {
        let gone = Event { status: EventStatus::Cancelled, ..case.data.event.clone() };
        self.send_calendar(batch, case, Method::Cancel, &gone, to).await
    }

    /// The event as a file for who is here, as a letter for a mailbox.
    pub(super) async fn send_calendar(
        &self,
        batch: &mut Batch,
        case: &Case<Meeting>,
        method: Method,
        event: &Event,
        to: &Address,
    ) -> Result<(), MeetingsError> {
        match to {
            Address::Matrix(user) if self.is_beyond(user) => Ok(()),
            Address::Matrix(user) => {
                // The card rings; beside it stands the newest file, silently.
                let name = format!("mk/{}/{user}", case.id);
                let to = To::Direct(user.clone());
                let letter = self.file(case, method, event, edit_key(&name, case.rev), to);
                let card = Card::Guest(user.clone()).key(&case.id);
                let letter = letter.relating(Relation::Thread(Related::Letter(card)));
                self.kit().outbox().put_quietly(batch, letter, &name);
                Ok(())
            }
            Address::Email(mailbox) => match &self.parts().post {
                Some(post) => {
                    let event = self.event_for_guest(batch, case, method, event, mailbox).await?;
                    Ok(post.post(batch, method, &event.into(), mailbox).await?)
                }
                None => Ok(()),
            },
            // Their platforms have it in their calendars, or show a card.
            Address::Dingtalk(_) | Address::Feishu(_) | Address::Wecom(_) | Address::Resource(_) => Ok(()),
        }
    }

    /// The other time that a guest proposed by mail is not taken: the meeting, or the instance of it, stays as it is (RFC 5546, 3.2.8).
    pub(super) async fn decline_counter(
        &self,
        batch: &mut Batch,
        case: &Case<Meeting>,
        by: &Address,
        instance: Option<RecurrenceId>,
    ) -> Result<(), MeetingsError> {
        let (Address::Email(mailbox), Some(post)) = (by, &self.parts().post) else { return Ok(()) };
        let event = &case.data.event;
        let instance = instance.filter(|_| event.rrule.is_some());
        let item = instance.map_or_else(|| event.clone().into(), |id| event.instance(id));
        Ok(post.post(batch, Method::DeclineCounter, &item, mailbox).await?)
    }

    /// A message with the event as a file.
    pub(crate) fn file(
        &self,
        case: &Case<Meeting>,
        method: Method,
        event: &Event,
        key: String,
        to: To,
    ) -> Letter {
        let text = calendar::ics::write(Some(method), std::slice::from_ref(event));
        let name = format!("{}.ics", case.no);
        let mut content = notice(&name);
        content["msgtype"] = json!("m.file");
        let mimetype = format!("text/calendar; charset=utf-8; method={}", method.as_str());
        let attachment = Some(Attachment { name, mimetype, bytes: text.into_bytes() });
        Letter { attachment, ..Letter::message(key, LOCALPART, to, content) }
    }
}

/// The guests who have an invitation.
pub(super) fn asked(case: &Case<Meeting>) -> BTreeSet<Address> {
    match case.state.as_str() {
        state::FINDING | state::CANCELLED => BTreeSet::new(),
        _ => {
            // Who is asked by mail waits for the link.
            let waits = |address: &Address| matches!(address, Address::Email(_)) && case.data.awaits_room();
            let people = case.data.people().map(|attendee| &attendee.address);
            people.filter(|address| !waits(address)).cloned().collect()
        }
    }
}
