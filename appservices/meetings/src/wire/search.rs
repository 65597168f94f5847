//! A search for time: the platforms of people who are elsewhere too are asked first, and it goes on when they have answered, or
//! after some seconds without them. Who does not answer is unknown, never free.

use std::collections::{BTreeMap, BTreeSet};

use calendar::{Address, Asker, Busy, BusyKind, Schedule, Span, Tier};
use kit::{Heard, What};
use office::{BusyAnswer, BusyAsked, BusyQuestion, BusyTime, ask_busy_elsewhere, busy_elsewhere_of};
use ruma::{OwnedUserId, UserId};
use serde_json::json;
use store::Batch;

use super::{LOCALPART, Meetings};
use crate::{
    MeetingsError,
    limits::ELSEWHERE_MS,
    line,
    tables::{SEARCHES, SearchRow, Sought},
};

/// Begins the key of the timer after which a search goes on; the search follows.
pub(super) const TIMER: &str = "meet-search/";

/// What is known of people's time by other platforms.
#[derive(Debug, Default)]
pub(crate) struct Elsewhere {
    /// What was said of whom; none for those of whom a platform does not say it.
    found: BTreeMap<OwnedUserId, Option<Vec<BusyTime>>>,
    /// Of whom nothing was said that should have been.
    silent: BTreeSet<OwnedUserId>,
}

impl Elsewhere {
    /// Adds it to what is known here.
    pub fn complete(&self, schedules: &mut [Schedule], within: Span) {
        for schedule in schedules {
            let Some(account) = schedule.who.account().cloned() else { continue };
            match self.found.get(&account) {
                Some(Some(times)) if schedule.known => {
                    schedule.take_in(times.iter().map(busy).collect(), within);
                }
                Some(None) => schedule.known = false,
                Some(Some(_)) | None => {}
            }
            schedule.known &= !self.silent.contains(&account);
        }
    }
}

fn busy(time: &BusyTime) -> Busy {
    let kind = if time.is_tentative { BusyKind::Tentative } else { BusyKind::Busy };
    Busy { from_ms: time.from_ms, until_ms: time.until_ms, kind, title: None }
}

impl Meetings {
    /// `!meet find` and `!meet free`, with what stood behind the word.
    pub(crate) async fn look(
        &self,
        heard: &Heard,
        sought: Sought,
        text: &str,
        batch: &mut Batch,
    ) -> Result<(), MeetingsError> {
        let line = line::read_search(text, self.local_time(&heard.sender, heard.received_ms));
        let wanted = match self.wanted(heard, sought, &line).await? {
            Ok(wanted) => wanted,
            Err(refusal) => return self.refuse(heard, &refusal, batch).await,
        };
        let people = self.perhaps_elsewhere(&heard.sender, &wanted.people).await?;
        let Span { from_ms, until_ms } = wanted.within;
        let question = BusyQuestion { id: heard.event_id.as_str(), people: &people, from_ms, until_ms };
        let parts = match ask_busy_elsewhere(self.kit(), batch, LOCALPART, question).await? {
            BusyAsked::Parts(parts) => parts,
            BusyAsked::Nobody => {
                return self.show_found(heard, sought, &line, &Elsewhere::default(), batch).await;
            }
            BusyAsked::TooMuch => {
                let elsewhere = Elsewhere { silent: people, ..Elsewhere::default() };
                return self.show_found(heard, sought, &line, &elsewhere, batch).await;
            }
        };
        let row = SearchRow {
            room: heard.room.clone(),
            is_direct: heard.is_direct,
            sender: heard.sender.clone(),
            event_id: heard.event_id.clone(),
            received_ms: heard.received_ms,
            thread: heard.thread.clone(),
            on: heard.on.clone(),
            mentions: heard.mentions.clone(),
            sought,
            text: text.to_owned(),
            asked: people,
            open: (0..parts).collect(),
            found: BTreeMap::new(),
        };
        let id = heard.event_id.to_string();
        batch.put(&SEARCHES, &id, &row);
        let at_ms = self.kit().clock().now_ms() + ELSEWHERE_MS;
        self.kit().timers().set(batch, LOCALPART, &timer(&id), at_ms, json!({}));
        Ok(())
    }

    /// The bridges' bot said something: a press, or when people are busy.
    pub(crate) async fn hear_elsewhere(&self, heard: &Heard, batch: &mut Batch) -> Result<(), MeetingsError> {
        match busy_elsewhere_of(self.kit(), LOCALPART, heard).await? {
            Some(answer) => self.told_busy(answer, batch).await,
            None => self.pressed_elsewhere(heard, batch).await,
        }
    }

    async fn told_busy(&self, answer: BusyAnswer, batch: &mut Batch) -> Result<(), MeetingsError> {
        let Some(before) = self.kit().store().get(&SEARCHES, &answer.id).await? else { return Ok(()) };
        let mut row = before.clone();
        if !row.open.remove(&answer.part) {
            return Ok(());
        }
        for (account, times) in answer.people {
            // Of several spans one that is unknown makes all of it unknown.
            match (row.found.entry(account).or_insert_with(|| Some(Vec::new())), times) {
                (Some(known), Some(times)) => known.extend(times),
                (known, None) => *known = None,
                (None, Some(_)) => {}
            }
        }
        batch.expect_eq(&SEARCHES, &answer.id, &before);
        if row.open.is_empty() {
            self.kit().timers().cancel(batch, &timer(&answer.id));
            return self.goes_on(row, batch).await;
        }
        batch.put(&SEARCHES, &answer.id, &row);
        Ok(())
    }

    /// Nobody waits any longer: the timer of a search.
    pub(crate) async fn search_on(&self, id: &str, batch: &mut Batch) -> Result<(), MeetingsError> {
        match self.kit().store().get(&SEARCHES, id).await? {
            Some(row) => {
                tracing::info!(
                    search = id,
                    open = row.open.len(),
                    "other platforms do not say in time when people are busy"
                );
                self.goes_on(row, batch).await
            }
            None => Ok(()),
        }
    }

    async fn goes_on(&self, row: SearchRow, batch: &mut Batch) -> Result<(), MeetingsError> {
        batch.delete(&SEARCHES, row.event_id.as_str());
        let heard = Heard {
            room: row.room,
            is_direct: row.is_direct,
            sender: row.sender,
            event_id: row.event_id,
            received_ms: row.received_ms,
            thread: row.thread,
            on: row.on,
            about: None,
            mentions: row.mentions,
            what: What::Text(row.text.clone()),
        };
        let line = line::read_search(&row.text, self.local_time(&heard.sender, heard.received_ms));
        let has_silence = !row.open.is_empty();
        let silent = row.asked.into_iter().filter(|account| {
            // Whoever is elsewhere alone has no calendar here.
            let is_there_alone = self.is_elsewhere_alone(account);
            has_silence || (is_there_alone && !row.found.contains_key(account))
        });
        let elsewhere = Elsewhere { silent: silent.collect(), found: row.found };
        self.show_found(&heard, row.sought, &line, &elsewhere, batch).await
    }

    /// Those of this server whose time the asker may know of: any of them may have a calendar elsewhere.
    async fn perhaps_elsewhere(
        &self,
        asker: &UserId,
        people: &[Address],
    ) -> Result<BTreeSet<OwnedUserId>, MeetingsError> {
        let mut found = BTreeSet::new();
        if self.kit().bridge().is_none() {
            return Ok(found);
        }
        for who in people {
            let Some(account) = who.account() else { continue };
            let is_here = account.server_name() == self.kit().server_name();
            if is_here && self.parts().calendars.tier(Asker::Person(asker), who).await? != Tier::Nothing {
                found.insert(account.clone());
            }
        }
        Ok(found)
    }
}

fn timer(search: &str) -> String {
    format!("{TIMER}{search}")
}
