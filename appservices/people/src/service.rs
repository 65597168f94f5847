//! Keeping the organisation: its versions, and the staff lists that wait to be applied.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::{Clock, Rng};
use parking_lot::RwLock;
use ruma::{OwnedServerName, UserId};
use store::{Batch, Scan, Store, StoreError};

use crate::{
    Chart, DepartmentNote, DepartmentPath, PeopleError, Person, PersonId,
    import::{self, Change, Encoding, Kind, Plan, StaffList},
    limits::{DRY_RUN_KEPT_MS, DRY_RUNS_MAX, PAGE_ROWS_MAX},
    tables::{DEPARTMENT, DRY_RUN, DepartmentRow, DryRunRow, LOCALPART, NEWEST, PERSON, VERSION, VersionRow},
};

/// Characters of the id of a dry run.
const ID_LENGTH: usize = 8;

/// The owner of localparts that are nobody's: no employee number is empty.
const NOBODY: &str = "";

/// What [`People`] is built from.
#[derive(Clone)]
pub struct PeopleParts {
    /// The store that holds the tables of [`crate::tables`].
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// Randomness for the ids of dry runs.
    pub rng: Rng,
    /// The server of people's accounts.
    pub server_name: OwnedServerName,
}

/// The organisation. Cloning it is one reference count.
#[derive(Clone)]
pub struct People(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) parts: PeopleParts,
    /// The newest version that this process has read.
    newest: RwLock<Arc<Chart>>,
}

/// A staff list that was looked at.
#[derive(Clone, Debug)]
pub struct Preview {
    /// Under which it can be applied within a day.
    pub id: String,
    /// The list.
    pub list: StaffList,
    /// What it would change.
    pub plan: Plan,
}

/// A person from one version of the organisation on, until the next one that names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Since {
    /// The version.
    pub version: u64,
    /// When it came, in ms since 1970.
    pub at_ms: u64,
    /// Who changed the organisation so.
    pub by: String,
    /// What was known of the person from then on.
    pub person: Person,
}

/// A staff list that was applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The version of the organisation since then; the one before if nothing changed.
    pub version: u64,
    /// People who changed.
    pub people: usize,
    /// How many of them were not known before.
    pub newcomers: usize,
    /// What the list changed.
    pub plan: Plan,
    /// The list.
    pub list: StaffList,
}

impl Applied {
    /// The list again, with what became of each row.
    #[must_use]
    pub fn result_file(&self, say: import::Say<'_>) -> String {
        self.plan.result_file(&self.list, say)
    }
}

impl People {
    /// Makes it over an open store and reads the newest version.
    ///
    /// # Errors
    /// The store's own.
    pub async fn open(parts: PeopleParts) -> Result<Self, PeopleError> {
        let people = Self(Arc::new(Inner { parts, newest: RwLock::default() }));
        let version = people.newest_version().await?;
        let chart = people.read(version).await?;
        *people.0.newest.write() = Arc::new(chart);
        Ok(people)
    }

    /// The organisation as it is now.
    #[must_use]
    pub fn chart(&self) -> Arc<Chart> {
        Arc::clone(&self.0.newest.read())
    }

    /// The organisation as it was at a version.
    ///
    /// # Errors
    /// The store's own.
    pub async fn chart_at(&self, version: u64) -> Result<Arc<Chart>, PeopleError> {
        let now = self.chart();
        if now.version() == version { Ok(now) } else { Ok(Arc::new(self.read(version).await?)) }
    }

    /// What was known of a person, and from when on; the oldest first.
    ///
    /// # Errors
    /// The store's own.
    pub async fn history(&self, id: &PersonId) -> Result<Vec<Since>, PeopleError> {
        let rows = self.0.parts.store.scan(&PERSON, Scan::prefix(&id.0).limit(PAGE_ROWS_MAX)).await?;
        let mut history = Vec::with_capacity(rows.len());
        for ((_, version), person) in rows {
            let row = self.0.parts.store.get(&VERSION, &version).await?;
            let (at_ms, by) = row.map(|row| (row.at_ms, row.by)).unwrap_or_default();
            history.push(Since { version, at_ms, by, person });
        }
        Ok(history)
    }

    /// Who changed last what is known of a person; nobody of whom nothing is known.
    ///
    /// # Errors
    /// The store's own.
    pub async fn changed_by(&self, id: &PersonId) -> Result<Option<String>, PeopleError> {
        let newest = Scan::prefix(&id.0).reverse().limit(1);
        let Some((_, version)) = self.0.parts.store.scan_keys(&PERSON, newest).await?.pop() else {
            return Ok(None);
        };
        Ok(self.0.parts.store.get(&VERSION, &version).await?.map(|row| row.by))
    }

    /// Looks at a staff list and keeps it for [`People::apply`].
    ///
    /// # Errors
    /// [`PeopleError::List`] for a file that is no staff list.
    pub async fn preview(&self, bytes: &[u8], full: bool, by: &str) -> Result<Preview, PeopleError> {
        let (text, encoding) = import::decode(bytes)?;
        let list = import::read(&text, encoding)?;
        let plan = self.planned(&list, full).await?;
        let id = self.0.parts.rng.string(ID_LENGTH);
        let row =
            DryRunRow { at_ms: self.now_ms(), by: by.to_owned(), full, version: plan.version, list: text };
        let mut batch = Batch::new();
        self.make_room(&mut batch).await?;
        batch.put(&DRY_RUN, &id, &row);
        self.0.parts.store.commit(batch).await?;
        Ok(Preview { id, list, plan })
    }

    /// Applies a list that was looked at, for the account that asks for it in a chat. The same list once more changes nothing.
    ///
    /// # Errors
    /// [`PeopleError::NoDryRun`], [`PeopleError::Outdated`], or [`PeopleError::SecondPerson`] when `by` looked at it
    /// and another administrator has to apply it.
    pub async fn apply(&self, id: &str, by: &str) -> Result<Applied, PeopleError> {
        self.apply_by(id, by, true).await
    }

    /// The same for somebody who is nobody for certain, whatever name they give: whoever sits at the server. They may be the first
    /// administrator of a list, and never the second.
    ///
    /// # Errors
    /// As [`People::apply`].
    pub async fn apply_unproved(&self, id: &str, by: &str) -> Result<Applied, PeopleError> {
        self.apply_by(id, by, false).await
    }

    async fn apply_by(&self, id: &str, by: &str, is_proved: bool) -> Result<Applied, PeopleError> {
        let row = self.0.parts.store.get(&DRY_RUN, &id.to_owned()).await?;
        let row = row.filter(|row| self.now_ms() < row.at_ms.saturating_add(DRY_RUN_KEPT_MS));
        let row = row.ok_or_else(|| PeopleError::NoDryRun(id.to_owned()))?;
        let list = import::read(&row.list, Encoding::Utf8)?;
        let plan = self.planned(&list, row.full).await?;
        if plan.version != row.version {
            return Err(PeopleError::Outdated);
        }
        if let Some((people, percent)) = plan.needs_second
            && (!is_proved || self.is_called(&row.by, by))
        {
            let who = plan.second_administrators(&self.chart(), &row.by);
            return Err(PeopleError::SecondPerson { people, percent, who });
        }
        let version = self.write(&plan, by, id).await?;
        Ok(Applied { version, people: plan.changes.len(), newcomers: plan.count(Kind::New), plan, list })
    }

    /// Gives a person who has no account this one, for good. Whether it was done: an account is one person's, and a
    /// localpart that was given once is never given to somebody else.
    ///
    /// # Errors
    /// [`PeopleError::Outdated`] when the organisation changed meanwhile.
    pub async fn bind(&self, id: &PersonId, account: &UserId, by: &str) -> Result<bool, PeopleError> {
        let chart = self.chart_at(self.newest_version().await?).await?;
        let owner = self.0.parts.store.get(&LOCALPART, &account.localpart().to_owned()).await?;
        let Some(person) = chart.active(id).filter(|person| person.account.is_none()) else {
            return Ok(false);
        };
        let is_anothers = |owner: String| owner != id.0 && owner != import::STRANGER;
        if chart.by_account(account).is_some() || owner.is_some_and(is_anothers) {
            return Ok(false);
        }
        let mut after = person.clone();
        after.account = Some(account.to_owned());
        let changes = vec![Change { kind: Kind::Changed, after }];
        let plan = Plan { version: chart.version(), changes, ..Plan::default() };
        self.write(&plan, by, "").await?;
        Ok(true)
    }

    /// Keeps these localparts from people: they are those of bots. One that was given to somebody already stays theirs.
    ///
    /// # Errors
    /// The store's own.
    pub async fn keep_localparts(&self, localparts: &[&str]) -> Result<(), PeopleError> {
        self.keep(localparts, NOBODY).await
    }

    /// Keeps these localparts from being made up for people: they are accounts that were there before, of whomever. A list that
    /// names one gives it to the person it says.
    ///
    /// # Errors
    /// The store's own.
    pub async fn keep_strangers(&self, localparts: &[&str]) -> Result<(), PeopleError> {
        self.keep(localparts, import::STRANGER).await
    }

    async fn keep(&self, localparts: &[&str], owner: &str) -> Result<(), PeopleError> {
        let mut batch = Batch::new();
        for localpart in localparts {
            if !self.0.parts.store.exists(&LOCALPART, *localpart).await? {
                batch.put(&LOCALPART, *localpart, &owner.to_owned());
            }
        }
        if !batch.is_empty() {
            self.0.parts.store.commit(batch).await?;
        }
        Ok(())
    }

    /// Whether somebody who gave this name may be the person of this account.
    fn is_called(&self, name: &str, account: &str) -> bool {
        let is_theirs =
            |person: &&Person| person.account.as_ref().is_some_and(|theirs| theirs.as_str() == account);
        name == account || self.chart().called(name).iter().any(is_theirs)
    }

    async fn planned(&self, list: &StaffList, full: bool) -> Result<Plan, PeopleError> {
        let chart = self.chart_at(self.newest_version().await?).await?;
        let taken = self.localparts().await?;
        Ok(import::plan(list, &chart, &taken, &self.0.parts.server_name, full))
    }

    async fn write(&self, plan: &Plan, by: &str, dry_run: &str) -> Result<u64, PeopleError> {
        if plan.changes.is_empty() && plan.notes.is_empty() {
            return Ok(plan.version);
        }
        let version = plan.version + 1;
        let mut batch = Batch::new();
        batch.expect_read(&NEWEST, &(), (plan.version > 0).then_some(&plan.version));
        batch.put(&NEWEST, &(), &version);
        let people = plan.changes.len() as u64;
        batch.put(&VERSION, &version, &VersionRow { at_ms: self.now_ms(), by: by.to_owned(), people });
        for change in &plan.changes {
            let person = &change.after;
            batch.put(&PERSON, &(person.id.0.clone(), version), person);
            if let Some(account) = &person.account {
                batch.put(&LOCALPART, &account.localpart().to_owned(), &person.id.0);
            }
        }
        for (path, note) in &plan.notes {
            let row = DepartmentRow { path: path.clone(), note: note.clone() };
            batch.put(&DEPARTMENT, &(path.as_str().to_owned(), version), &row);
        }
        batch.delete(&DRY_RUN, &dry_run.to_owned());
        let before = self.chart_at(plan.version).await?;
        match self.0.parts.store.commit(batch).await {
            Ok(_) => {}
            Err(StoreError::Conflict) => return Err(PeopleError::Outdated),
            Err(error) => return Err(error.into()),
        }
        let after = Arc::new(plan.onto(&before, version));
        let mut newest = self.0.newest.write();
        if newest.version() < version {
            *newest = after;
        }
        Ok(version)
    }

    async fn newest_version(&self) -> Result<u64, StoreError> {
        Ok(self.0.parts.store.get(&NEWEST, &()).await?.unwrap_or(0))
    }

    /// Everybody as of a version: of each person the newest row that is not newer.
    async fn read(&self, version: u64) -> Result<Chart, StoreError> {
        let mut people: BTreeMap<PersonId, Arc<Person>> = BTreeMap::new();
        let mut scan = Scan::all().limit(PAGE_ROWS_MAX);
        loop {
            let rows = self.0.parts.store.scan(&PERSON, scan).await?;
            let last = (rows.len() == PAGE_ROWS_MAX).then(|| rows.last().map(|row| row.0.clone())).flatten();
            for ((_, since), person) in rows {
                if since <= version {
                    people.insert(person.id.clone(), Arc::new(person));
                }
            }
            match last {
                Some(key) => scan = Scan::all().after(&key).limit(PAGE_ROWS_MAX),
                None => break,
            }
        }
        Ok(Chart::new(version, people.into_values()).noting(self.notes(version).await?))
    }

    /// What is said of departments as of a version.
    async fn notes(&self, version: u64) -> Result<BTreeMap<DepartmentPath, DepartmentNote>, StoreError> {
        let mut notes = BTreeMap::new();
        let mut scan = Scan::all().limit(PAGE_ROWS_MAX);
        loop {
            let rows = self.0.parts.store.scan(&DEPARTMENT, scan).await?;
            let last = (rows.len() == PAGE_ROWS_MAX).then(|| rows.last().map(|row| row.0.clone())).flatten();
            for ((_, since), row) in rows {
                if since <= version {
                    notes.insert(row.path, row.note);
                }
            }
            match last {
                Some(key) => scan = Scan::all().after(&key).limit(PAGE_ROWS_MAX),
                None => return Ok(notes),
            }
        }
    }

    async fn localparts(&self) -> Result<BTreeMap<String, PersonId>, StoreError> {
        let mut taken = BTreeMap::new();
        let mut scan = Scan::all().limit(PAGE_ROWS_MAX);
        loop {
            let rows = self.0.parts.store.scan(&LOCALPART, scan).await?;
            let last = (rows.len() == PAGE_ROWS_MAX).then(|| rows.last().map(|row| row.0.clone())).flatten();
            taken.extend(rows.into_iter().map(|(localpart, owner)| (localpart, PersonId(owner))));
            match last {
                Some(key) => scan = Scan::all().after(&key).limit(PAGE_ROWS_MAX),
                None => return Ok(taken),
            }
        }
    }

    /// Drops dry runs that are too old, and the oldest of too many.
    async fn make_room(&self, batch: &mut Batch) -> Result<(), StoreError> {
        let mut rows = self.0.parts.store.scan(&DRY_RUN, Scan::all().limit(DRY_RUNS_MAX + 1)).await?;
        rows.sort_by_key(|(_, row)| row.at_ms);
        let too_many = rows.len().saturating_sub(DRY_RUNS_MAX - 1);
        let now_ms = self.now_ms();
        for (place, (id, row)) in rows.into_iter().enumerate() {
            if place < too_many || now_ms >= row.at_ms.saturating_add(DRY_RUN_KEPT_MS) {
                batch.delete(&DRY_RUN, &id);
            }
        }
        Ok(())
    }

    fn now_ms(&self) -> u64 {
        self.0.parts.clock.now_ms()
    }
}
