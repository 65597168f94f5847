//! What the bot lives in: cases, people, working days.

use std::sync::Arc;

use cases::{Cases, CasesParts, PublicKeys, Signer};
use kit::Kit;
use people::{Chart, People, PeopleParts};
use workdays::Workdays;

use super::TasksParts;
use crate::TasksError;

/// What the bot lives in.
pub(crate) struct House {
    pub cases: Cases,
    pub people: People,
    pub workdays: Workdays,
    pub accepts_after_ms: Option<u64>,
}

impl House {
    /// Opens everything that was not given.
    pub async fn open(kit: &Kit, parts: &TasksParts) -> Result<Self, TasksError> {
        let store = kit.store().clone();
        let (clock, rng) = (kit.clock().clone(), kit.rng().clone());
        let people = match &parts.people {
            Some(people) => people.clone(),
            None => {
                let server_name = kit.server_name().to_owned();
                let parts =
                    PeopleParts { store: store.clone(), clock: clock.clone(), rng: rng.clone(), server_name };
                People::open(parts).await?
            }
        };
        let workdays = match &parts.workdays {
            Some(workdays) => workdays.clone(),
            None => Workdays::open(store.clone()).await?,
        };
        let signer = Signer::of_store(&store).await?;
        let cases = Cases::new(CasesParts { store, clock, rng, signer, known: PublicKeys::default() });
        Ok(Self { cases, people, workdays, accepts_after_ms: parts.accepts_after_ms })
    }

    /// The organisation now.
    pub fn chart(&self) -> Arc<Chart> {
        self.people.chart()
    }
}
