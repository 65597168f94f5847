//! What one decision is made with, read once; who acts; who reads, and where they are.

use std::sync::Arc;

use calendar::{Address, Zone};
use cases::{Case, Refusal, Source, Via};
use jiff::civil::DateTime;
use kit::{Heard, texts::Lang};
use people::{Chart, Language};
use ruma::{OwnedServerName, UserId};

use super::{Change, Meetings};
use crate::{
    MeetingsError,
    act::{Action, decide},
    card::Pen,
    desk::{Actor, Booking, World},
    meeting::Meeting,
};

/// What one decision is made with.
pub(crate) struct Scene {
    pub chart: Arc<Chart>,
    pub server_name: OwnedServerName,
    pub bookings: Vec<Booking>,
    pub at_ms: u64,
}

impl Scene {
    pub fn world(&self) -> World<'_> {
        World {
            chart: &self.chart,
            server_name: &self.server_name,
            bookings: &self.bookings,
            at_ms: self.at_ms,
        }
    }

    /// Somebody does one thing more in a change.
    ///
    /// # Errors
    /// What is refused; nothing has changed then.
    pub fn act(&self, change: &mut Change, action: &Action, actor: &Actor) -> Result<(), Refusal> {
        change.then(|case| decide(case, action, actor, self.world()))
    }
}

/// Who reads.
#[derive(Clone)]
pub(crate) struct Reader {
    pub lang: Lang,
    pub zone: Zone,
}

impl Meetings {
    pub(crate) fn chart(&self) -> Arc<Chart> {
        self.parts().people.chart()
    }

    /// What people and meetings are shown with, now, where nothing is decided.
    pub(crate) fn world_at<'a>(&'a self, chart: &'a Chart, at_ms: u64) -> World<'a> {
        World { chart, server_name: self.kit().server_name(), bookings: &[], at_ms }
    }

    /// What a decision on a meeting is made with, now.
    pub(crate) async fn scene_of(&self, case: &Case<Meeting>, at_ms: u64) -> Result<Scene, MeetingsError> {
        let bookings = self.bookings(case.data.resources(), &case.id, at_ms).await?;
        let server_name = self.kit().server_name().to_owned();
        Ok(Scene { chart: self.chart(), server_name, bookings, at_ms })
    }

    /// Who acts by an event.
    pub(crate) fn actor(heard: &Heard) -> Actor {
        Actor {
            address: Some(Address::Matrix(heard.sender.clone())),
            via: Via::Matrix,
            source: Some(Source::event(heard.room.clone(), heard.event_id.clone())),
        }
    }

    /// The zone of a person: the staff list's, else the organisation's.
    pub(crate) fn zone_of(&self, user: &UserId) -> Zone {
        let chart = self.chart();
        let own = chart.by_account(user).map(|person| person.zone.as_str()).filter(|zone| !zone.is_empty());
        own.and_then(Zone::find).unwrap_or_else(|| self.parts().settings.zone.clone())
    }

    /// What the clock on somebody's wall shows.
    pub(crate) fn local_time(&self, user: &UserId, at_ms: u64) -> DateTime {
        self.zone_of(user).local(at_ms)
    }

    /// How somebody reads: the language that they chose here, else the staff list's, and their zone.
    pub(crate) async fn reader(&self, user: &UserId) -> Result<Reader, MeetingsError> {
        let chart = self.chart();
        let lang = match (self.kit().chosen_language(user).await?, chart.by_account(user)) {
            (Some(chosen), _) => chosen,
            (None, Some(person)) => match person.language {
                Language::Zh => Lang::Zh,
                Language::En => Lang::En,
            },
            (None, None) => self.kit().language(None, Some(user)).await?,
        };
        Ok(Reader { lang, zone: self.zone_of(user) })
    }

    /// How a meeting's home is written to: a direct chat for its person, a room in its own language and the meeting's zone.
    pub(crate) async fn reader_of_home(&self, meeting: &Meeting) -> Result<Reader, MeetingsError> {
        match meeting.organizer().filter(|_| meeting.home.is_direct && !meeting.is_taken_over) {
            Some(organizer) => self.reader(organizer).await,
            None => Ok(Reader {
                lang: self.kit().language(meeting.home.room.as_deref(), None).await?,
                zone: meeting.event.zone.clone(),
            }),
        }
    }

    /// How people are written to where they talk about a meeting: in the room that was made for it as in any room.
    pub(crate) async fn reader_of_talk(&self, meeting: &Meeting) -> Result<Reader, MeetingsError> {
        let Some(own) = meeting.own_room() else { return self.reader_of_home(meeting).await };
        let lang = self.kit().language(own.id.as_deref(), None).await?;
        Ok(Reader { lang, zone: meeting.event.zone.clone() })
    }

    /// What somebody is written to with.
    pub(crate) fn pen<'a>(&'a self, reader: &'a Reader) -> Pen<'a> {
        Pen { texts: self.kit().texts(), lang: reader.lang, zone: &reader.zone }
    }
}
