//! When people are busy: by the calendar that is here, and by their calendars elsewhere.

use async_trait::async_trait;
use futures_util::{FutureExt as _, StreamExt as _, TryStreamExt as _, stream};
use ruma::UserId;

use super::{Calendars, Tier};
use crate::{
    Address, Busy, CalendarError, Schedule, Span,
    limits::{INTERVALS_MAX, QUESTION_INSTANCES_MAX, QUESTION_MS_MAX, QUESTION_PEOPLE_MAX},
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
        let asked: Vec<_> = people.iter().map(|who| self.schedule(asker, who, within).boxed()).collect();
        stream::iter(asked).buffered(AT_ONCE).try_collect().await
    }
}

impl Calendars {
    /// What is known of one person's time, as far as the asker may know.
    async fn schedule(&self, asker: &UserId, who: &Address, within: Span) -> Result<Schedule, CalendarError> {
        let is_here = match who {
            Address::Matrix(user) => user.server_name() == self.0.parts.server_name,
            Address::Resource(_) => true,
            Address::Email(_) | Address::Dingtalk(_) | Address::Feishu(_) | Address::Wecom(_) => false,
        };
        let tier = if is_here { self.tier(asker, who).await? } else { Tier::Nothing };
        if tier == Tier::Nothing {
            return Ok(Schedule::unknown(who.clone()));
        }
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
