//! Puts schedules into the calendar of the app. Adding one knows no key of ours, so what was begun is looked for by its mark before
//! it is added again; changing one replaces it, so it is read, changed and written.

use bridge_api::{EntryHead, EntryKey, EntryOnPlatform, Failure, FailureKind, Standing};
use serde_json::{Value, json};

use super::{
    Office,
    rows::{Entry, Stands, mark_of},
    sheet::{self, Sheet},
};
use crate::{
    client::{CallError, Meaning},
    lenient::{items, number, text},
    limits::{SCHEDULES_PAGE, SCHEDULES_PAGES_MAX},
};

/// What stands nowhere is called.
const NOWHERE: &str = "none";
/// How our calendar is called and shown there.
const CALENDAR_NAME: &str = "连桥 · Lianqiao";
const CALENDAR_COLOUR: &str = "#2F7DCD";
/// The status of a schedule that was deleted.
const DELETED: u64 = 1;

/// What one schedule shows.
#[derive(Clone, Copy)]
pub(super) struct Item<'a> {
    pub key: &'a EntryKey,
    /// By what it is found again.
    pub mark: &'a str,
    pub is_meeting: bool,
    /// Which instance of a series it is, where it is one that stands by itself.
    pub instance_ms: Option<u64>,
}

/// How a schedule that is not there comes there.
#[derive(Clone, Copy)]
pub(super) enum Birth<'a> {
    /// It is added.
    Added,
    /// It is cut out of the schedule of its series, where that is this one.
    CutOut(&'a str),
}

impl Office {
    /// Puts something into the calendar as it has to stand there, or takes it away where there is no sheet.
    pub(super) async fn put(
        &self,
        head: &EntryHead,
        is_meeting: bool,
        sheet: Option<Sheet>,
        known: Option<&EntryOnPlatform>,
    ) -> Result<EntryOnPlatform, Failure> {
        let _turn = self.putting.lock().await;
        let mark = mark_of(&head.key);
        if let Some(stands) = self.newest(&mark, head.revision).await? {
            return there(&stands);
        }
        let item = Item { key: &head.key, mark: &mark, is_meeting, instance_ms: None };
        let stands = self.stand(item, sheet.as_ref(), known, Birth::Added).await?;
        self.rows.note_revision(&mark, head.revision).await?;
        there(&stands)
    }

    /// Where something stands of which this revision, or a later one, stands there whole.
    pub(super) async fn newest(&self, mark: &str, revision: u64) -> Result<Option<Stands>, Failure> {
        let row = self.rows.entry(mark).await?;
        let whole = row.filter(|row| row.stands != Stands::Begun && revision <= row.revision);
        Ok(whole.map(|row| row.stands))
    }

    /// Sees to it that one schedule stands there, or does not where there is no sheet; where it stands then.
    pub(super) async fn stand(
        &self,
        item: Item<'_>,
        sheet: Option<&Sheet>,
        known: Option<&EntryOnPlatform>,
        birth: Birth<'_>,
    ) -> Result<Stands, Failure> {
        let row = self.rows.entry(item.mark).await?;
        let revision = row.as_ref().map_or(0, |row| row.revision);
        let schedule = match row.map(|row| row.stands) {
            Some(Stands::At(schedule)) => Some(schedule),
            Some(Stands::Begun) => self.found(item.mark).await?,
            Some(Stands::Nowhere) => None,
            None => known.map(EntryOnPlatform::as_str).filter(|id| *id != NOWHERE).map(str::to_owned),
        };
        let entry = |stands| Entry {
            key: item.key.clone(),
            is_meeting: item.is_meeting,
            instance_ms: item.instance_ms,
            standing: Standing::default(),
            stands,
            revision,
            answers: std::collections::BTreeMap::new(),
        };
        let stands = match (sheet, schedule) {
            (None, None) => Stands::Nowhere,
            (None, Some(schedule)) => {
                self.take_away(&schedule).await?;
                Stands::Nowhere
            }
            (Some(sheet), Some(schedule)) if self.renewed(&schedule, sheet).await? => Stands::At(schedule),
            (Some(sheet), _) => {
                self.rows.note(item.mark, entry(Stands::Begun)).await?;
                let cut_out = match (birth, item.instance_ms) {
                    (Birth::CutOut(series), Some(at_ms)) => self.cut_out(series, at_ms, sheet).await?,
                    _ => None,
                };
                match cut_out {
                    Some(schedule) => Stands::At(schedule),
                    None => Stands::At(self.add(sheet).await?),
                }
            }
        };
        self.rows.note(item.mark, entry(stands.clone())).await?;
        Ok(stands)
    }

    /// Adds a schedule, in another calendar where ours is gone.
    async fn add(&self, sheet: &Sheet) -> Result<String, Failure> {
        let calendar = self.calendar().await?;
        let added = match self.add_to(&calendar, sheet).await {
            Err(error)
                if matches!(error.meaning, Meaning::Refused(_)) && !self.is_there(&calendar).await? =>
            {
                tracing::warn!(%error, "the calendar of our meetings is gone; another one is made");
                self.rows.note_calendar(None).await?;
                self.add_to(&self.calendar().await?, sheet).await?
            }
            added => added?,
        };
        text(&added, "schedule_id").ok_or_else(|| nameless("schedule"))
    }

    async fn add_to(&self, calendar: &str, sheet: &Sheet) -> Result<Value, CallError> {
        let body = json!({"schedule": sheet.fields(calendar), "agentid": self.client.app()?.agent_id});
        self.client.post("oa/schedule/add", &body).await
    }

    /// Our calendar, which is made when there is none. One whose making nobody answered for stays there, empty and shared with
    /// nobody.
    pub(super) async fn calendar(&self) -> Result<String, Failure> {
        if let Some(known) = self.rows.calendar().await? {
            // Written anew, so that it is known as long as it is used.
            self.rows.note_calendar(Some(&known)).await?;
            return Ok(known);
        }
        let calendar = json!({
            "summary": CALENDAR_NAME, "description": CALENDAR_NAME, "color": CALENDAR_COLOUR,
            "readonly": 1, "set_as_default": 0, "shares": [],
        });
        let body = json!({"calendar": calendar, "agentid": self.client.app()?.agent_id});
        let made = self.client.post("oa/calendar/add", &body).await?;
        let made = text(&made, "cal_id").ok_or_else(|| nameless("calendar"))?;
        self.rows.note_calendar(Some(&made)).await?;
        Ok(made)
    }

    async fn is_there(&self, calendar: &str) -> Result<bool, CallError> {
        let answer = self.client.post("oa/calendar/get", &json!({"cal_id_list": [calendar]})).await?;
        Ok(!items(&answer, "calendar_list").is_empty())
    }

    /// Changes a schedule where it is not as it has to be; whether it is there at all.
    async fn renewed(&self, schedule: &str, sheet: &Sheet) -> Result<bool, Failure> {
        let Some(there) = self.read(&[schedule.to_owned()]).await?.into_iter().find(stands) else {
            return Ok(false);
        };
        if let Some(mut changed) = sheet.changed(&there) {
            changed["schedule_id"] = schedule.into();
            // Who is invited is changed apart, so that whoever has answered has answered still.
            let body = json!({"skip_attendees": 1, "schedule": changed});
            self.client.post("oa/schedule/update", &body).await?;
        }
        let (before, now) = (sheet::invited(&there), sheet.attendees());
        let changes = [
            ("oa/schedule/add_attendees", now.difference(&before).collect::<Vec<_>>()),
            ("oa/schedule/del_attendees", before.difference(now).collect()),
        ];
        for (path, users) in changes {
            if !users.is_empty() {
                let users: Vec<Value> = users.into_iter().map(|user| json!({"userid": user})).collect();
                self.client.post(path, &json!({"schedule_id": schedule, "attendees": users})).await?;
            }
        }
        Ok(true)
    }

    /// Deletes a schedule; one that is gone is gone.
    async fn take_away(&self, schedule: &str) -> Result<(), Failure> {
        let Err(error) = self.client.post("oa/schedule/del", &json!({"schedule_id": schedule})).await else {
            return Ok(());
        };
        let is_refused = matches!(error.meaning, Meaning::Refused(_));
        if is_refused && !self.read(&[schedule.to_owned()]).await?.iter().any(stands) {
            return Ok(());
        }
        Err(error.into())
    }

    /// Reads a schedule that does not exist: the platform looks at the app's rights before.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn read_no_schedule(&self) -> Result<(), Failure> {
        Ok(self.read(&[NOWHERE.to_owned()]).await.map(drop)?)
    }

    /// Schedules as they stand there, also deleted ones.
    pub(super) async fn read(&self, schedules: &[String]) -> Result<Vec<Value>, CallError> {
        let body = json!({"schedule_id_list": schedules});
        let answer = self.client.post("oa/schedule/get", &body).await.map_err(CallError::of_reading)?;
        Ok(items(&answer, "schedule_list").to_vec())
    }

    /// The schedule with this mark in our calendar.
    async fn found(&self, mark: &str) -> Result<Option<String>, Failure> {
        let Some(calendar) = self.rows.calendar().await? else { return Ok(None) };
        for page in 0..SCHEDULES_PAGES_MAX {
            let body = json!({"cal_id": calendar, "offset": page * SCHEDULES_PAGE, "limit": SCHEDULES_PAGE});
            let answer = match self.client.post("oa/schedule/get_by_calendar", &body).await {
                Ok(answer) => answer,
                Err(error)
                    if matches!(error.meaning, Meaning::Refused(_)) && !self.is_there(&calendar).await? =>
                {
                    return Ok(None);
                }
                Err(error) => return Err(error.of_reading().into()),
            };
            let schedules = items(&answer, "schedule_list");
            let ours = schedules.iter().find(|one| stands(one) && sheet::is_marked(one, mark));
            if let Some(found) = ours.and_then(|one| text(one, "schedule_id")) {
                return Ok(Some(found));
            }
            if schedules.len() < SCHEDULES_PAGE {
                return Ok(None);
            }
        }
        tracing::warn!("the calendar is too long to look through; a schedule may stand there twice");
        Ok(None)
    }
}

/// Whether a schedule is not deleted.
pub(super) fn stands(schedule: &Value) -> bool {
    number(schedule, "status") != Some(DELETED)
}

pub(super) fn there(stands: &Stands) -> Result<EntryOnPlatform, Failure> {
    let id = match stands {
        Stands::At(schedule) => schedule.as_str(),
        Stands::Begun | Stands::Nowhere => NOWHERE,
    };
    EntryOnPlatform::new(id)
        .map_err(|error| Failure::new(FailureKind::Garbled(format!("the id of a schedule: {error}"))))
}

fn nameless(what: &str) -> Failure {
    Failure::new(FailureKind::Garbled(format!("the platform gave the new {what} no id")))
}
