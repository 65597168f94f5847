//! Who is asked to a meeting changes, and whose it is.

use calendar::{Address, Attendee, Partstat, Party, Role};
use cases::Refusal;
use ruma::OwnedUserId;

use crate::{
    desk::{Desk, Effect, Shown, field_refused},
    limits::{ATTENDEES_MAX, ORPHAN_NOTICE_MS},
};

impl Desk<'_> {
    pub fn add(&mut self, people: &[Attendee]) -> Result<(), Refusal> {
        self.organizer_only()?;
        self.still_open()?;
        let event = &mut self.case.data.event;
        for attendee in people {
            let is_organizer =
                event.organizer.as_ref().is_some_and(|party| party.address == attendee.address);
            if !is_organizer && event.attendee(&attendee.address).is_none() {
                let mut attendee = attendee.clone();
                if matches!(attendee.address, Address::Resource(_)) {
                    attendee.partstat = Partstat::Accepted;
                }
                event.attendees.push(attendee);
            }
        }
        if event.attendees.len() > ATTENDEES_MAX {
            return Err(field_refused("mt.form.people", "mt.form.many", ATTENDEES_MAX.to_string()));
        }
        if self.case.data.event.attendees == self.before.attendees {
            return Ok(());
        }
        self.check_event()?;
        let state = self.case.state.clone();
        self.record("add", &state);
        Ok(())
    }

    pub fn remove(&mut self, people: &[Address]) -> Result<(), Refusal> {
        self.organizer_only()?;
        self.still_open()?;
        let gone: Vec<_> = self.case.data.guests().map(|(user, _)| user.clone()).collect();
        let gone = gone.into_iter().filter(|user| people.contains(&Address::Matrix(user.clone())));
        let organizer = self.before.organizer.as_ref().map(|party| party.address.clone());
        let event = &mut self.case.data.event;
        event.attendees.retain(|attendee| {
            Some(&attendee.address) == organizer.as_ref() || !people.contains(&attendee.address)
        });
        if event.attendees == self.before.attendees {
            return Err(field_refused("mt.form.people", "mt.form.not_asked", "!meet remove MT-… @lisi"));
        }
        for other in event.overrides.values_mut() {
            other.answers.retain(|address, _| !people.contains(address));
        }
        self.case.data.counters.retain(|counter| !people.contains(&counter.by));
        let state = self.case.state.clone();
        self.record("remove", &state);
        let no = Shown::Plain(self.case.no.clone());
        for user in gone {
            self.tell(&user, "mt.told.removed", vec![("no", no.clone())], false);
        }
        Ok(())
    }

    /// The organiser has left: somebody above them takes it over; where nobody is, it is cancelled after a notice.
    pub fn hand_over(&mut self, to: Option<&OwnedUserId>) -> Result<(), Refusal> {
        self.still_open()?;
        let no = Shown::Plain(self.case.no.clone());
        let state = self.case.state.clone();
        let Some(to) = to else {
            if self.case.data.orphaned_until_ms.is_none() {
                let at_ms = self.world.at_ms + ORPHAN_NOTICE_MS;
                self.meeting().orphaned_until_ms = Some(at_ms);
                self.effects.push(Effect::Timer { name: "orphan".to_owned(), at_ms });
                self.record("orphan", &state);
                let day = self.case.data.event.zone.local(at_ms);
                let values = [("no", no), ("day", Shown::Plain(day.strftime("%m-%d").to_string()))];
                self.tell_guests("mt.told.orphaned", &values, true);
            }
            return Ok(());
        };
        let name = self.world.name(to);
        let meeting = self.meeting();
        meeting.orphaned_until_ms = None;
        meeting.is_taken_over = true;
        let event = &mut meeting.event;
        let before = event.organizer.take().map(|party| party.address);
        event.organizer = Some(Party { address: to.clone().into(), name: name.clone() });
        event.attendees.retain(|attendee| Some(&attendee.address) != before.as_ref());
        match event.attendees.iter_mut().find(|attendee| attendee.address.account() == Some(to)) {
            Some(attendee) => (attendee.role, attendee.partstat) = (Role::Chair, Partstat::Accepted),
            None => event.attendees.push(Attendee {
                role: Role::Chair,
                partstat: Partstat::Accepted,
                ..crate::meeting::asked(to.clone().into(), name.clone(), Role::Chair)
            }),
        }
        self.effects.push(Effect::Cancel { name: "orphan".to_owned() });
        self.record("hand_over", &state);
        self.tell(to, "mt.told.yours", vec![("no", no.clone())], true);
        self.tell_guests("mt.told.handed_over", &[("no", no), ("who", Shown::Plain(name))], false);
        Ok(())
    }
}
