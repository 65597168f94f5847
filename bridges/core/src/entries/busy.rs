//! When people have no time: a bot asks, the platforms where they are somebody say it, one answer goes back. Nothing of it is kept:
//! whoever asked waits for some seconds alone and counts silence as unknown.

use std::collections::BTreeMap;

use base::Shutdown;
use bridge_api::{
    Busy, Calendars, Network, PersonId,
    limits::{BUSY_MS_MAX, BUSY_PEOPLE_MAX},
};
use futures_util::future::join_all;
use kit::Heard;
use ruma::{OwnedRoomId, OwnedUserId};
use serde::Deserialize;
use serde_json::{Value, json};
use store::{Batch, StoreError};
use tokio::sync::{Mutex, mpsc};

use crate::{
    Bridges,
    limits::{BUSY_TIME_MAX, BUSY_TIMES_MAX, CARD_KEY_BYTES_MAX, QUESTIONS_AT_ONCE, QUESTIONS_MAX},
};

/// Questions that wait.
pub(crate) struct Questions {
    asked: mpsc::Sender<Question>,
    waiting: Mutex<mpsc::Receiver<Question>>,
}

impl Default for Questions {
    fn default() -> Self {
        let (asked, waiting) = mpsc::channel(QUESTIONS_MAX);
        Self { asked, waiting: Mutex::new(waiting) }
    }
}

/// Beginning, end, and whether it is only tentative.
type Times = Vec<(u64, u64, bool)>;

/// A question as a bot asks it.
#[derive(Clone, Debug, Deserialize)]
struct Question {
    id: String,
    people: Vec<OwnedUserId>,
    from_ms: u64,
    until_ms: u64,
    /// Where it was asked.
    #[serde(skip)]
    room: Option<OwnedRoomId>,
}

impl Question {
    fn is_within_bounds(&self) -> bool {
        let is_time = self.from_ms < self.until_ms && self.until_ms - self.from_ms <= BUSY_MS_MAX;
        is_time && self.people.len() <= BUSY_PEOPLE_MAX && self.id.len() <= CARD_KEY_BYTES_MAX
    }
}

impl Bridges {
    pub(super) fn hear_question(&self, heard: &Heard, content: &Value, batch: &mut Batch) {
        let question = Question::deserialize(content).ok().filter(Question::is_within_bounds);
        let Some(question) = question else {
            tracing::warn!(event = %heard.event_id, sender = %heard.sender, "a question for free/busy makes no sense");
            return;
        };
        let question = Question { room: Some(heard.room.clone()), ..question };
        let asked = self.0.questions.asked.clone();
        batch.on_visible(move |_| {
            if asked.try_send(question).is_err() {
                tracing::warn!("more questions for free/busy than can wait; one is not answered");
            }
        });
    }

    /// Answers questions until the shutdown.
    pub(crate) async fn keep_answering(&self, shutdown: &Shutdown) {
        join_all((0..QUESTIONS_AT_ONCE).map(|_| async move {
            loop {
                let next = async { self.0.questions.waiting.lock().await.recv().await };
                let question = tokio::select! {
                    biased;
                    () = shutdown.wait() => return,
                    question = next => question,
                };
                let Some(question) = question else { return };
                if let Err(error) = self.answer(&question).await {
                    tracing::warn!(%error, "a question for free/busy is not answered");
                }
            }
        }))
        .await;
    }

    async fn answer(&self, question: &Question) -> Result<(), StoreError> {
        let Some(room) = question.room.clone() else { return Ok(()) };
        let mut merged: BTreeMap<&OwnedUserId, Option<Times>> = BTreeMap::new();
        for (account, times) in join_all(self.0.seats.iter().map(|seat| async move {
            match seat.connector.calendars() {
                Some(calendars) => self.busy_there(seat.network, calendars, question).await,
                None => Ok(Vec::new()),
            }
        }))
        .await
        .into_iter()
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .flatten()
        {
            let known = merged.entry(account).or_default();
            if let Some(times) = times {
                known.get_or_insert_default().extend(times);
            }
        }
        let people = merged.into_iter().map(|(account, times)| {
            let times = times.map(|mut times| {
                times.sort_unstable();
                times.dedup();
                times.truncate(BUSY_TIMES_MAX);
                times
            });
            json!({ "account": account, "times": times })
        });
        let content = json!({ "v": 1, "id": question.id, "people": people.collect::<Vec<_>>() });
        let mut batch = Batch::new();
        self.say_to_bot(&mut batch, &format!("busy/{room}/{}", question.id), "busy", room, content);
        self.0.store.commit(batch).await.map(drop)
    }

    /// What one platform says of those who are somebody there.
    async fn busy_there<'a>(
        &self,
        network: Network,
        calendars: &dyn Calendars,
        question: &'a Question,
    ) -> Result<Vec<(&'a OwnedUserId, Option<Times>)>, StoreError> {
        let mut known: Vec<(&OwnedUserId, PersonId)> = Vec::new();
        for account in &question.people {
            if let Some(person) = self.person_behind(network, account).await? {
                known.push((account, person));
            }
        }
        if known.is_empty() {
            return Ok(Vec::new());
        }
        let people: Vec<_> = known.iter().map(|(_, person)| person.clone()).collect();
        let asking = calendars.busy(&people, question.from_ms, question.until_ms);
        let busy = match tokio::time::timeout(BUSY_TIME_MAX, asking).await {
            Ok(Ok(busy)) => busy,
            Ok(Err(error)) => {
                tracing::info!(%error, network = network.key(), "the platform does not say when people are busy");
                Vec::new()
            }
            Err(_) => {
                tracing::warn!(
                    network = network.key(),
                    "the platform takes too long to say when people are busy"
                );
                Vec::new()
            }
        };
        let told = |person: &PersonId| {
            busy.iter().find(|told| told.person == *person).and_then(|Busy { times, .. }| times.clone())
        };
        Ok(known.into_iter().map(|(account, person)| (account, told(&person))).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_bounded() {
        let question = |people: usize, from_ms: u64, until_ms: u64| {
            let people: Vec<_> = (0..people).map(|number| format!("@p{number}:test")).collect();
            let question = json!({ "id": "1", "people": people, "from_ms": from_ms, "until_ms": until_ms });
            Question::deserialize(question).expect("reads").is_within_bounds()
        };
        assert!(question(5, 0, 1_000));
        assert!(!question(BUSY_PEOPLE_MAX + 1, 0, 1_000), "too many people");
        assert!(!question(1, 0, BUSY_MS_MAX + 1), "too long");
        assert!(!question(1, 5, 5), "no time at all");
    }
}
