//! The edge: messages, votes and reactions become actions, effects become letters and timers, all in the batch that the
//! kit commits. Nothing is decided here.

mod anew;
mod attendance;
mod beyond;
mod bookings;
mod bot;
mod commands;
mod deliver;
mod dialogue;
mod doors;
mod entries;
mod find;
mod grants;
mod guests;
mod home;
mod leavers;
mod lists;
mod minutes;
mod named;
mod newest;
mod object;
mod outbound;
mod passwords;
mod polls;
mod reminders;
mod rooms;
mod scene;
mod search;
mod sources;
mod start;
mod tell;
mod timeline;
mod vocabulary;
mod words;

use std::sync::Arc;

use async_trait::async_trait;
use calendar::{
    Calendars, FreeBusy, Zone,
    ics::{Item, Method},
};
use cases::{Case, Cases, Refusal};
use jiff::civil::DateTime;
use kit::{BotError, Heard, Kit};
use people::People;
use ruma::UserId;
use store::Batch;
use tokio::sync::OnceCell;
use workdays::Workdays;

pub use self::home::Homeserver;
pub(crate) use self::scene::Scene;
use crate::{MeetingsError, Settings, act::Action, desk::Effect, meeting::Meeting, tables::MEETING_OF};

/// The part of the bot's user id before the colon.
pub const LOCALPART: &str = "meet";

/// The kind of these cases.
pub const KIND: &str = "meeting";

/// What numbers of meetings begin with.
pub(crate) const NUMBER_PREFIX: &str = "MT";

/// What [`Meetings`] is built from, beside the kit.
#[derive(Clone)]
pub struct MeetingsParts {
    /// The organisation.
    pub people: People,
    /// Its working days.
    pub workdays: Workdays,
    /// The calendars of its people.
    pub calendars: Calendars,
    /// Who knows when people are busy.
    pub free_busy: Arc<dyn FreeBusy>,
    /// Who makes tasks of what is to be done.
    pub todos: Arc<dyn Todos>,
    /// Who carries invitations to mailboxes; nobody where there is no mail.
    pub post: Option<Arc<dyn Post>>,
    /// The bot that keeps the ledger of the organisation, where records are held; without one they stand in the store alone.
    pub ledger: Option<&'static str>,
    /// From the configuration.
    pub settings: Settings,
}

/// A line of minutes that says what is to be done.
#[derive(Clone, Debug)]
pub struct TodoLine<'a> {
    /// What makes it one for ever.
    pub key: String,
    /// The line, with its mark.
    pub text: &'a str,
    /// Who organised the meeting, and is asked.
    pub organizer: &'a UserId,
    /// The number of the meeting.
    pub no: &'a str,
    /// When the minutes were summed up, in local time of the meeting.
    pub now: DateTime,
    /// The zone of the meeting.
    pub zone: &'a Zone,
}

/// Whoever makes tasks of to-dos, once people confirm them.
pub trait Todos: Send + Sync {
    /// Puts a to-do into the batch; the same key makes one. Why it cannot be a task, for who reads the minutes.
    ///
    /// # Errors
    /// The refusal, in words.
    fn propose(&self, kit: &Kit, batch: &mut Batch, todo: &TodoLine<'_>) -> Result<(), Refusal>;
}

/// Whoever carries invitations to mailboxes (iMIP).
#[async_trait]
pub trait Post: Send + Sync {
    /// Puts a message about an event, or about one instance of it, into the batch; it goes out after the commit.
    ///
    /// # Errors
    /// As for a bot.
    async fn post(&self, batch: &mut Batch, method: Method, item: &Item, to: &str) -> Result<(), BotError>;
}

/// The bot for meetings. Cloning it is one reference count.
#[derive(Clone)]
pub struct Meetings(Arc<Inner>);

struct Inner {
    kit: Kit,
    parts: MeetingsParts,
    /// Opened when it is needed first, because that reads the store.
    cases: OnceCell<Cases>,
}

/// A meeting that is being changed.
pub(crate) type Change = cases::Change<Meeting, Effect>;

impl Meetings {
    /// The bot over the kit. Reads nothing yet.
    #[must_use]
    pub fn new(kit: Kit, parts: MeetingsParts) -> Self {
        Self(Arc::new(Inner { kit, parts, cases: OnceCell::new() }))
    }

    pub(crate) fn kit(&self) -> &Kit {
        &self.0.kit
    }

    pub(crate) fn parts(&self) -> &MeetingsParts {
        &self.0.parts
    }

    pub(crate) async fn cases(&self) -> Result<&Cases, MeetingsError> {
        Ok(self.0.cases.get_or_try_init(|| office::cases_of(self.kit())).await?)
    }

    /// The meeting with this id.
    pub(crate) async fn case(&self, id: &str) -> Result<Option<Case<Meeting>>, MeetingsError> {
        Ok(self.cases().await?.get(id).await?)
    }

    /// The meeting whose event has this uid.
    pub(crate) async fn case_of(&self, uid: &str) -> Result<Option<Case<Meeting>>, MeetingsError> {
        match self.kit().store().get(&MEETING_OF, uid).await? {
            Some(id) => self.case(&id).await,
            None => Ok(None),
        }
    }

    /// Somebody does something with a meeting. Whether it was accepted; what is refused they are told, why not now.
    pub(crate) async fn act(
        &self,
        heard: &Heard,
        case: Case<Meeting>,
        action: &Action,
        batch: &mut Batch,
    ) -> Result<bool, MeetingsError> {
        let scene = self.scene_of(&case, heard.received_ms).await?;
        let actor = Self::actor(heard);
        let mut change = Change::of(case);
        match scene.act(&mut change, action, &actor) {
            Ok(()) => {
                self.carry_out(batch, change, &scene, heard.event_id.as_str()).await?;
                Ok(true)
            }
            Err(refusal) => {
                self.refuse(heard, &refusal, batch).await?;
                Ok(false)
            }
        }
    }

    /// Puts what was decided into the batch: the meeting, its records, and what they bring about. `marker` tells the
    /// letters of this event or timer from all others.
    pub(crate) async fn carry_out(
        &self,
        batch: &mut Batch,
        change: Change,
        scene: &Scene,
        marker: &str,
    ) -> Result<(), MeetingsError> {
        if !change.is_something() {
            return Ok(());
        }
        let Change { before, decision } = change;
        let (after, effects, records) =
            self.cases().await?.write_recorded(batch, before.as_ref(), decision)?;
        if let Some(ledger) = self.parts().ledger {
            office::keep_in_ledger(self.kit(), batch, ledger, &records).await?;
        }
        self.deliver(batch, before.as_ref(), &after, effects, scene, marker).await
    }
}
