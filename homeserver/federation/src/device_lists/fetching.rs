//! Asking other servers for whole device lists.

use std::time::Duration;

use base::Shutdown;
use futures_util::FutureExt as _;
use keys::{FetchedDevice, FetchedList};
use ruma::{OwnedUserId, UserId, api::federation::device::get_devices};
use store::{Batch, StoreError};
use tokio::task::JoinSet;

use crate::{
    Federation, FederationError, InboundError,
    limits::{
        LIST_FAILURES_MAX, LIST_PAUSE_MS_MAX, LIST_PAUSE_MS_MIN, LIST_TRIES_MAX, LISTS_FETCHED_AT_ONCE,
        LISTS_NAP_MAX,
    },
};

/// What asking for a list came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fetched {
    /// It is kept and fresh.
    Kept,
    /// There was an answer, but more was heard meanwhile, or no room is shared any more.
    Outdated,
    /// The server cannot be reached.
    Unreachable,
    /// The server does not answer this question, or not as it should.
    Refused,
}

impl Federation {
    /// Fetches the list of a user, or waits for the answer if that is under way.
    pub(crate) async fn fetch_list(&self, user: &UserId) -> Fetched {
        let federation = self.clone();
        let whose = user.to_owned();
        let ask = move || async move { federation.fetch_alone(&whose).await }.boxed();
        self.device_lists().flights.join(user.to_owned(), ask).await
    }

    /// The list of a user is to be fetched: wakes those who do.
    pub(super) fn list_is_missed(&self, user: &UserId) {
        let lists = self.device_lists();
        lists.waiting.lock().add(user.to_owned(), self.parts().clock.now_ms());
        lists.work.notify_one();
    }

    /// Has the lists of these users fetched when there is time.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub(crate) async fn want_lists(&self, users: &[OwnedUserId]) -> Result<(), StoreError> {
        let mut batch = Batch::new();
        for user in users {
            self.parts().keys.want_list(&mut batch, user, 0, 0);
        }
        if !batch.is_empty() {
            self.parts().store.commit(batch).await?;
            users.iter().for_each(|user| self.list_is_missed(user));
        }
        Ok(())
    }

    /// Fetches what is to be fetched until the server stops, and begins with what the last run left.
    pub(super) async fn fetch_lists(&self, shutdown: &Shutdown) {
        if let Err(error) = self.load_waiting().await {
            tracing::warn!(%error, "read whose device lists are to be fetched; they are when somebody asks for them");
        }
        let lists = self.device_lists();
        let mut fetching: JoinSet<OwnedUserId> = JoinSet::new();
        while !shutdown.is_triggered() {
            let now_ms = self.parts().clock.now_ms();
            while fetching.len() < LISTS_FETCHED_AT_ONCE {
                let Some(user) = lists.waiting.lock().next(now_ms) else { break };
                let federation = self.clone();
                fetching.spawn(async move {
                    let fetch = std::panic::AssertUnwindSafe(federation.fetch_wanted(&user));
                    if fetch.catch_unwind().await.is_err() {
                        tracing::error!(%user, "fetching a device list panicked");
                    }
                    user
                });
            }
            let nap = {
                let next_ms = lists.waiting.lock().next_ms();
                let nap = next_ms.map(|at_ms| Duration::from_millis(at_ms.saturating_sub(now_ms) + 1));
                nap.unwrap_or(LISTS_NAP_MAX).min(LISTS_NAP_MAX)
            };
            tokio::select! {
                () = shutdown.wait() => {}
                () = lists.work.notified() => {}
                () = tokio::time::sleep(nap), if fetching.len() < LISTS_FETCHED_AT_ONCE => {}
                Some(ended) = fetching.join_next() => if let Ok(user) = ended {
                    lists.waiting.lock().ended(&user);
                },
            }
        }
        fetching.shutdown().await;
    }

    async fn load_waiting(&self) -> Result<(), StoreError> {
        let parts = self.parts();
        let mut last: Option<OwnedUserId> = None;
        loop {
            let page = parts.keys.lists_to_fetch(&parts.store, last.as_deref()).await?;
            let Some((end, _)) = page.last() else { return Ok(()) };
            last = Some(end.clone());
            let mut waiting = self.device_lists().waiting.lock();
            page.into_iter().for_each(|(user, retry_at_ms)| waiting.add(user, retry_at_ms));
        }
    }

    /// Fetches a list that has a row, unless somebody did meanwhile.
    async fn fetch_wanted(&self, user: &UserId) {
        let outcome = async {
            let parts = self.parts();
            let Some(row) = parts.keys.list_to_fetch(&parts.store, user).await? else { return Ok(()) };
            if row.retry_at_ms > parts.clock.now_ms() {
                self.device_lists().waiting.lock().add(user.to_owned(), row.retry_at_ms);
                return Ok(());
            }
            let failures = row.failures;
            let mut batch = Batch::new();
            if !self.shares_a_room(user).await? {
                // Nobody needs it, and nobody would tell us of further changes.
                parts.keys.mark_stale(&parts.store, &mut batch, user).await?;
                parts.keys.give_up_list(&mut batch, user);
                parts.store.commit(batch).await?;
                return Ok(());
            }
            if self.fetch_list(user).await == Fetched::Kept {
                return Ok(());
            }
            if failures >= LIST_FAILURES_MAX {
                tracing::info!(%user, "give up fetching a device list; it is fetched when somebody asks for it");
                parts.keys.give_up_list(&mut batch, user);
                parts.store.commit(batch).await?;
                return Ok(());
            }
            let retry_at_ms = parts.clock.now_ms() + self.list_pause_ms(failures);
            parts.keys.want_list(&mut batch, user, failures + 1, retry_at_ms);
            parts.store.commit(batch).await?;
            self.device_lists().waiting.lock().add(user.to_owned(), retry_at_ms);
            Ok::<(), InboundError>(())
        };
        if let Err(error) = outcome.await {
            tracing::warn!(%user, %error, "fetch a device list; will try again");
            let retry_at_ms = self.parts().clock.now_ms() + self.list_pause_ms(0);
            self.device_lists().waiting.lock().add(user.to_owned(), retry_at_ms);
        }
    }

    /// Doubles with each failure; chance is spread over half to one and a half of it.
    fn list_pause_ms(&self, failures: u32) -> u64 {
        let pause_ms = (LIST_PAUSE_MS_MIN << failures.min(20)).min(LIST_PAUSE_MS_MAX);
        pause_ms / 2 + self.parts().rng.below(pause_ms)
    }

    async fn fetch_alone(&self, user: &UserId) -> Fetched {
        match self.fetch_and_keep(user).await {
            Ok(outcome) => outcome,
            Err(error) => {
                tracing::warn!(%user, %error, "keep a device list");
                Fetched::Outdated
            }
        }
    }

    async fn fetch_and_keep(&self, user: &UserId) -> Result<Fetched, InboundError> {
        let parts = self.parts();
        let asked_at = parts.store.frontier();
        let unheard = parts.keys.unheard_of(&parts.store, user).await?;
        let list = match self.devices_of(user).await {
            Ok(answer) => fetched_list(answer),
            Err(FederationError::Client(error)) if error.status().is_none_or(|status| status >= 500) => {
                tracing::debug!(%user, %error, "a device list is not had");
                return Ok(Fetched::Unreachable);
            }
            Err(error) => {
                tracing::debug!(%user, %error, "a device list is refused");
                return Ok(Fetched::Refused);
            }
        };
        for _ in 0..LIST_TRIES_MAX {
            let reader = &parts.store;
            // Who could not get the list before has to be told that it is there.
            let tells = parts.keys.list_to_fetch(reader, user).await?.is_some_and(|row| row.failures > 0);
            let mut batch = Batch::new();
            if !parts.keys.keep_list(reader, &mut batch, user, unheard, (&list, tells)).await? {
                return Ok(Fetched::Outdated);
            }
            if tells {
                self.announce_to_those_around(user, &mut batch).await?;
            }
            if parts.store.try_commit(batch).await?.is_none() {
                continue;
            }
            metrics::counter!("federation_device_lists_fetched_total").increment(1);
            // A room that was left and joined again while the question was out: what happened between is unknown.
            if self.shared_a_room_before(user, None, asked_at.next()).await? {
                return Ok(Fetched::Kept);
            }
            let mut batch = Batch::new();
            parts.keys.mark_stale(&parts.store, &mut batch, user).await?;
            match parts.store.commit(batch).await {
                // Somebody else changed the list at this moment, and judged it.
                Ok(_) | Err(StoreError::Conflict) => return Ok(Fetched::Outdated),
                Err(error) => return Err(error.into()),
            }
        }
        Err(StoreError::Busy.into())
    }
}

fn fetched_list(answer: get_devices::v1::Response) -> FetchedList {
    let device = |device: get_devices::v1::UserDevice| FetchedDevice {
        device: device.device_id,
        name: device.device_display_name,
        keys: device.keys.into_json(),
    };
    FetchedList {
        stream_id: answer.stream_id.into(),
        devices: answer.devices.into_iter().map(device).collect(),
        master: answer.master_key.map(ruma::serde::Raw::into_json),
        self_signing: answer.self_signing_key.map(ruma::serde::Raw::into_json),
    }
}
