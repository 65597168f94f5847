//! Reminders of a meeting: to each in their chat, and in the room that was made for it.

use cases::Case;
use kit::{Letter, To, message, notice};
use store::Batch;

use super::{LOCALPART, Meetings, deliver::talk_of};
use crate::{MeetingsError, meeting::Meeting};

impl Meetings {
    /// Everybody who has not declined, each by a message of their own.
    pub(super) async fn remind(
        &self,
        batch: &mut Batch,
        case: &Case<Meeting>,
        minutes: u32,
        is_late: bool,
    ) -> Result<(), MeetingsError> {
        let Some(round) = &case.data.round else { return Ok(()) };
        let event = &case.data.event;
        let url = event.conference.as_ref().map_or("", |conference| &conference.url);
        let guests = case.data.expected(round.id).cloned();
        let people = guests.chain(case.data.organizer().map(ToOwned::to_owned));
        let mut readers = Vec::new();
        for user in people.filter(|user| !self.is_beyond(user)) {
            readers.push((self.reader(&user).await?, Some(user)));
        }
        // In the room everybody reads it, and nobody hears it twice.
        if case.data.own_room().is_some() {
            readers.push((self.reader_of_talk(&case.data).await?, None));
        }
        for (reader, user) in readers {
            let pen = self.pen(&reader);
            let when = pen.span_in_both(&event.zone, round.start, round.end, event.all_day);
            let minutes = minutes.to_string();
            let values = [("no", &*case.no), ("title", &event.title), ("when", &when), ("minutes", &minutes)];
            let mut text = pen.say(if is_late { "mt.remind_late" } else { "mt.remind" }, &values);
            for (key, what) in [("mt.place", event.location.as_deref().unwrap_or_default()), ("mt.link", url)]
            {
                let name = if key == "mt.link" { "url" } else { "place" };
                if !what.is_empty() {
                    text.push('\n');
                    text.push_str(&pen.say(key, &[(name, what)]));
                }
            }
            let reader = user.as_ref().map_or("room", |user| user.as_str());
            let key = format!("mi/{}/{}/{minutes}/{reader}", case.id, round.start_ms);
            let (to, content) = match user {
                Some(user) => (To::Direct(user.clone()), message(&text, &[user])),
                None => (talk_of(&case.data), notice(&text)),
            };
            self.kit().outbox().put(batch, Letter::message(key, LOCALPART, to, content));
        }
        Ok(())
    }
}
