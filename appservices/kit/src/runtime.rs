//! The bots at work: their accounts, then what they hear, send and wait for, until the stop.

use std::sync::{Arc, atomic::Ordering};

use base::Shutdown;
use futures_util::future::join_all;
use tokio::sync::{Mutex, MutexGuard};

use crate::{Bot, BotError, Intent, Kit, KitError, pause, work::Task};

/// The bots of one process, in the order in which they answer. Cloning shares them.
#[derive(Clone)]
pub struct Bots(Arc<[Seat]>);

/// A bot, and whose turn it is.
struct Seat {
    bot: Arc<dyn Bot>,
    turn: Mutex<()>,
}

impl Bots {
    /// These bots.
    #[must_use]
    pub fn new(bots: Vec<Arc<dyn Bot>>) -> Self {
        Self(bots.into_iter().map(|bot| Seat { bot, turn: Mutex::default() }).collect())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<dyn Bot>> {
        self.0.iter().map(|seat| &seat.bot)
    }

    pub(crate) fn get(&self, localpart: &str) -> Option<&Arc<dyn Bot>> {
        self.iter().find(|bot| bot.localpart() == localpart)
    }

    /// Where a bot stands in the order.
    pub(crate) fn place(&self, localpart: &str) -> Option<usize> {
        self.iter().position(|bot| bot.localpart() == localpart)
    }

    /// One thing after the other for each bot.
    pub(crate) async fn turn(&self, localpart: &str) -> Option<MutexGuard<'_, ()>> {
        let seat = self.0.iter().find(|seat| seat.bot.localpart() == localpart)?;
        Some(seat.turn.lock().await)
    }
}

impl Kit {
    /// Has the bots work until the shutdown. What they have not done by then is done after the next start.
    pub async fn run(self, bots: Bots, shutdown: Shutdown) {
        let (kit, all, stop) = (&self, &bots, &shutdown);
        let work = bots.iter().map(|bot| async move {
            tokio::select! {
                () = stop.wait() => return,
                () = kit.prepare(&**bot) => {}
            }
            if kit.0.ready.fetch_add(1, Ordering::Relaxed) == 0 {
                kit.announce().await;
            }
            tracing::info!(bot = bot.localpart(), "a bot is at work");
            tokio::join!(kit.keep_hearing(&**bot, all, stop), kit.keep_describing(bot.localpart(), stop));
        });
        let exchanges = bots.iter().map(|bot| kit.keep_exchanging(bot.localpart(), stop));
        tokio::join!(
            join_all(work),
            join_all(exchanges),
            self.carry(&bots, &shutdown),
            self.keep_time(&bots, &shutdown),
            self.keep_house(&shutdown),
            self.look_back(&shutdown),
        );
    }

    /// Tells the homeserver that the bots are there again: it may have given them up for minutes.
    async fn announce(&self) {
        let sender = Intent::new(Arc::clone(&self.0.wire), self.sender().to_owned());
        if let Err(error) = sender.ping(self.0.service.id).await {
            tracing::debug!(%error, "the homeserver cannot reach the bots yet; it tries again by itself");
        }
    }

    /// Makes the account and tells the bot that it starts. Tried until it is done: the homeserver may start later.
    async fn prepare(&self, bot: &dyn Bot) {
        let mut failures = 0;
        while let Err(error) = self.prepare_bot(bot).await {
            failures += 1;
            let wait = pause::after(failures, &self.0.rng);
            let wait_ms = wait.as_millis();
            tracing::warn!(%error, bot = bot.localpart(), wait_ms, "a bot cannot start; will try again");
            tokio::time::sleep(wait).await;
        }
    }

    pub(crate) async fn prepare_bot(&self, bot: &dyn Bot) -> Result<(), KitError> {
        self.note_verbs(bot.localpart(), bot.verbs());
        self.ensure_account(bot).await?;
        self.ensure_device(bot).await?;
        self.have(bot, &Task::Started, &|_| ()).await.map_err(KitError::from)
    }

    async fn keep_hearing(&self, bot: &dyn Bot, bots: &Bots, shutdown: &Shutdown) {
        let mut failures = 0;
        while !shutdown.is_triggered() {
            // Before looking, so that nothing that comes in between is missed.
            let arrived = self.0.arrived.notified();
            match self.hear_next(bot, bots).await {
                Ok(true) => failures = 0,
                Ok(false) => tokio::select! {
                    () = shutdown.wait() => {}
                    () = arrived => {}
                },
                Err(error) => {
                    failures += 1;
                    let wait = pause::after(failures, &self.0.rng);
                    report(bot, &error, wait);
                    tokio::select! {
                        () = shutdown.wait() => {}
                        () = tokio::time::sleep(wait) => {}
                    }
                }
            }
        }
    }
}

fn report(bot: &dyn Bot, error: &BotError, wait: std::time::Duration) {
    let (bot, wait_ms) = (bot.localpart(), wait.as_millis());
    tracing::warn!(%error, bot, wait_ms, "a bot cannot work off an event; will try again");
}
