//! How often a user or an address may do a thing.
//!
//! One token bucket for each subject and [`Action`]. Tables are bounded
//! ([`crate::limits::RATE_LIMIT_SUBJECTS_MAX`]): a flood of new subjects shares one bucket instead of growing memory.
//! Time is the runtime's monotonic clock, so a step of the wall clock frees or locks nobody.

mod action;
mod buckets;
#[cfg(test)]
mod tests;

use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasher, Hash, RandomState},
    net::IpAddr,
    time::Duration,
};

use parking_lot::RwLock;
use ruma::{OwnedUserId, UserId};

pub use self::action::{Action, Rate, RateLimitSettings};
use self::buckets::{Own, RuntimeClock, Table};
use crate::{Caller, MatrixError, limits::RATE_LIMIT_ADMINISTRATORS_MAX};

/// The buckets.
pub struct RateLimits {
    tables: Option<Box<[Option<Table>; Action::ALL.len()]>>,
    hasher: RandomState,
    /// Administrators, whom no limit holds but the one on guessing passwords.
    administrators: RwLock<HashSet<OwnedUserId>>,
    /// Users with a limit of their own.
    own: RwLock<HashMap<OwnedUserId, Own>>,
}

impl RateLimits {
    /// Makes empty tables; no settings means that nothing is ever limited.
    pub fn new(settings: Option<&RateLimitSettings>) -> Self {
        let clock = RuntimeClock::new();
        let tables = settings.map(|settings| {
            Box::new(settings.rates.map(|rate| rate.and_then(|rate| Table::new(rate, clock))))
        });
        let (administrators, own) = (RwLock::default(), RwLock::default());
        Self { tables, hasher: RandomState::new(), administrators, own }
    }

    /// Counts one action of a user.
    ///
    /// # Errors
    /// 429 `M_LIMIT_EXCEEDED` with the time to wait.
    pub fn user(&self, user: &UserId, action: Action) -> Result<(), MatrixError> {
        self.wait_ms(user, action).map_err(MatrixError::limit_exceeded)
    }

    /// Counts one action of whoever asks. An application service is not held unless its registration says so, and its
    /// own user never.
    ///
    /// # Errors
    /// 429 `M_LIMIT_EXCEEDED` with the time to wait.
    pub fn caller(&self, caller: &Caller, action: Action) -> Result<(), MatrixError> {
        match &caller.service {
            Some(service) if !service.is_rate_limited || caller.user == service.sender => Ok(()),
            Some(_) | None => self.user(&caller.user, action),
        }
    }

    /// Whether the user, who has just shown a token, is an administrator.
    pub fn note_administrator(&self, user: &UserId, is_administrator: bool) {
        if self.tables.is_none() || self.administrators.read().contains(user) == is_administrator {
            return;
        }
        let mut administrators = self.administrators.write();
        if !is_administrator {
            administrators.remove(user);
        } else if administrators.len() < RATE_LIMIT_ADMINISTRATORS_MAX {
            administrators.insert(user.to_owned());
        }
    }

    /// Sets or takes away a user's own rate of messages; 0 a second means that no limit holds the user.
    /// Whoever stores these rates bounds how many there are.
    pub fn set_own(&self, user: &UserId, rate: Option<Rate>) {
        match rate.map(Own::new) {
            Some(own) => drop(self.own.write().insert(user.to_owned(), own)),
            None => drop(self.own.write().remove(user)),
        }
    }

    /// Counts one action about something that has a name: an e-mail address that may be anybody's.
    ///
    /// # Errors
    /// 429 `M_LIMIT_EXCEEDED` with the time to wait.
    pub fn text(&self, name: &str, action: Action) -> Result<(), MatrixError> {
        self.check(name.as_bytes(), action)
    }

    /// Counts one action of an address. A whole IPv6 /64 is one subject, as one customer owns it.
    ///
    /// # Errors
    /// 429 `M_LIMIT_EXCEEDED` with the time to wait.
    pub fn address(&self, address: IpAddr, action: Action) -> Result<(), MatrixError> {
        match address {
            IpAddr::V4(v4) => self.check(v4.octets(), action),
            IpAddr::V6(v6) => self.check(v6.segments().get(..4), action),
        }
    }

    /// Counts one action of a user that no request waits for.
    ///
    /// # Errors
    /// The time to wait, in ms.
    pub fn wait_ms(&self, user: &UserId, action: Action) -> Result<(), u64> {
        if self.tables.is_none() {
            return Ok(());
        }
        if action != Action::LoginFailed {
            if self.administrators.read().contains(user) {
                return Ok(());
            }
            if let Some(outcome) = self.own.read().get(user).and_then(|own| own.check(action)) {
                return outcome.map_err(|wait| limited(action, wait));
            }
        }
        self.count(user.as_bytes(), action)
    }

    fn check(&self, subject: impl Hash, action: Action) -> Result<(), MatrixError> {
        self.count(subject, action).map_err(MatrixError::limit_exceeded)
    }

    fn count(&self, subject: impl Hash, action: Action) -> Result<(), u64> {
        let Some(table) = self.tables.as_ref().and_then(|tables| tables[action as usize].as_ref()) else {
            return Ok(());
        };
        table.check(self.hasher.hash_one(subject)).map_err(|wait| limited(action, wait))
    }
}

/// Counts a refusal; the time to wait, in ms, rounded up: whoever comes back then is let in.
fn limited(action: Action, wait: Duration) -> u64 {
    metrics::counter!("http_requests_limited_total", "action" => action.name()).increment(1);
    u64::try_from(wait.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX).max(1)
}
