//! What application services and bots cost the people of a server: histories that are imported beside their chat, and a start with
//! open cases. For Lianqiao alone: another server has no bots, and could not be filled in the time that a run may take.

mod cases;
mod import;

use std::time::Duration;

use reqwest::Method;
use serde_json::Value;
use tokio::time::Instant;

use crate::client::User;
use crate::measure::Measure;
use crate::target::LianqiaoOptions;

/// Pause between two looks for something that is to come.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);

/// How long anything may take to come.
const ARRIVAL_TIME_MAX: Duration = Duration::from_secs(5 * 60);

/// How much of everything. A part without any is left out.
#[derive(Clone, Copy)]
pub struct Sizes {
    /// Application services that import.
    pub services: usize,
    /// Users of each of them.
    pub ghosts: usize,
    /// Messages that each of them imports.
    pub messages: usize,
    /// People who chat meanwhile.
    pub people: usize,
    /// Tasks that are open when the server starts.
    pub cases: usize,
}

impl Sizes {
    /// All that is asked of a server; fills it for hours.
    pub const FULL: Self =
        Self { services: 50, ghosts: 1_000, messages: 100_000, people: 100, cases: 10_000 };

    /// As many at once, and less of each.
    pub const USUAL: Self = Self { services: 50, ghosts: 20, messages: 1_000, people: 100, cases: 1_000 };

    /// Enough to see that it works.
    pub const SMALL: Self = Self { services: 5, ghosts: 5, messages: 40, people: 10, cases: 40 };
}

/// Runs all rows, each part on a fresh server.
pub async fn all(options: &LianqiaoOptions, sizes: Sizes) -> Result<Vec<Measure>, String> {
    let mut measures = Vec::new();
    if sizes.services > 0 {
        measures.extend(import::beside_people(options, sizes).await?);
    }
    if sizes.cases > 0 {
        measures.extend(cases::restart(options, sizes.cases).await?);
    }
    Ok(measures)
}

/// The newest event of a room that is meant, once it is there.
async fn event_in(user: &User, room: &str, is_meant: impl Fn(&Value) -> bool) -> Result<Value, String> {
    let path = format!("/_matrix/client/v3/rooms/{room}/messages?dir=b&limit=40");
    let deadline = Instant::now() + ARRIVAL_TIME_MAX;
    loop {
        let page = user.call(Method::GET, &path, None).await?;
        let events = page["chunk"].as_array().into_iter().flatten();
        if let Some(event) = events.into_iter().find(|event| is_meant(event)) {
            return Ok(event.clone());
        }
        if Instant::now() > deadline {
            return Err(format!("what is waited for does not come to {room}: {page}"));
        }
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
}
