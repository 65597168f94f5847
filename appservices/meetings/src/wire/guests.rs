//! Guests from outside at meetings that have the call of a room: with their invitation they get a link that lets them into that
//! room until the meeting is over. The homeserver keeps their accounts, asks whoever comes by a link for a code that it sends to the
//! invited mailbox, and decides what they may do.

use calendar::{Address, ConferenceKind, Event, Span, ics::Method};
use cases::Case;
use kit::{CallError, Letter, NewVisitor, To, notice};
use ruma::{OwnedRoomId, UserId};
use store::Batch;

use super::{LOCALPART, Meetings};
use crate::{
    MeetingsError,
    limits::{GUESTS_AHEAD_MS_MAX, GUESTS_STAY_MS},
    meeting::{Meeting, state},
};

impl Meetings {
    /// The event as the invitation to a mailbox shows it: with a link of its own where people talk, which works once. Without
    /// one where there is no such room, or the homeserver lets nobody in there, which the organiser is told.
    pub(super) async fn event_for_guest(
        &self,
        batch: &mut Batch,
        case: &Case<Meeting>,
        method: Method,
        event: &Event,
        mailbox: &str,
    ) -> Result<Event, MeetingsError> {
        let (Method::Request, Some(room)) = (method, room_of(event)) else { return Ok(event.clone()) };
        let (Some(base), Some(until_ms)) = (&self.parts().settings.public_url, self.over_ms(event)?) else {
            return Ok(event.clone());
        };
        let Some(intent) = self.kit().intent(LOCALPART) else { return Ok(event.clone()) };
        let address = Address::email(mailbox);
        let named = event.attendees.iter().find(|attendee| attendee.address == address);
        let name = named.map(|attendee| attendee.name.as_str()).filter(|name| !name.is_empty());
        let name = name.or_else(|| mailbox.split('@').next()).unwrap_or(mailbox).to_owned();
        let visitor = NewVisitor { address: mailbox.to_owned(), name, room, until_ms };
        let by = case.data.organizer().map_or("", UserId::as_str);
        match intent.invite_visitor(&visitor, by).await {
            Ok(invited) => {
                let mut event = event.clone();
                if let Some(conference) = &mut event.conference {
                    conference.url = format!("{base}{}", invited.path);
                }
                Ok(event)
            }
            Err(error @ CallError::Refused { .. }) => {
                tracing::warn!(%error, meeting = case.no, "a guest gets no link into the room");
                self.tell_of_no_link(batch, case, mailbox).await?;
                Ok(event.clone())
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn tell_of_no_link(
        &self,
        batch: &mut Batch,
        case: &Case<Meeting>,
        mailbox: &str,
    ) -> Result<(), MeetingsError> {
        let Some(organizer) = case.data.organizer() else { return Ok(()) };
        let reader = self.reader(organizer).await?;
        let values = [("no", &*case.no), ("who", mailbox)];
        let content = notice(&self.pen(&reader).say("mt.told.no_link", &values));
        let key = format!("mg/{}/{}/{mailbox}", case.id, case.data.event.sequence);
        let to = To::Direct(organizer.to_owned());
        self.kit().outbox().put(batch, Letter::message(key, LOCALPART, to, content));
        Ok(())
    }

    /// Guests go whom nobody asks any more, and everybody when the meeting does not take place, but for those whom another meeting
    /// of the room asks. Whose time is over goes by the homeserver's clock.
    pub(super) async fn end_visits(
        &self,
        before: Option<&Case<Meeting>>,
        after: &Case<Meeting>,
    ) -> Result<(), MeetingsError> {
        let Some(before) = before else { return Ok(()) };
        let (Some(room), Some(intent)) = (room_of(&before.data.event), self.kit().intent(LOCALPART)) else {
            return Ok(());
        };
        let here = guests(after);
        let mut gone = guests(before);
        gone.retain(|mailbox| !here.contains(mailbox));
        if !gone.is_empty() {
            for other in self.others_in(&room, &after.id).await? {
                let there = guests(&other);
                gone.retain(|mailbox| !there.contains(mailbox));
            }
        }
        for mailbox in gone {
            match intent.end_visit(&room, mailbox).await {
                Ok(()) | Err(CallError::Refused { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// When the last instance that is known of is over, and everybody has had time to say goodbye, in ms since 1970.
    fn over_ms(&self, event: &Event) -> Result<Option<u64>, MeetingsError> {
        let now_ms = self.kit().clock().now_ms();
        let within = Span { from_ms: now_ms, until_ms: now_ms + GUESTS_AHEAD_MS_MAX };
        let last = event.occurrences(within)?.into_iter().map(|instance| instance.end_ms).max();
        Ok(last.map(|end_ms| end_ms.min(within.until_ms) + GUESTS_STAY_MS))
    }
}

/// The room in whose call people talk.
fn room_of(event: &Event) -> Option<OwnedRoomId> {
    let conference = event.conference.as_ref()?;
    conference.room_id.clone().filter(|_| conference.kind == ConferenceKind::ElementCall)
}

/// The mailboxes that are asked to a meeting which takes place.
fn guests(case: &Case<Meeting>) -> Vec<&str> {
    if matches!(case.state.as_str(), state::FINDING | state::CANCELLED) {
        return Vec::new();
    }
    let mailboxes = case.data.people().filter_map(|attendee| match &attendee.address {
        Address::Email(mailbox) => Some(mailbox.as_str()),
        Address::Matrix(_)
        | Address::Dingtalk(_)
        | Address::Feishu(_)
        | Address::Wecom(_)
        | Address::Resource(_) => None,
    });
    mailboxes.collect()
}
