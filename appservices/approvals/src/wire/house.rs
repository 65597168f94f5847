//! What the bot lives in: cases, people, templates.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use cases::{Cases, origin_of};
use jiff::{civil::Date, tz::TimeZone};
use kit::Kit;
use office::Office;
use parking_lot::RwLock;
use people::{Chart, DepartmentPath, People, Person};
use store::{Batch, Scan, Store, StoreError};
use workdays::{Workdays, default_zone, local, named_zone};

use crate::{
    OfficeError,
    desk::{Delegation, readable},
    limits::TEMPLATE_BYTES_MAX,
    shipped::SHIPPED,
    tables::{DELEGATION, TEMPLATE},
    template::{Problem, Template, check, dead_ends, unreadable},
};

/// What the bot lives in.
pub(crate) struct House {
    pub cases: Cases,
    pub people: People,
    pub workdays: Workdays,
    store: Store,
    templates: RwLock<HashMap<(String, u64), Arc<Template>>>,
}

impl House {
    /// Opens everything, makes the signing key and publishes the shipped templates where they are not there yet.
    pub async fn open(kit: &Kit) -> Result<Self, OfficeError> {
        let store = kit.store().clone();
        let Office { cases, people, workdays } = Office::open(kit, None, None).await?;
        let house = Self { cases, people, workdays, store, templates: RwLock::default() };
        let mut batch = Batch::new();
        for text in SHIPPED {
            let (template, _) = house.checked(text, true).map_err(|problems| {
                let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
                OfficeError::Unusable(lines.join("; "))
            })?;
            house.publish(&mut batch, template, true).await?;
        }
        if !batch.is_empty() {
            house.store.commit(batch).await?;
        }
        Ok(house)
    }

    /// Puts a template that was checked into the batch as the next version. With `only_new`, one whose id is known stays as
    /// it is.
    pub async fn publish(
        &self,
        batch: &mut Batch,
        mut template: Template,
        only_new: bool,
    ) -> Result<Template, OfficeError> {
        let newest = self.newest(&template.id).await?;
        if let (Some(newest), true) = (&newest, only_new) {
            return Ok(Template::clone(newest));
        }
        template.version = newest.map_or(0, |newest| newest.version) + 1;
        let (canonical, _) = origin_of(&template).map_err(cases::CasesError::from)?;
        let key = (template.id.clone(), template.version);
        batch.expect_absent(&TEMPLATE, &key);
        batch.put(&TEMPLATE, &key, &canonical);
        Ok(template)
    }

    /// The template of a text, or everything that keeps it from being published (E120). Nodes that nobody could be asked at
    /// do, unless `force`: then they stand beside the template.
    pub fn checked(&self, text: &str, force: bool) -> Result<(Template, Vec<Problem>), Vec<Problem>> {
        if text.len() > TEMPLATE_BYTES_MAX {
            return Err(vec![Problem::new("", "problem.large").with("max", TEMPLATE_BYTES_MAX.to_string())]);
        }
        let template: Template = serde_json::from_str(text).map_err(|error| vec![unreadable(&error)])?;
        let problems = check(&template);
        if !problems.is_empty() {
            return Err(problems);
        }
        let told = |(node, path): &(String, DepartmentPath)| {
            Problem::new(node, "problem.nobody").with("path", path.as_str())
        };
        let nobody: Vec<Problem> = dead_ends(&template, &self.people.chart()).iter().map(told).collect();
        if force || nobody.is_empty() { Ok((template, nobody)) } else { Err(nobody) }
    }

    /// The newest version of a template.
    pub async fn newest(&self, id: &str) -> Result<Option<Arc<Template>>, OfficeError> {
        let scan = Scan::prefix(&id.to_owned()).reverse().limit(1);
        let keys = self.store.scan_keys(&TEMPLATE, scan).await?;
        match keys.into_iter().next() {
            Some((id, version)) => Ok(Some(self.template(&id, version).await?)),
            None => Ok(None),
        }
    }

    /// The newest version of every template, by id.
    pub async fn all_newest(&self) -> Result<Vec<Arc<Template>>, OfficeError> {
        let keys = self.store.scan_keys(&TEMPLATE, Scan::all()).await?;
        let newest: BTreeMap<String, u64> = keys.into_iter().collect();
        let mut templates = Vec::with_capacity(newest.len());
        for (id, version) in newest {
            templates.push(self.template(&id, version).await?);
        }
        Ok(templates)
    }

    /// The newest version of the template that is started by this word.
    pub async fn called(&self, word: &str) -> Result<Option<Arc<Template>>, OfficeError> {
        let word = word.to_lowercase();
        let is_called = |template: &Arc<Template>| {
            let mut names = std::iter::once(&template.id).chain(&template.aliases);
            names.any(|name| name.to_lowercase() == word)
        };
        Ok(self.all_newest().await?.into_iter().find(is_called))
    }

    /// One version of a template.
    pub async fn template(&self, id: &str, version: u64) -> Result<Arc<Template>, OfficeError> {
        let key = (id.to_owned(), version);
        let cached = self.templates.read().get(&key).cloned();
        if let Some(template) = cached {
            return Ok(template);
        }
        let damaged = |problem: String| OfficeError::Unusable(format!("{id}@{version}: {problem}"));
        let text = self.origin(id, version).await?;
        let template: Template = serde_json::from_str(&text).map_err(|error| damaged(error.to_string()))?;
        let template = Arc::new(template);
        // As many as were published; a version is never changed.
        self.templates.write().insert(key, Arc::clone(&template));
        Ok(template)
    }

    /// The canonical text of a version, which the first record of its cases names.
    pub async fn origin(&self, id: &str, version: u64) -> Result<String, OfficeError> {
        let text = self.store.get(&TEMPLATE, &(id.to_owned(), version)).await?;
        text.ok_or_else(|| OfficeError::Unusable(format!("{id}@{version} is not there")))
    }

    /// Everybody's standing delegations.
    pub async fn delegations(&self) -> Result<Vec<Delegation>, StoreError> {
        Ok(self.store.scan(&DELEGATION, Scan::all()).await?.into_iter().map(|(_, row)| row).collect())
    }

    /// The zone that somebody works in.
    pub fn zone_of(&self, person: Option<&Person>) -> TimeZone {
        person.and_then(|person| named_zone(&person.zone)).unwrap_or_else(default_zone)
    }

    /// The day of a moment, where the organisation is.
    pub fn today(&self, at_ms: u64) -> Date {
        local(at_ms, &default_zone()).date()
    }

    /// A moment as people read it.
    pub fn time(&self, at_ms: u64) -> String {
        readable(&default_zone(), at_ms)
    }

    /// The organisation now.
    pub fn chart(&self) -> Arc<Chart> {
        self.people.chart()
    }
}
