//! What is written down of our calendar: which one it is, which schedule shows what, what people answered, and which meetings are
//! still to come.

use std::{collections::BTreeMap, sync::Arc};

use bridge_api::{Action, EntryKey, PersonId, Shelf, ShelfRefused, Standing, digest};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use crate::limits::{ENTRY_KEPT_MS, MEETINGS_OPEN_MAX};

/// Characters of the mark by which a schedule is found again.
const MARK_CHARACTERS: usize = 16;
/// Where it lies which meetings are to come.
const OPEN: &str = "office:open";

/// Where something of ours stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stands {
    /// It was put there, and what became of it was never written down.
    Begun,
    /// In this schedule.
    At(String),
    /// Nowhere: it was taken away, or never had to stand there.
    Nowhere,
}

/// What somebody answered to a meeting, as far as it was told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// What; nothing while they have not, or not any more.
    pub action: Option<Action>,
    /// How often they did.
    pub times: u32,
}

/// A meeting or a task of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// What it is called here.
    pub key: EntryKey,
    /// Whether it is a meeting, which people answer.
    pub is_meeting: bool,
    /// Which instance of a series it is, where it is one that stands by itself.
    #[serde(default)]
    pub instance_ms: Option<u64>,
    /// Which instances of it are no longer those of its series.
    #[serde(default)]
    pub standing: Standing,
    /// Where it stands.
    pub stands: Stands,
    /// The revision that stands there.
    pub revision: u64,
    /// What people answered.
    pub answers: BTreeMap<PersonId, Answered>,
}

/// The mark of an entry: short enough for the last line of a description.
pub fn mark_of(key: &EntryKey) -> String {
    digest(key.as_str().as_bytes()).chars().take(MARK_CHARACTERS).collect()
}

/// The mark of a single instance of a series, or of all of it.
pub fn mark_of_instance(key: &EntryKey, instance_ms: Option<u64>) -> String {
    match instance_ms {
        None => mark_of(key),
        Some(at_ms) => digest(format!("{key} {at_ms}").as_bytes()).chars().take(MARK_CHARACTERS).collect(),
    }
}

/// The rows.
pub struct Rows {
    shelf: Arc<dyn Shelf>,
    /// The row of the calendar, which belongs to one app of one company.
    calendar: String,
    /// Rows are read, changed and written one after the other.
    turn: Mutex<()>,
}

impl Rows {
    /// Rows on `shelf` of the app with this number in this company.
    pub fn new(shelf: Arc<dyn Shelf>, corp: &str, agent: u64) -> Self {
        let calendar = format!("office:calendar:{}", digest(format!("{corp}\n{agent}").as_bytes()));
        Self { shelf, calendar, turn: Mutex::new(()) }
    }

    /// The calendar that the app made.
    ///
    /// # Errors
    /// When the shelf refuses.
    pub async fn calendar(&self) -> Result<Option<String>, ShelfRefused> {
        self.shelf.read(&self.calendar).await
    }

    /// Notes the calendar that the app made, or that it is gone.
    ///
    /// # Errors
    /// When the shelf refuses.
    pub async fn note_calendar(&self, calendar: Option<&str>) -> Result<(), ShelfRefused> {
        match calendar {
            Some(calendar) => self.shelf.write(&self.calendar, calendar, ENTRY_KEPT_MS).await,
            None => self.shelf.remove(&self.calendar).await,
        }
    }

    /// The entry with this mark.
    ///
    /// # Errors
    /// When the shelf refuses.
    pub async fn entry(&self, mark: &str) -> Result<Option<Entry>, ShelfRefused> {
        self.shelf.read(&entry_row(mark)).await
    }

    /// The mark of what stands in a schedule.
    ///
    /// # Errors
    /// When the shelf refuses.
    pub async fn mark_at(&self, schedule: &str) -> Result<Option<String>, ShelfRefused> {
        self.shelf.read(&schedule_row(schedule)).await
    }

    /// Notes where something stands; what people answered, and which instances differ, stays as it was noted.
    ///
    /// # Errors
    /// When the shelf refuses.
    pub async fn note(&self, mark: &str, mut entry: Entry) -> Result<(), ShelfRefused> {
        let _turn = self.turn.lock().await;
        if let Some(known) = self.entry(mark).await? {
            (entry.answers, entry.standing) = (known.answers, known.standing);
        }
        if let Stands::At(schedule) = &entry.stands {
            self.shelf.write(&schedule_row(schedule), mark, ENTRY_KEPT_MS).await?;
        }
        self.shelf.write(&entry_row(mark), &entry, ENTRY_KEPT_MS).await
    }

    /// Notes which instances of a series differ from it.
    ///
    /// # Errors
    /// When the shelf refuses.
    pub async fn note_standing(&self, mark: &str, standing: &Standing) -> Result<(), ShelfRefused> {
        let _turn = self.turn.lock().await;
        let Some(mut entry) = self.entry(mark).await? else { return Ok(()) };
        entry.standing.clone_from(standing);
        self.shelf.write(&entry_row(mark), &entry, ENTRY_KEPT_MS).await
    }

    /// Notes that all of a revision stands there.
    ///
    /// # Errors
    /// When the shelf refuses.
    pub async fn note_revision(&self, mark: &str, revision: u64) -> Result<(), ShelfRefused> {
        let _turn = self.turn.lock().await;
        let Some(mut entry) = self.entry(mark).await? else { return Ok(()) };
        entry.revision = revision;
        self.shelf.write(&entry_row(mark), &entry, ENTRY_KEPT_MS).await
    }

    /// Notes what people answered.
    ///
    /// # Errors
    /// When the shelf refuses.
    pub async fn note_answers(
        &self,
        mark: &str,
        answers: impl IntoIterator<Item = (PersonId, Option<Action>)>,
    ) -> Result<(), ShelfRefused> {
        let _turn = self.turn.lock().await;
        let Some(mut entry) = self.entry(mark).await? else { return Ok(()) };
        for (person, action) in answers {
            let known = entry.answers.entry(person).or_default();
            known.times = known.times.saturating_add(u32::from(action.is_some()));
            known.action = action;
        }
        self.shelf.write(&entry_row(mark), &entry, ENTRY_KEPT_MS).await
    }

    /// The marks of meetings that are to come, and when they are over, in seconds since the Unix epoch.
    ///
    /// # Errors
    /// When the shelf refuses.
    pub async fn open(&self) -> Result<BTreeMap<String, u64>, ShelfRefused> {
        Ok(self.shelf.read(OPEN).await?.unwrap_or_default())
    }

    /// Notes until when a meeting is to come; nothing when it is not any more.
    ///
    /// # Errors
    /// When the shelf refuses.
    pub async fn note_open(&self, mark: &str, over_s: Option<u64>) -> Result<(), ShelfRefused> {
        let _turn = self.turn.lock().await;
        let mut open = self.open().await?;
        let before = open.get(mark).copied();
        match over_s {
            Some(over_s) if before.is_some() || open.len() < MEETINGS_OPEN_MAX => {
                open.insert(mark.to_owned(), over_s);
            }
            Some(_) => tracing::warn!("too many meetings are to come: answers to one more may be missed"),
            None => drop(open.remove(mark)),
        }
        if open.get(mark).copied() == before {
            return Ok(());
        }
        self.shelf.write(OPEN, &open, ENTRY_KEPT_MS).await
    }
}

fn entry_row(mark: &str) -> String {
    format!("office:entry:{mark}")
}

fn schedule_row(schedule: &str) -> String {
    format!("office:schedule:{}", digest(schedule.as_bytes()))
}

#[cfg(test)]
mod tests {
    use bridge_api::double::Rows as Memory;

    use super::*;

    fn entry(revision: u64) -> Entry {
        Entry {
            key: EntryKey::new("m/1").expect("a key"),
            is_meeting: true,
            instance_ms: None,
            standing: Standing::default(),
            stands: Stands::At("s1".into()),
            revision,
            answers: BTreeMap::new(),
        }
    }

    #[tokio::test]
    async fn what_people_answered_outlives_a_change_of_the_meeting() {
        let rows = Rows::new(Arc::new(Memory::default()), "ww1", 1);
        let li = PersonId::new("li").expect("an id");
        let mark = mark_of(&entry(1).key);
        assert_eq!(mark.len(), MARK_CHARACTERS);
        rows.note(&mark, entry(1)).await.expect("noted");
        rows.note_answers(&mark, [(li.clone(), Some(Action::Accept))]).await.expect("noted");
        rows.note(&mark, entry(2)).await.expect("noted");
        let known = rows.entry(&mark).await.expect("read").expect("there");
        assert_eq!((known.revision, known.answers[&li].times), (2, 1));
        assert_eq!(rows.mark_at("s1").await, Ok(Some(mark)));
    }

    #[tokio::test]
    async fn another_app_has_another_calendar_and_meetings_to_come_are_bounded() {
        let shelf: Arc<Memory> = Arc::default();
        let rows = Rows::new(shelf.clone(), "ww1", 1);
        rows.note_calendar(Some("wc1")).await.expect("noted");
        assert_eq!(Rows::new(shelf.clone(), "ww1", 2).calendar().await, Ok(None));
        assert_eq!(Rows::new(shelf, "ww1", 1).calendar().await, Ok(Some("wc1".into())));
        for number in 0..=MEETINGS_OPEN_MAX {
            rows.note_open(&format!("{number:016}"), Some(u64::MAX)).await.expect("noted");
        }
        let open = rows.open().await.expect("read");
        let bytes = serde_json::to_vec(&open).expect("written").len();
        assert!(open.len() == MEETINGS_OPEN_MAX && bytes <= bridge_api::limits::SHELF_VALUE_BYTES_MAX);
        rows.note_open(&format!("{:016}", 0), None).await.expect("noted");
        assert_eq!(rows.open().await.expect("read").len(), MEETINGS_OPEN_MAX - 1);
    }
}
