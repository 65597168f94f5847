//! What the bot lives in: cases, people, working days.

use std::sync::Arc;

use cases::Cases;
use kit::Kit;
use office::Office;
use people::{Chart, People};
use workdays::Workdays;

use super::TasksParts;
use crate::OfficeError;

/// What the bot lives in.
pub(crate) struct House {
    pub cases: Cases,
    pub people: People,
    pub workdays: Workdays,
    pub accepts_after_ms: Option<u64>,
}

impl House {
    /// Opens everything that was not given.
    pub async fn open(kit: &Kit, parts: &TasksParts) -> Result<Self, OfficeError> {
        let office = Office::open(kit, parts.people.clone(), parts.workdays.clone()).await?;
        let Office { cases, people, workdays } = office;
        Ok(Self { cases, people, workdays, accepts_after_ms: parts.accepts_after_ms })
    }

    /// The organisation now.
    pub fn chart(&self) -> Arc<Chart> {
        self.people.chart()
    }
}
