//! What one decision is made with, read once.

use std::sync::Arc;

use cases::{Case, Refusal};
use jiff::tz::TimeZone;
use kit::{Heard, Power, texts::Lang};
use office::Actor;
use people::{Chart, Person, PersonId};
use ruma::{OwnedUserId, RoomId, UserId};
use store::Batch;

use super::{Change, LOCALPART, Tasks};
use crate::{
    OfficeError,
    act::{Action, decide},
    card::Pen,
    desk::World,
    task::Task,
};

/// What one decision is made with.
pub(crate) struct Scene {
    pub chart: Arc<Chart>,
    pub zone: TimeZone,
    pub at_ms: u64,
    pub is_moderator: bool,
    pub is_at_home: bool,
    pub accepts_after_ms: Option<u64>,
}

impl Scene {
    pub fn world(&self) -> World<'_> {
        World {
            chart: &self.chart,
            zone: &self.zone,
            at_ms: self.at_ms,
            is_moderator: self.is_moderator,
            is_at_home: self.is_at_home,
            accepts_after_ms: self.accepts_after_ms,
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

impl Tasks {
    /// What a decision in this zone is made with.
    pub(crate) async fn scene(&self, zone: TimeZone, at_ms: u64) -> Result<Scene, OfficeError> {
        let house = self.house().await?;
        Ok(Scene {
            chart: house.chart(),
            zone,
            at_ms,
            is_moderator: false,
            is_at_home: false,
            accepts_after_ms: house.accepts_after_ms,
        })
    }

    /// The same, for a task, by the clock.
    pub(crate) async fn scene_of(&self, task: &Task) -> Result<Scene, OfficeError> {
        self.scene(zone_named(&task.zone), self.kit().clock().now_ms()).await
    }

    /// The same, for something that was heard about a task.
    pub(crate) async fn scene_at(&self, case: &Case<Task>, heard: &Heard) -> Result<Scene, OfficeError> {
        let mut scene = self.scene(zone_named(&case.data.zone), heard.received_ms).await?;
        scene.is_at_home = case.data.home.as_ref() == Some(&heard.room);
        Ok(scene)
    }

    /// Whether somebody moderates a room.
    pub(crate) async fn moderates(&self, room: &RoomId, user: &UserId) -> Result<bool, OfficeError> {
        let Some(intent) = self.kit().intent(LOCALPART) else { return Ok(false) };
        match Power::read(&intent, room).await {
            Ok(power) => Ok(power.moderates(user)),
            Err(kit::CallError::Refused { .. }) => Ok(false),
            Err(error) => Err(OfficeError::Later(error.to_string())),
        }
    }

    /// Who is in a room; nobody where the bot is not in it any more.
    pub(crate) async fn members(&self, room: &RoomId) -> Result<Vec<OwnedUserId>, OfficeError> {
        let Some(intent) = self.kit().intent(LOCALPART) else { return Ok(Vec::new()) };
        match intent.joined_members(room).await {
            Ok(members) => Ok(members),
            Err(kit::CallError::Refused { .. }) => Ok(Vec::new()),
            Err(error) => Err(OfficeError::Later(error.to_string())),
        }
    }

    /// Who acts by an event.
    pub(crate) async fn actor(&self, heard: &Heard) -> Result<Actor, OfficeError> {
        let chart = self.house().await?.chart();
        Ok(Actor::of(&chart, heard))
    }

    /// The person here who says something. Who is nobody here is told so (E108).
    pub(crate) async fn colleague(
        &self,
        heard: &Heard,
        batch: &mut Batch,
    ) -> Result<Option<Person>, OfficeError> {
        let chart = self.house().await?.chart();
        let me = chart.by_account(&heard.sender).cloned();
        if me.is_none() {
            self.refuse(batch, heard, &Refusal::new("E108").with("platform", "matrix")).await?;
        }
        Ok(me)
    }

    pub(crate) fn pen(&self, lang: Lang) -> Pen<'_> {
        Pen { texts: self.kit().texts(), lang }
    }

    /// The pen for what a room shows.
    pub(crate) async fn pen_of_room(&self, room: &RoomId) -> Result<Pen<'_>, OfficeError> {
        Ok(self.pen(self.kit().language(Some(room), None).await?))
    }

    /// The pen for what somebody alone is told: the language they chose here, else what the staff list says.
    pub(crate) async fn pen_of(&self, person: &Person) -> Result<Pen<'_>, OfficeError> {
        Ok(self.pen(office::language_of(self.kit(), person).await?))
    }

    /// The pen for whoever has this account.
    pub(crate) async fn pen_of_account(&self, account: &UserId) -> Result<Pen<'_>, OfficeError> {
        let chart = self.house().await?.chart();
        match chart.by_account(account) {
            Some(person) => self.pen_of(person).await,
            None => Ok(self.pen(self.kit().language(None, Some(account)).await?)),
        }
    }

    /// The accounts of people, as far as they have any.
    pub(crate) fn accounts<'p>(
        chart: &Chart,
        people: impl IntoIterator<Item = &'p PersonId>,
    ) -> Vec<OwnedUserId> {
        people.into_iter().filter_map(|id| chart.person(id)?.account.clone()).collect()
    }
}

/// The zone of this name; the default for one that is none.
pub(crate) fn zone_named(name: &str) -> TimeZone {
    workdays::named_zone(name).unwrap_or_else(workdays::default_zone)
}
