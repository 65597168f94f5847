//! Puts meetings, and the single instances of a series that differ from it: the platform cuts an instance out of its series and makes a
//! schedule of its own of it, or of nothing. No instance ever goes back, so a series that moves from under them is made anew.

use bridge_api::{EntryKey, EntryOnPlatform, Exception, Failure, Meeting, Standing};
use serde_json::{Value, json};

use super::{
    Office,
    rows::{Stands, mark_of, mark_of_instance},
    schedules::{Birth, Item, stands, there},
    sheet::{People, Sheet},
};
use crate::{
    client::{CallError, Meaning},
    lenient::{items, number, text},
    limits::MEETING_OVER_AFTER_SECONDS,
};

/// An operation on one instance of a series alone, as the platform counts them.
const THIS_ALONE: u8 = 1;

impl Office {
    /// Puts a meeting, or takes it away where it does not take place.
    pub(super) async fn put_series(
        &self,
        meeting: &Meeting,
        people: People,
        known: Option<&EntryOnPlatform>,
    ) -> Result<EntryOnPlatform, Failure> {
        let _turn = self.putting.lock().await;
        let (key, revision) = (&meeting.head.key, meeting.head.revision);
        let mark = mark_of(key);
        if let Some(stands) = self.newest(&mark, revision).await? {
            return there(&stands);
        }
        let item = Item { key, mark: &mark, is_meeting: true, instance_ms: None };
        let sheet = (!meeting.is_canceled).then(|| Sheet::of_meeting(meeting, people.clone(), &mark));
        let mut standing = self.rows.entry(&mark).await?.map(|row| row.standing).unwrap_or_default();
        // What stands there as a single schedule says in words which instances differ.
        let is_series = sheet.as_ref().is_some_and(Sheet::is_series);
        let wanted = match is_series {
            true => standing.wanted(meeting),
            false => (standing == Standing::default()).then(Vec::new),
        };
        let wanted = match wanted {
            Some(wanted) => wanted,
            None => {
                self.clear(item, &standing, known).await?;
                standing = Standing::default();
                self.rows.note_standing(&mark, &standing).await?;
                if is_series { meeting.exceptions.clone() } else { Vec::new() }
            }
        };
        let series = self.stand(item, sheet.as_ref(), known, Birth::Added).await?;
        if let Stands::At(schedule) = &series {
            wanted.iter().for_each(|one| standing.note(meeting, one));
            self.rows.note_standing(&mark, &standing).await?;
            self.put_instances(meeting, &people, schedule, &wanted).await?;
        }
        self.rows.note_revision(&mark, revision).await?;
        let over_s = sheet.map(|sheet| sheet.over_s);
        self.watch(&mark, over_s).await?;
        there(&series)
    }

    /// Reads what people answer to something until it is over.
    async fn watch(&self, mark: &str, over_s: Option<u64>) -> Result<(), Failure> {
        let until_s = over_s.map(|over_s| over_s.saturating_add(MEETING_OVER_AFTER_SECONDS));
        let is_open = |until_s: &u64| self.clock.now_ms() / 1_000 < *until_s;
        Ok(self.rows.note_open(mark, until_s.filter(is_open)).await?)
    }

    /// Takes a series away with all instances that stand by themselves.
    async fn clear(
        &self,
        item: Item<'_>,
        standing: &Standing,
        known: Option<&EntryOnPlatform>,
    ) -> Result<(), Failure> {
        for at_ms in standing.changed() {
            self.put_instance(item.key, at_ms, None, Birth::Added).await?;
        }
        self.stand(item, None, known, Birth::Added).await.map(drop)
    }

    async fn put_instances(
        &self,
        meeting: &Meeting,
        people: &People,
        series: &str,
        wanted: &[Exception],
    ) -> Result<(), Failure> {
        if wanted.is_empty() {
            return Ok(());
        }
        let read = self.read(&[series.to_owned()]).await?;
        let excluded = read.iter().find(|one| stands(one)).map(excluded).unwrap_or_default();
        for one in wanted {
            let is_cut_out = excluded.contains(&(one.original_ms / 1_000));
            let mark = mark_of_instance(&meeting.head.key, Some(one.original_ms));
            let sheet = one.instead.as_ref();
            let sheet =
                sheet.map(|instead| Sheet::of_meeting(&meeting.instance(instead), people.clone(), &mark));
            let birth = if is_cut_out { Birth::Added } else { Birth::CutOut(series) };
            let row = self.rows.entry(&mark).await?;
            let stands_apart = row.is_some_and(|row| matches!(row.stands, Stands::At(_)));
            if !is_cut_out && (sheet.is_none() || stands_apart) {
                self.leave_out(series, one.original_ms).await?;
            }
            self.put_instance(&meeting.head.key, one.original_ms, sheet.as_ref(), birth).await?;
        }
        Ok(())
    }

    async fn put_instance(
        &self,
        key: &EntryKey,
        at_ms: u64,
        sheet: Option<&Sheet>,
        birth: Birth<'_>,
    ) -> Result<(), Failure> {
        let mark = mark_of_instance(key, Some(at_ms));
        // What never stood by itself need not be taken away.
        if sheet.is_none() && self.rows.entry(&mark).await?.is_none() {
            return Ok(());
        }
        let item = Item { key, mark: &mark, is_meeting: true, instance_ms: Some(at_ms) };
        self.stand(item, sheet, None, birth).await?;
        self.watch(&mark, sheet.map(|sheet| sheet.over_s)).await
    }

    /// Makes a schedule of its own of an instance; nothing where the platform does not, as it never does for an earlier day: then the
    /// series is without the instance all the same.
    pub(super) async fn cut_out(
        &self,
        series: &str,
        at_ms: u64,
        sheet: &Sheet,
    ) -> Result<Option<String>, Failure> {
        let mut schedule = sheet.fields(&self.calendar().await?);
        schedule["schedule_id"] = series.into();
        let body = json!({
            "skip_attendees": 0, "op_mode": THIS_ALONE, "op_start_time": at_ms / 1_000, "schedule": schedule,
        });
        let answer = self.client.post("oa/schedule/update", &body).await;
        let Some(answer) = unless_refused("cut out of", answer)? else {
            self.leave_out(series, at_ms).await?;
            return Ok(None);
        };
        Ok(text(&answer, "schedule_id").filter(|schedule| schedule != series))
    }

    /// Takes an instance out of its series.
    async fn leave_out(&self, series: &str, at_ms: u64) -> Result<(), Failure> {
        let body = json!({"schedule_id": series, "op_mode": THIS_ALONE, "op_start_time": at_ms / 1_000});
        unless_refused("taken out of", self.client.post("oa/schedule/del", &body).await).map(drop)
    }
}

/// Nothing where the platform does not know the instance: then it shows none there that had to be another one.
fn unless_refused(what: &'static str, answer: Result<Value, CallError>) -> Result<Option<Value>, Failure> {
    match answer {
        Err(error) if matches!(error.meaning, Meaning::Refused(_)) => {
            tracing::warn!(%error, what, "no such instance can be had from a series");
            Ok(None)
        }
        answer => Ok(Some(answer?)),
    }
}

/// When the instances would begin that a series has not any more, in seconds since the Unix epoch.
fn excluded(series: &Value) -> Vec<u64> {
    let reminders = series.get("reminders").cloned().unwrap_or_default();
    items(&reminders, "exclude_time_list").iter().filter_map(|one| number(one, "start_time")).collect()
}
