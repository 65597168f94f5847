//! Entries against a scripted platform: what is asked, what is not asked twice, what is told.

mod approvals;
mod meetings;
mod rights;
mod todos;

use bridge_api::{
    Acted, Arrival, Clock, EntryHead, Happened, Language,
    double::{Rows, Script},
};
use serde_json::{Value, json};

use super::*;
use crate::peer::{platform, settings};

const NOW_MS: u64 = 1_762_308_000_000;

struct Stage {
    platform: Script,
    base: String,
    rows: Arc<Rows>,
    entries: Entries,
}

async fn stage() -> Stage {
    let platform = platform();
    let base = platform.start().await;
    let rows = Arc::new(Rows::default());
    let entries = entries(&base, &rows);
    Stage { platform, base, rows, entries }
}

/// A connector's entries, after a restart when the rows are those of another one.
fn entries(base: &str, rows: &Arc<Rows>) -> Entries {
    let mut settings = settings(base);
    settings.approval_centre = true;
    let client = Client::new(settings, rows.clone(), Clock::fake(NOW_MS)).expect("a client");
    Entries::new(Arc::new(client), rows.clone(), Clock::fake(NOW_MS))
}

impl Stage {
    fn restart(&mut self) {
        self.entries = entries(&self.base, &self.rows);
    }

    /// What an event says; it is durable when `is_kept`.
    async fn heard(&self, kind: &str, data: Value, is_kept: bool) -> Vec<Arrival> {
        let event = Event { kind, id: "e1", at_ms: NOW_MS, data: &data };
        let mut told = self.entries.changed(event).await.expect("read");
        let arrivals = told.take();
        if is_kept {
            told.kept().await;
        }
        arrivals
    }
}

fn head(key: &str, revision: u64) -> EntryHead {
    EntryHead {
        key: EntryKey::new(key).expect("a key"),
        revision,
        number: "T-1".into(),
        title: "Report".into(),
        link: Some("https://a.example/t/1".into()),
        language: Language::En,
        begun_ms: NOW_MS,
        changed_ms: NOW_MS,
    }
}

/// Somebody known by the unionId, so that nobody has to be looked up.
fn union(id: &str) -> PersonId {
    PersonId::new(format!("union:{id}")).expect("an id")
}

fn user(id: &str) -> PersonId {
    PersonId::new(id).expect("an id")
}

fn acted(arrival: &Arrival) -> &Acted {
    let Happened::Acted(acted) = &arrival.what else { panic!("nobody acted: {arrival:?}") };
    acted
}

fn timed_out() -> Value {
    json!({"code": "ServiceTimeout", "message": "slow"})
}
