//! When people are busy: by the calendar that is here, by their calendars elsewhere, and by what servers of partners say.

use async_trait::async_trait;
use futures_util::{FutureExt as _, StreamExt as _, TryStreamExt as _, stream};
use ruma::UserId;
use tokio::time::{Instant, timeout_at};

use super::{Asker, Calendars, Tier};
use crate::{
    Address, Busy, CalendarError, Schedule, Span, availability,
    limits::{
        INTERVALS_MAX, PARTNERS_TIME_MAX, QUESTION_INSTANCES_MAX, QUESTION_MS_MAX, QUESTION_PEOPLE_MAX,
    },
    time::{joined, kind_for},
};

/// People that are asked about at once.
const AT_ONCE: usize = 16;

/// Whoever can say when people are busy.
#[async_trait]
pub trait FreeBusy: Send + Sync {
    /// What is known of the time of each of `people`, in their order, as far as `asker` may know it.
    ///
    /// # Errors
    /// The store's own, and [`CalendarError::TooLarge`] for too wide a question. What cannot be asked elsewhere is no
    /// error: it is unknown.
    async fn schedules(
        &self,
        asker: &UserId,
        people: &[Address],
        within: Span,
    ) -> Result<Vec<Schedule>, CalendarError>;
}

#[async_trait]
impl FreeBusy for Calendars {
    async fn schedules(
        &self,
        asker: &UserId,
        people: &[Address],
        within: Span,
    ) -> Result<Vec<Schedule>, CalendarError> {
        if people.len() > QUESTION_PEOPLE_MAX || within.length_ms() > QUESTION_MS_MAX {
            return Err(CalendarError::TooLarge("the question: ask about fewer people or a shorter time"));
        }
        // One time for all: a silent server delays nobody for longer than one question takes.
        let deadline = Instant::now() + PARTNERS_TIME_MAX;
        let asked: Vec<_> =
            people.iter().map(|who| self.schedule(asker, who, within, deadline).boxed()).collect();
        stream::iter(asked).buffered(AT_ONCE).try_collect().await
    }
}

/// What another server is told of somebody's time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Availability {
    /// They may not know.
    Refused,
    /// Nobody knows.
    Unknown,
    /// When they are busy.
    Known(Vec<Busy>),
}

impl Calendars {
    /// What `asker` is told of the time of somebody of this server.
    ///
    /// # Errors
    /// The store's own, and [`CalendarError::TooLarge`] for too wide a question.
    pub async fn availability(
        &self,
        asker: Asker<'_>,
        who: &UserId,
        within: Span,
    ) -> Result<Availability, CalendarError> {
        if within.length_ms() > QUESTION_MS_MAX {
            return Err(CalendarError::TooLarge("the question: ask about a shorter time"));
        }
        let who = Address::Matrix(who.to_owned());
        let tier = if self.is_here(&who) { self.tier(asker, &who).await? } else { Tier::Nothing };
        if tier == Tier::Nothing {
            return Ok(Availability::Refused);
        }
        let schedule = self.schedule_here(&who, within, tier).await?;
        Ok(if schedule.known { Availability::Known(schedule.intervals) } else { Availability::Unknown })
    }

    fn is_here(&self, who: &Address) -> bool {
        match who {
            Address::Matrix(user) => user.server_name() == self.0.parts.server_name,
            Address::Resource(_) => true,
            Address::Email(_) | Address::Dingtalk(_) | Address::Feishu(_) | Address::Wecom(_) => false,
        }
    }

    /// What is known of one person's time, as far as the asker may know.
    async fn schedule(
        &self,
        asker: &UserId,
        who: &Address,
        within: Span,
        deadline: Instant,
    ) -> Result<Schedule, CalendarError> {
        if !self.is_here(who) {
            return Ok(match who.account() {
                Some(account) => self.schedule_there(asker, account, within, deadline).await,
                None => Schedule::unknown(who.clone()),
            });
        }
        match self.tier(Asker::Person(asker), who).await? {
            Tier::Nothing => Ok(Schedule::unknown(who.clone())),
            tier => self.schedule_here(who, within, tier).await,
        }
    }

    /// What a partner's server says of one of its people. We vouch for our own people alone, so nobody else can ask through us.
    async fn schedule_there(
        &self,
        asker: &UserId,
        who: &UserId,
        within: Span,
        deadline: Instant,
    ) -> Schedule {
        let unknown = || Schedule::unknown(Address::Matrix(who.to_owned()));
        let is_vouched_for = asker.server_name() == self.0.parts.server_name;
        let partner = self.0.parts.home.as_ref().filter(|home| home.is_partner(who.server_name()));
        let (Some(home), Some((start, end)), true) = (partner, availability::texts(within), is_vouched_for)
        else {
            return unknown();
        };
        let said = match timeout_at(deadline, home.availability(asker, who, (&start, &end))).await {
            Ok(Ok(said)) => said,
            Ok(Err(error)) => {
                tracing::debug!(%who, %error, "a partner's server does not say when somebody is busy");
                return unknown();
            }
            Err(_) => {
                tracing::info!(%who, "a partner's server does not say in time when somebody is busy");
                return unknown();
            }
        };
        let Some(intervals) = availability::read(&said, who, within) else {
            tracing::info!(%who, "what a partner's server says of somebody's time cannot be used");
            return unknown();
        };
        Schedule { known: true, intervals, ..unknown() }
    }

    /// What is known of the time of somebody of this server.
    async fn schedule_here(
        &self,
        who: &Address,
        within: Span,
        tier: Tier,
    ) -> Result<Schedule, CalendarError> {
        let own = self.own_busy(who, within, tier == Tier::Titles).await;
        let own = match own {
            // A series that cannot be expanded hides time.
            Err(CalendarError::Recurrence(reason)) => {
                tracing::warn!(%who, reason, "a calendar cannot be expanded; its owner's time is unknown");
                return Ok(Schedule::unknown(who.clone()));
            }
            other => other?,
        };
        let elsewhere = self.elsewhere(&who.to_string(), within).await?;
        let mut intervals = joined([own, elsewhere.intervals].concat(), within);
        let known = elsewhere.is_known && intervals.len() <= INTERVALS_MAX;
        intervals.truncate(INTERVALS_MAX);
        Ok(Schedule { who: who.clone(), known, intervals })
    }

    /// When somebody is busy by the calendar that is here.
    pub(crate) async fn own_busy(
        &self,
        who: &Address,
        within: Span,
        with_titles: bool,
    ) -> Result<Vec<Busy>, CalendarError> {
        let addresses = [who.clone()];
        let mut instances_left = QUESTION_INSTANCES_MAX;
        let mut intervals = Vec::new();
        for event in self.events(who, within).await? {
            let (occurrences, looked_at) = event.counted_occurrences(within, instances_left)?;
            instances_left = instances_left.saturating_sub(looked_at).max(1);
            for one in occurrences {
                let Some(kind) = kind_for(&event, &one, &addresses) else { continue };
                let title = with_titles.then(|| event.title.clone());
                intervals.push(Busy { from_ms: one.start_ms, until_ms: one.end_ms, kind, title });
            }
        }
        Ok(intervals)
    }
}
