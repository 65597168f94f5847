//! Objects of a calendar: read, written and removed, each change with a number, so that programs can ask for what is new.
//!
//! Writers fill a batch that somebody else may add to and commit. A condition on the object makes two writers of one
//! event one after the other.

use model::StreamPos;
use sha2::{Digest as _, Sha256};
use store::{Batch, Scan};

use super::Calendars;
use crate::{
    Address, CalendarError, Event, Span,
    ics::Item,
    limits::{CHANGES_REMEMBERED_MAX, EVENTS_OF_PERSON_MAX, INSTANCES_MAX, PAGE_ROWS_MAX},
    tables::{CHANGES, ChangeRow, ENDS, FORGOTTEN, NAMES, NEWEST, OBJECTS, ObjectRow},
};

/// The end of a series that nobody can see the end of.
const ENDLESS_MS: u64 = u64::MAX / 2;

/// Letters of the name that an event of ours gets.
const NAME_LETTERS: usize = 32;

/// How many removals are forgotten at once.
const FORGET_ROWS: usize = 64;

/// Which version of an object there is: the number of its newest change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version(pub StreamPos);

/// An object of a calendar.
#[derive(Clone, Debug)]
pub(crate) struct Object {
    pub name: String,
    pub version: Version,
    pub row: ObjectRow,
}

/// What changed in a calendar.
pub(crate) struct Changes {
    /// Names of objects that were written.
    pub written: Vec<String>,
    /// Names of objects that are gone.
    pub removed: Vec<String>,
    /// Up to which change this is.
    pub until: u64,
    /// Whether there is more.
    pub is_cut: bool,
}

impl Calendars {
    /// Puts an event into somebody's calendar, over the version that is there.
    ///
    /// # Errors
    /// What [`Event::check`] says, and the store's own. The commit fails with a conflict when the event changes meanwhile.
    pub async fn put(&self, batch: &mut Batch, owner: &Address, event: &Event) -> Result<(), CalendarError> {
        event.check()?;
        let owner = owner.to_string();
        let name = match self.store().get(&NAMES, &(owner.as_str(), event.uid.as_str())).await? {
            Some(name) => name,
            None => name_of(&event.uid),
        };
        self.put_object(batch, &owner, &name, event.clone().into(), None).await
    }

    /// Takes an event out of somebody's calendar, if it is there.
    ///
    /// # Errors
    /// The store's own.
    pub async fn remove(&self, batch: &mut Batch, owner: &Address, uid: &str) -> Result<(), CalendarError> {
        let owner = owner.to_string();
        let Some(name) = self.store().get(&NAMES, &(owner.as_str(), uid)).await? else { return Ok(()) };
        self.remove_object(batch, &owner, &name).await
    }

    /// The event of this uid in somebody's calendar.
    ///
    /// # Errors
    /// The store's own.
    pub async fn event(&self, owner: &Address, uid: &str) -> Result<Option<Event>, CalendarError> {
        let owner = owner.to_string();
        let Some(name) = self.store().get(&NAMES, &(owner.as_str(), uid)).await? else { return Ok(None) };
        Ok(self.object(&owner, &name).await?.map(|object| object.row.item.event))
    }

    /// The events of somebody that may touch a time: all whose last instance ends after its beginning.
    ///
    /// # Errors
    /// The store's own.
    pub async fn events(&self, owner: &Address, within: Span) -> Result<Vec<Event>, CalendarError> {
        let objects = self.objects_within(&owner.to_string(), within).await?;
        Ok(objects.into_iter().map(|object| object.row.item.event).collect())
    }

    pub(crate) async fn object(&self, owner: &str, name: &str) -> Result<Option<Object>, CalendarError> {
        let found = self.store().get(&OBJECTS, &(owner, name)).await?;
        Ok(found.map(|(version, row)| Object { name: name.to_owned(), version: Version(version), row }))
    }

    /// All objects, or those that may touch a time.
    pub(crate) async fn objects_within(
        &self,
        owner: &str,
        within: Span,
    ) -> Result<Vec<Object>, CalendarError> {
        let mut found = Vec::new();
        let mut scan = Scan::prefix(owner).from(&(owner, within.from_ms, "")).limit(PAGE_ROWS_MAX);
        loop {
            let keys = self.store().scan_keys(&ENDS, scan).await?;
            let wanted: Vec<_> = keys.iter().map(|(owner, _, name)| (owner.clone(), name.clone())).collect();
            let rows = self.store().multi_get(&OBJECTS, &wanted).await?;
            for ((_, name), row) in wanted.into_iter().zip(rows) {
                // One that was removed between the two reads is not there any more.
                let Some((version, row)) = row else { continue };
                let event = row.event();
                if event.zone.at(event.start).at_ms < within.until_ms
                    || event.rrule.is_some()
                    || !event.overrides.is_empty()
                {
                    found.push(Object { name, version: Version(version), row });
                }
            }
            match keys.last() {
                Some(last) if keys.len() == PAGE_ROWS_MAX => {
                    scan = Scan::prefix(owner).after(last).limit(PAGE_ROWS_MAX);
                }
                Some(_) | None => return Ok(found),
            }
        }
    }

    /// Writes an object. `text` is the file that a program of its owner wrote.
    pub(crate) async fn put_object(
        &self,
        batch: &mut Batch,
        owner: &str,
        name: &str,
        item: Item,
        text: Option<String>,
    ) -> Result<(), CalendarError> {
        let key = (owner, name);
        let before = self.store().get(&OBJECTS, &key).await?;
        batch.expect_read(&OBJECTS, &key, before.as_ref());
        match &before {
            Some((change, row)) => {
                batch.delete(&CHANGES, &(owner, *change));
                batch.delete(&ENDS, &(owner, row.last_ms, name));
                if row.event().uid != item.event.uid {
                    batch.delete(&NAMES, &(owner, row.event().uid.as_str()));
                }
            }
            None => {
                let count = Scan::prefix(owner).limit(EVENTS_OF_PERSON_MAX);
                if self.store().count(&OBJECTS, count).await? >= EVENTS_OF_PERSON_MAX {
                    return Err(CalendarError::TooLarge("the number of events in the calendar"));
                }
            }
        }
        let change = batch.position();
        let last_ms = last_ms(&item.event)?;
        batch.put(&NAMES, &(owner, item.event.uid.as_str()), &name.to_owned());
        batch.put(&ENDS, &(owner, last_ms, name), &());
        batch.put(&CHANGES, &(owner, change), &ChangeRow { name: name.to_owned(), is_removed: false });
        batch.put(&NEWEST, owner, &change);
        batch.put(&OBJECTS, &key, &(change, ObjectRow { item, last_ms, text }));
        Ok(())
    }

    /// Removes an object, if it is there.
    pub(crate) async fn remove_object(
        &self,
        batch: &mut Batch,
        owner: &str,
        name: &str,
    ) -> Result<(), CalendarError> {
        let key = (owner, name);
        let Some(before) = self.store().get(&OBJECTS, &key).await? else { return Ok(()) };
        batch.expect_eq(&OBJECTS, &key, &before);
        let (change, row) = before;
        batch.delete(&OBJECTS, &key);
        batch.delete(&NAMES, &(owner, row.event().uid.as_str()));
        batch.delete(&ENDS, &(owner, row.last_ms, name));
        batch.delete(&CHANGES, &(owner, change));
        let change = batch.position();
        batch.put(&CHANGES, &(owner, change), &ChangeRow { name: name.to_owned(), is_removed: true });
        batch.put(&NEWEST, owner, &change);
        self.forget(batch, owner).await
    }

    /// Forgets the oldest removals when there are many; who asks for what happened before begins anew.
    async fn forget(&self, batch: &mut Batch, owner: &str) -> Result<(), CalendarError> {
        let many = Scan::prefix(owner).limit(CHANGES_REMEMBERED_MAX);
        if self.store().count(&CHANGES, many).await? < CHANGES_REMEMBERED_MAX {
            return Ok(());
        }
        let oldest = self.store().scan(&CHANGES, Scan::prefix(owner).limit(FORGET_ROWS)).await?;
        let mut forgotten = None;
        for ((_, change), row) in oldest.into_iter().filter(|(_, row)| row.is_removed) {
            tracing::debug!(owner, name = row.name, "a removal is forgotten");
            batch.delete(&CHANGES, &(owner, change));
            forgotten = Some(change);
        }
        if let Some(change) = forgotten {
            batch.put(&FORGOTTEN, owner, &change);
        }
        Ok(())
    }

    /// The number of the newest change; 0 before any.
    pub(crate) async fn newest(&self, owner: &str) -> Result<u64, CalendarError> {
        Ok(self.store().get(&NEWEST, owner).await?.map_or(0, StreamPos::get))
    }

    /// What changed after `since`; none when that is too long ago.
    pub(crate) async fn changes(
        &self,
        owner: &str,
        since: u64,
        rows_max: usize,
    ) -> Result<Option<Changes>, CalendarError> {
        let newest = self.newest(owner).await?;
        let forgotten = self.store().get(&FORGOTTEN, owner).await?.map_or(0, StreamPos::get);
        if since > newest || (since > 0 && since < forgotten) {
            return Ok(None);
        }
        let rows_max = rows_max.clamp(1, PAGE_ROWS_MAX);
        let scan = Scan::prefix(owner).after(&(owner, StreamPos::new(since))).limit(rows_max);
        let rows = self.store().scan(&CHANGES, scan).await?;
        let is_cut = rows.len() == rows_max;
        let until = match rows.last() {
            Some(((_, change), _)) => change.get(),
            None => newest,
        };
        let (removed, written): (Vec<_>, Vec<_>) =
            rows.into_iter().map(|(_, row)| row).partition(|row| row.is_removed);
        let names = |rows: Vec<ChangeRow>| rows.into_iter().map(|row| row.name).collect();
        Ok(Some(Changes { written: names(written), removed: names(removed), until, is_cut }))
    }
}

/// The name of an event that no program of the owner's named.
fn name_of(uid: &str) -> String {
    let digest = Sha256::digest(uid.as_bytes());
    let mut name: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    name.truncate(NAME_LETTERS);
    name
}

/// When the last instance ends. A series that was moved ends where its last exception does.
fn last_ms(event: &Event) -> Result<u64, CalendarError> {
    let starts = event.starts(INSTANCES_MAX)?;
    let is_endless = event.rrule.is_some() && starts.len() >= INSTANCES_MAX;
    if is_endless {
        return Ok(ENDLESS_MS);
    }
    let ids = starts.iter().chain(event.overrides.keys());
    Ok(ids.map(|id| event.occurrence(*id).end_ms).max().unwrap_or(ENDLESS_MS))
}
