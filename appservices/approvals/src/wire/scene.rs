//! What one decision is made with, read once.

use std::sync::Arc;

use cases::Refusal;
use jiff::{civil::Date, tz::TimeZone};
use kit::{Heard, texts::Lang};
use office::Actor;
use people::{Chart, Person, PersonId};
use ruma::UserId;
use workdays::{WorkCalendar, local};

use super::{Approvals, Change};
use crate::{
    OfficeError,
    act::{Action, decide},
    desk::{Delegation, World},
    instance::Instance,
    template::{Reader, Template, Words, for_starter, with_choices},
};

/// What one decision is made with.
pub(crate) struct Scene {
    pub chart: Arc<Chart>,
    pub template: Arc<Template>,
    pub delegations: Vec<Delegation>,
    pub calendar: Arc<WorkCalendar>,
    /// The zone of the starter.
    pub zone: TimeZone,
    pub at_ms: u64,
}

impl Scene {
    pub fn world(&self) -> World<'_> {
        World {
            chart: &self.chart,
            template: &self.template,
            delegations: &self.delegations,
            zone: &self.zone,
            at_ms: self.at_ms,
        }
    }

    /// What people type is read with this.
    pub fn reader(&self) -> Reader<'_> {
        Reader { today: self.today(), chart: &self.chart, calendar: &self.calendar }
    }

    /// Today where the case lives.
    pub fn today(&self) -> Date {
        local(self.at_ms, &self.zone).date()
    }

    /// Somebody does one thing more in a change.
    ///
    /// # Errors
    /// What is refused; nothing has changed then.
    pub fn act(&self, change: &mut Change, action: &Action, actor: &Actor) -> Result<(), Refusal> {
        change.then(|case| decide(case, action, actor, self.world()))
    }
}

impl Approvals {
    /// What a decision on a case of this template is made with, now. The case lives where its starter works.
    pub(crate) async fn scene(
        &self,
        template: Arc<Template>,
        starter: Option<&PersonId>,
        at_ms: u64,
    ) -> Result<Scene, OfficeError> {
        let house = self.house().await?;
        let chart = house.chart();
        let starter = starter.and_then(|starter| chart.person(starter));
        let zone = house.zone_of(starter);
        let template = match starter {
            Some(starter) => {
                let words = |key| {
                    let [zh, en] = [Lang::Zh, Lang::En].map(|lang| self.pen(lang).say(key, &[]));
                    Words { zh, en }
                };
                let template = for_starter(template, starter, words("form.department"));
                with_choices(template, &starter.id, &chart, &words("form.approvers"))
            }
            None => template,
        };
        let calendar = house.workdays.calendar();
        Ok(Scene { chart, template, delegations: house.delegations().await?, calendar, zone, at_ms })
    }

    /// The same, for a case.
    pub(crate) async fn scene_of(&self, instance: &Instance, at_ms: u64) -> Result<Scene, OfficeError> {
        let template = self.house().await?.template(&instance.template, instance.version).await?;
        self.scene(template, Some(&instance.starter), at_ms).await
    }

    /// Who acts by an event.
    pub(crate) async fn actor(&self, heard: &Heard) -> Result<Actor, OfficeError> {
        let chart = self.house().await?.chart();
        Ok(Actor::of(&chart, heard))
    }

    /// The language of a person: what they chose here, else what the staff list says.
    pub(crate) async fn language_of(&self, person: &Person) -> Result<Lang, OfficeError> {
        Ok(office::language_of(self.kit(), person).await?)
    }

    /// The language of whoever has this account.
    pub(crate) async fn language_of_account(&self, account: &UserId) -> Result<Lang, OfficeError> {
        let chart = self.house().await?.chart();
        match chart.by_account(account) {
            Some(person) => self.language_of(person).await,
            None => Ok(self.kit().language(None, Some(account)).await?),
        }
    }

    /// The language of a person by number; Chinese for nobody.
    pub(crate) async fn language_of_id(&self, chart: &Chart, id: &PersonId) -> Result<Lang, OfficeError> {
        match chart.person(id) {
            Some(person) => self.language_of(person).await,
            None => Ok(Lang::Zh),
        }
    }
}
