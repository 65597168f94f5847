//! The bot of the organisation and what it is built from.

use std::sync::Arc;

use ::organisation::{CountSteps, Links, Organisation, OrganisationParts};
use config::Config;
use kit::Kit;
use people::People;
use store::Store;

/// Milliseconds of a day.
const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// The bot over the kit and the people that all bots share.
pub(super) fn open(config: &Config, kit: &Kit, people: &People, links: &Links) -> Organisation {
    Organisation::new(OrganisationParts {
        kit: kit.clone(),
        people: people.clone(),
        steps: count_steps(kit.store()),
        has_rooms: config.bots.department_rooms,
        leaves_after_ms: config.bots.department_moves_leave_after_days * DAY_MS,
        links: links.clone(),
    })
}

/// Counts by the templates that are in force.
fn count_steps(store: &Store) -> CountSteps {
    let store = store.clone();
    Arc::new(move |chart| {
        let store = store.clone();
        Box::pin(async move {
            approvals::steps_without_people(&store, &chart).await.unwrap_or_else(|error| {
                tracing::warn!(%error, "steps of approvals without people cannot be counted");
                Default::default()
            })
        })
    })
}
