//! Mailboxes that were asked to a meeting and are no more: whoever reads one and asks how the meeting stands is told that it does not
//! take place for them, and strangers are told nothing.

use calendar::{Address, Event};

use crate::{limits::FORMER_MAX, meeting::Meeting};

impl Meeting {
    /// Remembers who is asked no more since the event was like this, and forgets who is asked again.
    pub(crate) fn remember_former(&mut self, before: &Event) {
        let event = &self.event;
        if event.attendees == before.attendees {
            return;
        }
        let is_asked = |mailbox: &str| mailboxes(event).any(|asked| asked == mailbox);
        self.former.retain(|mailbox| !is_asked(mailbox));
        let gone = mailboxes(before).filter(|mailbox| !is_asked(mailbox));
        self.former.extend(gone.map(str::to_owned));
        let over = self.former.len().saturating_sub(FORMER_MAX);
        self.former.drain(..over);
    }
}

fn mailboxes(event: &Event) -> impl Iterator<Item = &str> {
    event.attendees.iter().filter_map(|attendee| match &attendee.address {
        Address::Email(mailbox) => Some(mailbox.as_str()),
        _ => None,
    })
}
