//! Presence: who is online, idle or away, as far as their devices tell. Memory only.
//!
//! Owns the aggregate over a user's devices, its serials and the timers that turn silence into idle
//! and offline; [`person`] judges one user, [`event`] is what clients get. Never decides who may see
//! whom: [`crate::Rooms::presence_changes`] does, by shared rooms.

mod event;
mod person;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use base::Clock;
use parking_lot::Mutex;
use ruma::{DeviceId, OwnedUserId, UserId, presence::PresenceState};
use serde_json::value::{RawValue, to_raw_value};
use streams::EphemeralPos;

use event::PresenceEvent;
use person::{Person, Shown};

/// Without activity for this long an online user is no longer currently active.
pub const ACTIVE_MS_MAX: u64 = 60_000;
/// Without activity for this long an online user is shown as unavailable.
pub const IDLE_AFTER_MS: u64 = 5 * 60_000;
/// Without a sync for this long a device counts as gone; longer than any long poll.
pub const OFFLINE_AFTER_MS: u64 = 120_000;
/// Devices of one user that count; further ones replace the stalest.
pub const PRESENCE_DEVICES_MAX: usize = 32;
/// Bytes of a status message.
pub const STATUS_BYTES_MAX: usize = 2_048;

/// The presence of all users of this server. Cloning shares it.
#[derive(Clone)]
pub struct Presence(Arc<Inner>);

struct Inner {
    enabled: bool,
    clock: Clock,
    serials: EphemeralPos,
    people: Mutex<People>,
}

#[derive(Default)]
struct People {
    by_user: HashMap<OwnedUserId, Person>,
    by_serial: BTreeMap<u64, OwnedUserId>,
}

/// The answer to "how is this user?".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresenceStatus {
    /// Online, unavailable, offline or what a later specification adds.
    pub state: PresenceState,
    /// What the user wrote.
    pub status_msg: Option<String>,
    /// Time in ms since the user last did something, if ever.
    pub last_active_ago_ms: Option<u64>,
    /// Whether that was just now.
    pub currently_active: bool,
}

/// What a note about a user led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Noted {
    /// Others see a difference.
    pub changed: bool,
    /// The caller is to watch the user: nobody does yet, and something will happen in this time.
    pub watch_ms: Option<u64>,
}

impl Presence {
    pub(crate) fn new(enabled: bool, clock: Clock, serials: EphemeralPos) -> Self {
        Self(Arc::new(Inner { enabled, clock, serials, people: Mutex::default() }))
    }

    /// Whether the operator wants presence at all; without it nobody is ever anything.
    pub fn enabled(&self) -> bool {
        self.0.enabled
    }

    /// The serial to sample before reading; every change up to it can be read afterwards.
    pub fn serial(&self) -> u64 {
        let serial = self.0.serials.now();
        self.settled();
        serial
    }

    pub(crate) fn settled(&self) {
        drop(self.0.people.lock());
    }

    /// Users whose presence changed after the serial `after`, at most `limit`, the latest first.
    pub fn changed_since(&self, after: u64, limit: usize) -> Vec<OwnedUserId> {
        let people = self.0.people.lock();
        let changed = people.by_serial.range(after.saturating_add(1)..).rev();
        changed.take(limit).map(|(_, user)| user.clone()).collect()
    }

    /// How a user is; `None` for one of whom nothing was ever heard.
    pub fn status(&self, user: &UserId) -> Option<PresenceStatus> {
        let now_ms = self.0.clock.now_ms();
        let people = self.0.people.lock();
        let person = people.by_user.get(user)?;
        let shown = person.shown.clone()?;
        let last_active_ago_ms =
            (person.active_at_ms > 0).then(|| now_ms.saturating_sub(person.active_at_ms));
        Some(PresenceStatus {
            state: shown.state,
            status_msg: shown.status_msg,
            last_active_ago_ms,
            currently_active: shown.currently_active,
        })
    }

    /// The `m.presence` event about a user.
    pub fn event(&self, user: &UserId) -> Option<Box<RawValue>> {
        to_raw_value(&PresenceEvent::new(user, &self.status(user)?)).ok()
    }

    /// The user said how they are.
    pub(crate) fn set(
        &self,
        user: &UserId,
        device: Option<&DeviceId>,
        state: PresenceState,
        status_msg: Option<String>,
    ) -> Noted {
        self.note(user, |person, now_ms| {
            person.status_msg = status_msg;
            if state == PresenceState::Online {
                person.active_at_ms = now_ms;
            }
            person.hear(device, state, now_ms);
        })
    }

    /// Another server says how a user of its own is.
    pub(crate) fn told(
        &self,
        user: &UserId,
        state: PresenceState,
        status_msg: Option<String>,
        (last_active_ago_ms, currently_active): (u64, bool),
    ) -> Noted {
        let status_msg = status_msg.filter(|text| text.len() <= STATUS_BYTES_MAX);
        self.note(user, |person, now_ms| {
            person.active_at_ms = now_ms.saturating_sub(last_active_ago_ms);
            person.said = Some(Shown { state, status_msg, currently_active });
        })
    }

    /// A device began a sync. Offline means: do not let this sync count.
    pub(crate) fn synced(&self, user: &UserId, device: Option<&DeviceId>, state: PresenceState) -> Noted {
        if state == PresenceState::Offline {
            return Noted { changed: false, watch_ms: None };
        }
        self.note(user, |person, now_ms| person.hear(device, state, now_ms))
    }

    /// The user did something that only a person does: sent, typed, read.
    pub(crate) fn active(&self, user: &UserId) -> Noted {
        self.note(user, |person, now_ms| person.active_at_ms = now_ms)
    }

    /// Time has passed: what is the user now, and when does the next thing happen?
    pub(crate) fn settle(&self, user: &UserId) -> Noted {
        let mut noted = self.note(user, |person, _| person.watched = false);
        if !self.0.enabled {
            noted.watch_ms = None;
        }
        noted
    }

    fn note(&self, user: &UserId, change: impl FnOnce(&mut Person, u64)) -> Noted {
        if !self.0.enabled {
            return Noted { changed: false, watch_ms: None };
        }
        let now_ms = self.0.clock.now_ms();
        let mut guard = self.0.people.lock();
        let people = &mut *guard;
        let person = people.by_user.entry(user.to_owned()).or_default();
        change(person, now_ms);
        let shown = person.judge(now_ms);
        let changed = person.shown.as_ref() != Some(&shown);
        if changed {
            people.by_serial.remove(&person.serial);
            person.serial = self.0.serials.next();
            people.by_serial.insert(person.serial, user.to_owned());
            person.shown = Some(shown);
        }
        let watch_ms = if person.watched { None } else { person.next_change_ms(now_ms) };
        person.watched |= watch_ms.is_some();
        Noted { changed, watch_ms }
    }
}

#[cfg(test)]
mod tests {
    use ruma::{device_id, user_id};

    use super::*;

    fn presence() -> (Presence, Clock) {
        let clock = Clock::fake(1_000_000);
        (Presence::new(true, clock.clone(), EphemeralPos::new(&clock)), clock)
    }

    #[test]
    fn silence_turns_online_into_offline() {
        let (presence, clock) = presence();
        let alice = user_id!("@alice:a");
        let noted = presence.synced(alice, Some(device_id!("D")), PresenceState::Online);
        assert_eq!(noted, Noted { changed: true, watch_ms: Some(ACTIVE_MS_MAX) });
        assert!(presence.status(alice).is_some_and(|status| status.currently_active));
        clock.advance(ACTIVE_MS_MAX);
        assert!(presence.settle(alice).changed);
        clock.advance(OFFLINE_AFTER_MS);
        let noted = presence.settle(alice);
        assert_eq!(noted, Noted { changed: true, watch_ms: None });
        assert_eq!(presence.status(alice).map(|status| status.state), Some(PresenceState::Offline));
    }

    #[test]
    fn the_most_present_device_wins() {
        let (presence, _) = presence();
        let alice = user_id!("@alice:a");
        presence.synced(alice, Some(device_id!("A")), PresenceState::Unavailable);
        presence.synced(alice, Some(device_id!("B")), PresenceState::Online);
        assert_eq!(presence.status(alice).map(|status| status.state), Some(PresenceState::Online));
        presence.synced(alice, Some(device_id!("B")), PresenceState::Unavailable);
        assert_eq!(presence.status(alice).map(|status| status.state), Some(PresenceState::Unavailable));
    }

    #[test]
    fn an_offline_sync_leaves_no_trace_and_the_same_again_is_no_news() {
        let (presence, _) = presence();
        let alice = user_id!("@alice:a");
        presence.synced(alice, None, PresenceState::Offline);
        assert_eq!(presence.status(alice), None);
        assert!(presence.synced(alice, None, PresenceState::Online).changed);
        let serial = presence.serial();
        assert!(!presence.synced(alice, None, PresenceState::Online).changed);
        assert!(presence.changed_since(serial, 10).is_empty());
        assert!(presence.changed_since(0, 10).contains(&alice.to_owned()));
    }

    #[test]
    fn switched_off_means_nobody_is_anything() {
        let clock = Clock::fake(5);
        let presence = Presence::new(false, clock.clone(), EphemeralPos::new(&clock));
        let alice = user_id!("@alice:a");
        assert!(!presence.set(alice, None, PresenceState::Online, Some("hi".to_owned())).changed);
        assert_eq!(presence.status(alice), None);
    }
}
