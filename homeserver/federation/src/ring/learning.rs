//! Asking for the keys of many servers at once, within bounds: whoever describes a room names the servers, and may name
//! many that are slow.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use ruma::OwnedServerName;
use tokio::time::{Instant, timeout_at};

use super::KeyRing;
use crate::limits::{KEYS_LEARNT_AT_ONCE, KEYS_LEARNT_SERVERS_MAX, KEYS_LEARNT_TIME_MAX};

/// Keys by server and id (`ed25519:a_1`), each with the time at which it has to be valid, in milliseconds since 1970.
pub(crate) type WantedKeys = BTreeMap<OwnedServerName, BTreeMap<String, u64>>;

/// How much may still be asked for keys on behalf of one thing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyBudget {
    until: Instant,
    servers_left: usize,
}

impl KeyBudget {
    /// So much time from now on, and [`KEYS_LEARNT_SERVERS_MAX`] servers.
    pub fn within(time_max: Duration) -> Self {
        Self { until: Instant::now() + time_max, servers_left: KEYS_LEARNT_SERVERS_MAX }
    }

    /// Asks these servers, some at once, as far as the budget goes. Returns those that were not asked, or not to the end.
    async fn ask<F>(
        &mut self,
        servers: Vec<OwnedServerName>,
        ask: impl Fn(OwnedServerName) -> F,
    ) -> BTreeSet<OwnedServerName>
    where
        F: Future<Output = OwnedServerName>,
    {
        let mut unasked: BTreeSet<_> = servers.iter().cloned().collect();
        let is_over = Instant::now() >= self.until;
        let taken = if is_over { 0 } else { servers.len().min(self.servers_left) };
        self.servers_left -= taken;
        let asking = stream::iter(servers).take(taken).map(ask).buffer_unordered(KEYS_LEARNT_AT_ONCE);
        tokio::pin!(asking);
        while let Ok(Some(server)) = timeout_at(self.until, asking.next()).await {
            unasked.remove(&server);
        }
        unasked
    }
}

impl Default for KeyBudget {
    fn default() -> Self {
        Self::within(KEYS_LEARNT_TIME_MAX)
    }
}

impl KeyRing {
    /// Asks for those of these keys that are not known, each server once; `strict` as for [`KeyRing::keys`]. Returns the
    /// servers that the budget was too small for.
    pub(crate) async fn learn(
        &self,
        wanted: &WantedKeys,
        strict: bool,
        budget: &mut KeyBudget,
    ) -> BTreeSet<OwnedServerName> {
        let mut lacking = Vec::new();
        for (server, keys) in wanted {
            if !self.was_just_asked(server) && self.lacks(server, keys, strict).await {
                lacking.push(server.clone());
            }
        }
        // Whoever was asked in vain before comes last: slow servers must not stand before the others each time.
        lacking.sort_by_key(|server| self.0.asked.contains_key(server));
        let ask = |server: OwnedServerName| async move {
            self.fetch(&server).await;
            server
        };
        let unasked = budget.ask(lacking, ask).await;
        if !unasked.is_empty() {
            metrics::counter!("federation_keys_not_asked_total").increment(unasked.len() as u64);
            tracing::info!(
                servers = unasked.len(),
                "keys of more servers are wanted than can be asked for at once"
            );
        }
        unasked
    }

    async fn lacks(&self, server: &OwnedServerName, keys: &BTreeMap<String, u64>, strict: bool) -> bool {
        for (id, at_ms) in keys {
            if !self.known_keys_of(server, &[id], strict.then_some(*at_ms)).await.is_settled {
                return true;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn servers(count: usize) -> Vec<OwnedServerName> {
        (0..count).map(|number| format!("s{number}.test").try_into().unwrap()).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn slow_servers_take_no_more_than_the_time_that_there_is() {
        let mut budget = KeyBudget::within(Duration::from_secs(30));
        let started = Instant::now();
        let slow = |server: OwnedServerName| async move {
            if server != "s0.test" {
                tokio::time::sleep(Duration::from_secs(20)).await;
            }
            server
        };
        let unasked = budget.ask(servers(3 * KEYS_LEARNT_AT_ONCE), slow).await;
        assert_eq!(started.elapsed(), Duration::from_secs(30));
        assert_eq!(
            unasked.len(),
            2 * KEYS_LEARNT_AT_ONCE - 1,
            "those of the first turn, and the quick one, answered"
        );
        assert_eq!(budget.ask(servers(2), slow).await.len(), 2, "no time is left for more");
        assert_eq!(started.elapsed(), Duration::from_secs(30));
    }

    #[tokio::test(start_paused = true)]
    async fn the_number_of_servers_that_are_asked_is_bounded_over_all_questions() {
        let mut budget = KeyBudget { servers_left: 5, ..KeyBudget::default() };
        let quick = |server: OwnedServerName| async move { server };
        assert!(budget.ask(servers(3), quick).await.is_empty());
        assert_eq!(budget.ask(servers(3), quick).await, BTreeSet::from([servers(3).remove(2)]));
        assert_eq!(budget.ask(servers(1), quick).await.len(), 1);
    }
}
