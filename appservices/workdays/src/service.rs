//! Keeps the imported calendar, year by year.

use std::{collections::BTreeMap, sync::Arc};

use parking_lot::RwLock;
use store::{Batch, Scan, Store};

use crate::{
    WorkCalendar, WorkdaysError, import,
    limits::YEARS_MAX,
    tables::{DayRow, YEAR, YearRow},
};

/// What an import did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// The years that the file names; what was known of them before is forgotten.
    pub years: Vec<u64>,
    /// Days that are off.
    pub holidays: usize,
    /// Days that are made up for.
    pub made_up: usize,
}

/// The working days of the organisation. Cloning shares them.
#[derive(Clone)]
pub struct Workdays(Arc<Inner>);

struct Inner {
    store: Store,
    calendar: RwLock<Arc<WorkCalendar>>,
}

impl Workdays {
    /// Reads the calendar from a store that was opened with [`crate::tables`].
    ///
    /// # Errors
    /// The store's own.
    pub async fn open(store: Store) -> Result<Self, WorkdaysError> {
        let calendar = read(&store).await?;
        Ok(Self(Arc::new(Inner { store, calendar: RwLock::new(Arc::new(calendar)) })))
    }

    /// The working days as they are known now.
    #[must_use]
    pub fn calendar(&self) -> Arc<WorkCalendar> {
        Arc::clone(&self.0.calendar.read())
    }

    /// Imports a file: the years that it names are replaced, so the same file twice changes nothing.
    ///
    /// # Errors
    /// [`WorkdaysError::File`] for a file with a mistake; nothing is changed then.
    pub async fn import(&self, bytes: &[u8]) -> Result<Imported, WorkdaysError> {
        let days = import::read(bytes)?;
        let made_up = days.iter().filter(|day| day.is_worked).count();
        let holidays = days.len() - made_up;
        let mut years: BTreeMap<u64, YearRow> = BTreeMap::new();
        for day in days {
            let year = u64::try_from(day.date.year()).unwrap_or(0);
            years.entry(year).or_default().days.push(DayRow::of(day));
        }
        if years.len() > YEARS_MAX {
            return Err(WorkdaysError::File(format!("more than {YEARS_MAX} years")));
        }
        let mut batch = Batch::new();
        for (year, row) in &years {
            batch.put(&YEAR, year, row);
        }
        self.0.store.commit(batch).await?;
        *self.0.calendar.write() = Arc::new(read(&self.0.store).await?);
        Ok(Imported { years: years.into_keys().collect(), holidays, made_up })
    }
}

async fn read(store: &Store) -> Result<WorkCalendar, WorkdaysError> {
    let years = store.scan(&YEAR, Scan::all().limit(YEARS_MAX)).await?;
    Ok(WorkCalendar::new(years.into_iter().flat_map(|(_, row)| row.days).filter_map(DayRow::day)))
}
