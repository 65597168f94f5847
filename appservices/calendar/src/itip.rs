//! Who may change what by sending a calendar (RFC 5546), as pure functions.
//!
//! A lower sequence is old; of an equal one the later `DTSTAMP` counts. Only the organiser asks and cancels, and only an
//! attendee answers for themselves, by an address that is proved to be theirs.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{
    Address, Attendee, Event, EventStatus, Override, Partstat, RecurrenceId,
    ics::{Item, Method},
};

/// What becomes of a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The organiser's word: this is the event now.
    Store(Event),
    /// The organiser cancelled all of it, or one instance: this is the event now.
    Cancelled {
        /// The event with the cancellation in it.
        event: Event,
        /// Which instance, if not all.
        instance: Option<RecurrenceId>,
    },
    /// An attendee answered: this is the event now.
    Answered {
        /// The event with the answer in it.
        event: Event,
        /// Who.
        attendee: Address,
        /// What.
        partstat: Partstat,
        /// To which instance, if not to all.
        instance: Option<RecurrenceId>,
    },
    /// An attendee proposes another time; nothing changes until the organiser agrees.
    Countered {
        /// Who.
        attendee: Address,
        /// The event as they want it.
        proposal: Event,
        /// Which instance, if not all.
        instance: Option<RecurrenceId>,
    },
    /// Somebody asks for the newest version. Whether they are or ever were asked to the event is for its keeper to know.
    Refresh {
        /// Who: the address that was asked, where one of theirs is.
        attendee: Address,
    },
    /// The organiser said no to a proposal of another time.
    ProposalDeclined,
    /// An older version than the one that is here, or the same: nothing to do.
    Stale,
    /// Only the organiser may do that, and the sender is not (E304).
    NotOrganizer,
    /// The answer is not the sender's own: ignored.
    NotAttendee,
    /// Somebody who was not asked answers: the organiser is to be asked about them.
    Stranger(Attendee),
    /// It is about an event that is not here.
    Unknown,
    /// It makes no sense: an answer without an attendee, a message without a method.
    Malformed,
}

/// What to do with `item`, sent with `method` by somebody to whom `sender` belongs: the address that the message came from
/// and those that are verified to be the same person's. `kept` is the event of that uid that is here.
#[must_use]
pub fn judge(kept: Option<&Event>, method: Option<Method>, item: &Item, sender: &[Address]) -> Verdict {
    let item = &in_time_of(kept, item);
    match method {
        Some(Method::Publish | Method::Request | Method::Add) => asked(kept, item, sender),
        Some(Method::Cancel) => cancelled(kept, item, sender),
        Some(Method::Reply | Method::Counter | Method::Refresh) => answered(kept, method, item, sender),
        Some(Method::DeclineCounter) => match is_organizer(kept, item, sender) {
            true => Verdict::ProposalDeclined,
            false => Verdict::NotOrganizer,
        },
        None => Verdict::Malformed,
    }
}

/// Programs name an instance in a zone of their own; here it is named in local time of the event that is here.
fn in_time_of<'a>(kept: Option<&Event>, item: &'a Item) -> Cow<'a, Item> {
    let (Some(kept), Some(id)) = (kept, item.instance) else { return Cow::Borrowed(item) };
    let here = kept.instance_named(id, &item.event.zone, item.event.all_day);
    match here == id {
        true => Cow::Borrowed(item),
        false => Cow::Owned(Item { instance: Some(here), ..item.clone() }),
    }
}

/// The organiser is the one of the event that is here, is named by the message, and sent it.
fn is_organizer(kept: Option<&Event>, item: &Item, sender: &[Address]) -> bool {
    let Some(named) = &item.event.organizer else { return false };
    let is_known = kept.is_none_or(|kept| {
        kept.organizer.as_ref().is_some_and(|organizer| {
            organizer.address == named.address
                // The same person by another of their addresses.
                || (sender.contains(&organizer.address) && sender.contains(&named.address))
        })
    });
    is_known && sender.contains(&named.address)
}

fn is_stale(kept: Option<&Event>, event: &Event) -> bool {
    kept.is_some_and(|kept| {
        event.sequence < kept.sequence || (event.sequence == kept.sequence && event.stamp_ms <= kept.stamp_ms)
    })
}

fn asked(kept: Option<&Event>, item: &Item, sender: &[Address]) -> Verdict {
    if !is_organizer(kept, item, sender) {
        return Verdict::NotOrganizer;
    }
    if is_stale(kept, &item.event) {
        return Verdict::Stale;
    }
    match (kept, item.instance) {
        (None, _) => Verdict::Store(item.event.clone()),
        (Some(kept), None) => Verdict::Store(item.event.clone().keeping(kept)),
        (Some(kept), Some(id)) => {
            let mut event = kept.clone();
            event.exdates.remove(&id);
            let change = Override::of(kept, id, &item.event);
            event.overrides.insert(id, change);
            event.sequence = item.event.sequence;
            event.stamp_ms = item.event.stamp_ms;
            Verdict::Store(event)
        }
    }
}

fn cancelled(kept: Option<&Event>, item: &Item, sender: &[Address]) -> Verdict {
    let Some(kept) = kept else { return Verdict::Unknown };
    if !is_organizer(Some(kept), item, sender) {
        return Verdict::NotOrganizer;
    }
    if is_stale(Some(kept), &item.event) {
        return Verdict::Stale;
    }
    let mut event = kept.clone();
    event.sequence = item.event.sequence;
    event.stamp_ms = item.event.stamp_ms;
    match item.instance {
        None => event.status = EventStatus::Cancelled,
        Some(id) => {
            event.overrides.remove(&id);
            event.exdates.insert(id);
        }
    }
    Verdict::Cancelled { event, instance: item.instance }
}

fn answered(kept: Option<&Event>, method: Option<Method>, item: &Item, sender: &[Address]) -> Verdict {
    let [answer] = item.event.attendees.as_slice() else { return own_among_many(kept, method, item, sender) };
    if !sender.contains(&answer.address) {
        return Verdict::NotAttendee;
    }
    let Some(kept) = kept else { return Verdict::Unknown };
    // They may answer by another of their addresses than the one that was asked.
    let asked = kept.attendee(&answer.address);
    let asked = asked.or_else(|| kept.attendees.iter().find(|attendee| sender.contains(&attendee.address)));
    if method == Some(Method::Refresh) {
        return Verdict::Refresh { attendee: asked.unwrap_or(answer).address.clone() };
    }
    let Some(asked) = asked else { return Verdict::Stranger(answer.clone()) };
    let before = (asked.answered_sequence, asked.answered_ms);
    let is_old = item.event.sequence < kept.sequence || (item.event.sequence, item.event.stamp_ms) <= before;
    if is_old && item.event.stamp_ms > 0 {
        return Verdict::Stale;
    }
    if method == Some(Method::Counter) {
        let attendee = asked.address.clone();
        return Verdict::Countered { attendee, proposal: item.event.clone(), instance: item.instance };
    }
    let (attendee, partstat) = (asked.address.clone(), answer.partstat);
    let mut event = kept.clone();
    for one in event.attendees.iter_mut().filter(|one| one.address == attendee) {
        one.answered_sequence = item.event.sequence;
        one.answered_ms = item.event.stamp_ms;
        if item.instance.is_none() {
            one.partstat = partstat;
        }
    }
    if let Some(id) = item.instance {
        event.overrides.entry(id).or_default().answers.insert(attendee.clone(), partstat);
    }
    Verdict::Answered { event, attendee, partstat, instance: item.instance }
}

/// Some programs answer, or propose, with all attendees in the file: the sender's own line counts, if there is one.
fn own_among_many(kept: Option<&Event>, method: Option<Method>, item: &Item, sender: &[Address]) -> Verdict {
    let mut own = item.event.attendees.iter().filter(|attendee| sender.contains(&attendee.address));
    match (own.next(), own.next()) {
        (Some(answer), None) => {
            let event = Event { attendees: vec![answer.clone()], ..item.event.clone() };
            answered(kept, method, &Item { event, instance: item.instance }, sender)
        }
        (None, _) if !item.event.attendees.is_empty() => Verdict::NotAttendee,
        _ => Verdict::Malformed,
    }
}
