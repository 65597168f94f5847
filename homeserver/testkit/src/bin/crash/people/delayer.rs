//! Has the server send numbered events later (MSC4140): each is sent once, however often it dies meanwhile.

use std::{collections::BTreeMap, time::Duration};

use rand::Rng as _;
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use testkit::{User, segment};
use tokio::time::{Instant, sleep};

use super::{PACE, Person};
use crate::{attempt::put, history::History};

const KIND: &str = "org.example.later";
/// How much later.
const DELAY_MS: std::ops::Range<u64> = 1..400;
/// How long what is due may take after a start.
const DUE_MAX: Duration = Duration::from_secs(20);

pub struct Delayer {
    user: User,
    room: String,
    /// Numbers below this one were acknowledged.
    scheduled: u64,
    chance: ChaCha8Rng,
}

impl Delayer {
    pub fn new(user: User, room: String, chance: ChaCha8Rng) -> Self {
        Self { user, room, scheduled: 0, chance }
    }

    /// Its transaction id is its number, so an event in doubt is asked for again.
    async fn schedules(&mut self) -> Result<(), String> {
        let (room, number) = (segment(&self.room), self.scheduled);
        let delay_ms = self.chance.random_range(DELAY_MS);
        let path = format!(
            "/_matrix/client/v3/rooms/{room}/send/{KIND}/later-{number}?org.matrix.msc4140.delay={delay_ms}"
        );
        put(&self.user, &path, &json!({ "number": number })).await?;
        self.scheduled += 1;
        Ok(())
    }

    async fn waits_until_none_is_due(&self) -> Result<(), String> {
        let deadline = Instant::now() + DUE_MAX;
        let path = "/_matrix/client/unstable/org.matrix.msc4140/delayed_events?status=scheduled";
        loop {
            let waiting = self.user.get(path).await.ok();
            let count = waiting["delayed_events"].as_array().map_or(0, Vec::len);
            if count == 0 {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(format!("{count} delayed events are still not sent"));
            }
            sleep(PACE).await;
        }
    }
}

#[async_trait::async_trait]
impl Person for Delayer {
    async fn works(&mut self) -> String {
        loop {
            if let Err(reason) = self.schedules().await {
                return reason;
            }
            sleep(PACE).await;
        }
    }

    async fn settles(&mut self) -> Result<(), String> {
        self.schedules().await
    }

    async fn checks(&mut self, _: &History) -> Result<(), String> {
        self.waits_until_none_is_due().await?;
        let mut sent: BTreeMap<u64, usize> = (0..self.scheduled).map(|number| (number, 0)).collect();
        for event in self.user.whole_history(&self.room).await {
            if event["type"] == KIND {
                *sent.entry(event["content"]["number"].as_u64().unwrap_or(u64::MAX)).or_default() += 1;
            }
        }
        let wrong: Vec<_> = sent.into_iter().filter(|(_, times)| *times != 1).collect();
        if wrong.is_empty() { Ok(()) } else { Err(format!("delayed events not sent once: {wrong:?}")) }
    }

    fn acknowledged(&self) -> usize {
        usize::try_from(self.scheduled).unwrap_or(usize::MAX)
    }
}
