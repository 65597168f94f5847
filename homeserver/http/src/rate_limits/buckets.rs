//! Token buckets: one for a user of their own, or a bounded table of them for all subjects of an action.

use std::{
    num::NonZeroU32,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use governor::{
    Quota, RateLimiter,
    clock::Clock as GovernorClock,
    middleware::NoOpMiddleware,
    nanos::Nanos,
    state::{InMemoryState, NotKeyed, keyed::DashMapStateStore},
};
use tokio::time::Instant;

use super::{Action, Rate};
use crate::limits::{RATE_LIMIT_SUBJECTS_MAX, RATE_LIMIT_SWEEP_REQUESTS};

/// A limit that an administrator set for one user.
pub(super) enum Own {
    /// Never limited.
    Unlimited,
    /// Another rate of messages.
    Messages(Box<RateLimiter<NotKeyed, InMemoryState, RuntimeClock, NoOpMiddleware<Nanos>>>, RuntimeClock),
}

impl Own {
    pub fn new(rate: Rate) -> Self {
        let clock = RuntimeClock::new();
        match quota(rate) {
            Some(quota) => Self::Messages(Box::new(RateLimiter::direct_with_clock(quota, clock)), clock),
            None => Self::Unlimited,
        }
    }

    /// None when the general limits decide.
    pub fn check(&self, action: Action) -> Option<Result<(), Duration>> {
        match (self, action) {
            (Self::Unlimited, _) => Some(Ok(())),
            (Self::Messages(limiter, clock), Action::Message | Action::State) => {
                Some(limiter.check().map_err(|not_until| not_until.wait_time_from(clock.now())))
            }
            (Self::Messages(..), _) => None,
        }
    }
}

/// None for a rate that is not above zero.
fn quota(rate: Rate) -> Option<Quota> {
    let period = Duration::try_from_secs_f64(1.0 / rate.per_second).ok()?;
    Some(Quota::with_period(period)?.allow_burst(NonZeroU32::new(rate.burst).unwrap_or(NonZeroU32::MIN)))
}

/// Buckets of one action. The key is a keyed hash of the subject: eight bytes each, and nobody outside
/// can aim for a collision.
pub(super) struct Table {
    pub(super) keyed: RateLimiter<u64, DashMapStateStore<u64>, RuntimeClock, NoOpMiddleware<Nanos>>,
    overflow: RateLimiter<NotKeyed, InMemoryState, RuntimeClock, NoOpMiddleware<Nanos>>,
    requests: AtomicU64,
    clock: RuntimeClock,
}

impl Table {
    pub fn new(rate: Rate, clock: RuntimeClock) -> Option<Self> {
        let quota = quota(rate)?;
        Some(Self {
            keyed: RateLimiter::new(quota, DashMapStateStore::default(), clock),
            overflow: RateLimiter::direct_with_clock(quota, clock),
            requests: AtomicU64::new(0),
            clock,
        })
    }

    pub fn check(&self, subject: u64) -> Result<(), Duration> {
        if self.requests.fetch_add(1, Ordering::Relaxed).is_multiple_of(RATE_LIMIT_SWEEP_REQUESTS) {
            self.keyed.retain_recent();
        }
        let now = self.clock.now();
        if self.keyed.len() >= RATE_LIMIT_SUBJECTS_MAX {
            return self.overflow.check().map_err(|not_until| not_until.wait_time_from(now));
        }
        self.keyed.check_key(&subject).map_err(|not_until| not_until.wait_time_from(now))
    }
}

/// The runtime's monotonic clock, as nanoseconds since the tables were made.
#[derive(Clone, Copy)]
pub(super) struct RuntimeClock(Instant);

impl RuntimeClock {
    pub fn new() -> Self {
        Self(Instant::now())
    }
}

impl GovernorClock for RuntimeClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        Nanos::from(self.0.elapsed())
    }
}
