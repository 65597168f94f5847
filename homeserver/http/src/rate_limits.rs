//! How often a user or an address may do a thing.
//!
//! One token bucket for each subject and [`Action`]. Tables are bounded
//! ([`RATE_LIMIT_SUBJECTS_MAX`]): a flood of new subjects shares one bucket instead of growing memory.
//! Time is the runtime's monotonic clock, so a step of the wall clock frees or locks nobody.

use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasher, Hash, RandomState},
    net::IpAddr,
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
use parking_lot::RwLock;
use ruma::{OwnedUserId, UserId};
use tokio::time::Instant;

use crate::{
    Caller, MatrixError,
    limits::{RATE_LIMIT_ADMINISTRATORS_MAX, RATE_LIMIT_SUBJECTS_MAX, RATE_LIMIT_SWEEP_REQUESTS},
};

/// What is counted; every action has its own buckets and its own setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Sending a message event, by user.
    Message,
    /// Sending a state event, by user.
    State,
    /// Joining or knocking, by user.
    Join,
    /// Inviting, by the inviting user.
    Invite,
    /// Creating or upgrading a room, by user.
    CreateRoom,
    /// Registering, by address.
    Registration,
    /// Logging in and refreshing a token, by address.
    Login,
    /// Passwords tried, by account, whether they fit or not.
    LoginFailed,
    /// Uploading, querying and claiming keys, by user.
    Keys,
    /// Searching rooms, events and users, by user.
    Search,
    /// Presence and typing, by user.
    Presence,
    /// Uploading media and creating media ids, by user.
    Media,
    /// Asking for URL previews, by user.
    Preview,
    /// Every other endpoint that the specification marks as rate limited, by user or address.
    Other,
}

impl Action {
    /// All of them, in the order of the settings.
    pub const ALL: [Self; 14] = [
        Self::Message,
        Self::State,
        Self::Join,
        Self::Invite,
        Self::CreateRoom,
        Self::Registration,
        Self::Login,
        Self::LoginFailed,
        Self::Keys,
        Self::Search,
        Self::Presence,
        Self::Media,
        Self::Preview,
        Self::Other,
    ];

    /// The word for metrics and settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::State => "state",
            Self::Join => "join",
            Self::Invite => "invite",
            Self::CreateRoom => "create_room",
            Self::Registration => "registration",
            Self::Login => "login",
            Self::LoginFailed => "login_failed",
            Self::Keys => "keys",
            Self::Search => "search",
            Self::Presence => "presence",
            Self::Media => "media",
            Self::Preview => "preview",
            Self::Other => "other",
        }
    }
}

/// How fast a bucket fills, and how much it holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Actions a second in the long run; must be above zero.
    pub per_second: f64,
    /// Actions at once after a pause; at least one.
    pub burst: u32,
}

/// The rate of each action.
#[derive(Clone, Debug)]
pub struct RateLimitSettings {
    rates: [Option<Rate>; Action::ALL.len()],
}

impl RateLimitSettings {
    /// Asks for the rate of every action; none means unlimited.
    pub fn new(rate: impl Fn(Action) -> Option<Rate>) -> Self {
        Self { rates: Action::ALL.map(rate) }
    }
}

/// The buckets.
pub struct RateLimits {
    tables: Option<Box<[Option<Table>; Action::ALL.len()]>>,
    hasher: RandomState,
    /// Administrators, whom no limit holds but the one on guessing passwords.
    administrators: RwLock<HashSet<OwnedUserId>>,
    /// Users with a limit of their own.
    own: RwLock<HashMap<OwnedUserId, Own>>,
}

/// A limit that an administrator set for one user.
enum Own {
    /// Never limited.
    Unlimited,
    /// Another rate of messages.
    Messages(Box<RateLimiter<NotKeyed, InMemoryState, RuntimeClock, NoOpMiddleware<Nanos>>>, RuntimeClock),
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

/// Counts a refusal; the time to wait, in ms.
fn limited(action: Action, wait: Duration) -> u64 {
    metrics::counter!("http_requests_limited_total", "action" => action.name()).increment(1);
    u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1)
}

impl Own {
    fn new(rate: Rate) -> Self {
        let clock = RuntimeClock::new();
        match quota(rate) {
            Some(quota) => Self::Messages(Box::new(RateLimiter::direct_with_clock(quota, clock)), clock),
            None => Self::Unlimited,
        }
    }

    /// None when the general limits decide.
    fn check(&self, action: Action) -> Option<Result<(), Duration>> {
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
struct Table {
    keyed: RateLimiter<u64, DashMapStateStore<u64>, RuntimeClock, NoOpMiddleware<Nanos>>,
    overflow: RateLimiter<NotKeyed, InMemoryState, RuntimeClock, NoOpMiddleware<Nanos>>,
    requests: AtomicU64,
    clock: RuntimeClock,
}

impl Table {
    fn new(rate: Rate, clock: RuntimeClock) -> Option<Self> {
        let quota = quota(rate)?;
        Some(Self {
            keyed: RateLimiter::new(quota, DashMapStateStore::default(), clock),
            overflow: RateLimiter::direct_with_clock(quota, clock),
            requests: AtomicU64::new(0),
            clock,
        })
    }

    fn check(&self, subject: u64) -> Result<(), Duration> {
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
struct RuntimeClock(Instant);

impl RuntimeClock {
    fn new() -> Self {
        Self(Instant::now())
    }
}

impl GovernorClock for RuntimeClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        Nanos::from(self.0.elapsed())
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;
    use ruma::user_id;

    use super::*;

    fn two_messages_then_one_a_second() -> RateLimits {
        let settings = RateLimitSettings::new(|action| {
            (action == Action::Message).then_some(Rate { per_second: 1.0, burst: 2 })
        });
        RateLimits::new(Some(&settings))
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_allowed_then_refused_then_allowed_again() {
        let limits = two_messages_then_one_a_second();
        let alice = user_id!("@alice:example.org");
        assert!(limits.user(alice, Action::Message).is_ok());
        assert!(limits.user(alice, Action::Message).is_ok());
        let refused = limits.user(alice, Action::Message).unwrap_err();
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
        tokio::time::advance(Duration::from_millis(1100)).await;
        assert!(limits.user(alice, Action::Message).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn one_user_does_not_use_up_another_ones_bucket_nor_another_action() {
        let limits = two_messages_then_one_a_second();
        let [alice, bob] = [user_id!("@alice:example.org"), user_id!("@bob:example.org")];
        for _ in 0..3 {
            let _ = limits.user(alice, Action::Message);
        }
        assert!(limits.user(alice, Action::Message).is_err());
        assert!(limits.user(alice, Action::State).is_ok());
        assert!(limits.user(bob, Action::Message).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn administrators_and_users_with_a_rate_of_their_own_are_not_held_by_the_general_one() {
        let limits = two_messages_then_one_a_second();
        let [root, bob, carol] =
            [user_id!("@root:example.org"), user_id!("@bob:example.org"), user_id!("@carol:example.org")];
        limits.note_administrator(root, true);
        limits.set_own(bob, Some(Rate { per_second: 0.0, burst: 0 }));
        limits.set_own(carol, Some(Rate { per_second: 1.0, burst: 4 }));
        for _ in 0..4 {
            for user in [root, bob, carol] {
                assert!(limits.user(user, Action::Message).is_ok());
            }
        }
        assert!(limits.user(carol, Action::Message).is_err());
        limits.note_administrator(root, false);
        limits.set_own(bob, None);
        for user in [root, bob] {
            assert!((0..3).any(|_| limits.user(user, Action::Message).is_err()));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_of_subjects_shares_one_bucket_and_no_memory() {
        let limits = two_messages_then_one_a_second();
        for number in 0..RATE_LIMIT_SUBJECTS_MAX as u64 + 10 {
            let _ = limits.check(number, Action::Message);
        }
        let table = limits.tables.as_ref().unwrap()[Action::Message as usize].as_ref().unwrap();
        assert!(table.keyed.len() <= RATE_LIMIT_SUBJECTS_MAX);
        assert!(limits.check(u64::MAX, Action::Message).is_err());
    }
}
