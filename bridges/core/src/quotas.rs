//! What is left of what platforms count: shown to whoever asks how the lines are, and told to administrators before it is used up.

use std::collections::BTreeMap;

use base::Shutdown;
use bridge_api::{Network, Quota};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use store::{Batch, StoreError};
use tokio::sync::Notify;

use crate::{
    Bridges,
    bridges::Seat,
    limits::{PAUSE_MAX, QUOTA_SCARCE_PART},
};

/// What is left of a quota of a platform, as it is listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuotaLeft {
    /// What is counted (`api_calls_month`).
    pub what: String,
    /// How much is left.
    pub left: u64,
    /// How much there is in all.
    pub whole: u64,
}

/// How near the end a quota is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scarcity {
    /// Little is left.
    Scarce,
    /// Nothing is.
    UsedUp,
}

impl Scarcity {
    const fn of(quota: &Quota) -> Option<Self> {
        match quota.left {
            0 => Some(Self::UsedUp),
            left if left <= quota.whole / QUOTA_SCARCE_PART => Some(Self::Scarce),
            _ => None,
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::Scarce => "bridge.told.quota_scarce",
            Self::UsedUp => "bridge.told.quota_used_up",
        }
    }
}

/// What a platform's connector said last of each of its quotas.
#[derive(Default)]
pub(crate) struct Quotas {
    known: Mutex<BTreeMap<&'static str, Quota>>,
    news: Notify,
}

impl Quotas {
    /// All of them.
    pub fn all(&self) -> Vec<Quota> {
        self.known.lock().values().cloned().collect()
    }

    /// All of them, as they are listed.
    pub fn listed(&self) -> Vec<QuotaLeft> {
        let listed =
            |quota: Quota| QuotaLeft { what: quota.what.to_owned(), left: quota.left, whole: quota.whole };
        self.all().into_iter().map(listed).collect()
    }

    /// Notes one, and wakes who tells of it where it is nearer its end than before.
    fn note(&self, quota: Quota) {
        let mut known = self.known.lock();
        let step = |quota: &Quota| (quota.period.clone(), Scarcity::of(quota));
        let is_news = known.get(quota.what).map(step) != Some(step(&quota));
        known.insert(quota.what, quota);
        drop(known);
        if is_news {
            self.news.notify_one();
        }
    }
}

impl Bridges {
    /// Notes what a connector says. Never waits.
    pub(crate) fn note_quota(&self, network: Network, quota: Quota) {
        #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
        metrics::gauge!("bridge_quota_left", "platform" => network.key(), "what" => quota.what)
            .set(quota.left as f64);
        if let Some(seat) = self.seat(network) {
            seat.quotas.note(quota);
        }
    }

    /// Tells administrators of what a platform has little left, until the shutdown.
    pub(crate) async fn keep_quotas(&self, seat: &Seat, shutdown: &Shutdown) {
        loop {
            tokio::select! {
                () = shutdown.wait() => return,
                () = seat.quotas.news.notified() => {}
            }
            let Err(error) = self.tell_quotas(seat).await else { continue };
            tracing::warn!(%error, network = seat.network.key(), "administrators are not told of a quota; will try again");
            tokio::select! {
                () = shutdown.wait() => return,
                () = tokio::time::sleep(PAUSE_MAX) => seat.quotas.news.notify_one(),
            }
        }
    }

    /// Once for each quota, its period and how near the end it is.
    async fn tell_quotas(&self, seat: &Seat) -> Result<(), StoreError> {
        let language = self.0.settings.language;
        let mut batch = Batch::new();
        for quota in seat.quotas.all() {
            let Some(scarcity) = Scarcity::of(&quota) else { continue };
            let (left, whole) = (quota.left.to_string(), quota.whole.to_string());
            let values = [
                ("platform", seat.network.name().of(language)),
                ("what", quota.called.of(language)),
                ("left", left.as_str()),
                ("whole", whole.as_str()),
            ];
            for person in &self.0.settings.administrators {
                let (network, Quota { what, period, .. }) = (seat.network.key(), &quota);
                let unique = format!("quota/{network}/{what}/{period}/{scarcity:?}/{person}");
                self.tell(&mut batch, person, &unique, scarcity.text(), &values);
            }
        }
        if !batch.is_empty() {
            self.0.store.commit(batch).await?;
        }
        Ok(())
    }
}
