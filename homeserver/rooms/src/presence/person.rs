//! One user: what each device said last, and what others see of it.

use std::collections::HashMap;

use ruma::{DeviceId, OwnedDeviceId, presence::PresenceState};

use super::{ACTIVE_MS_MAX, IDLE_AFTER_MS, OFFLINE_AFTER_MS, PRESENCE_DEVICES_MAX};

#[derive(Default)]
pub(super) struct Person {
    pub(super) devices: HashMap<Option<OwnedDeviceId>, DevicePresence>,
    pub(super) status_msg: Option<String>,
    pub(super) active_at_ms: u64,
    pub(super) shown: Option<Shown>,
    pub(super) serial: u64,
    pub(super) watched: bool,
    /// What the server of a user elsewhere said last; it watches over the user, we do not.
    pub(super) said: Option<Shown>,
}

pub(super) struct DevicePresence {
    pub(super) state: PresenceState,
    pub(super) heard_at_ms: u64,
}

/// What others see, time of last activity aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) state: PresenceState,
    pub(super) status_msg: Option<String>,
    pub(super) currently_active: bool,
}

impl Person {
    pub(super) fn hear(&mut self, device: Option<&DeviceId>, state: PresenceState, now_ms: u64) {
        let device = device.map(ToOwned::to_owned);
        // Coming online is activity; a client that merely goes on polling is not.
        let was_online = self.devices.get(&device).is_some_and(|heard| heard.state == PresenceState::Online);
        if state == PresenceState::Online && !was_online {
            self.active_at_ms = now_ms;
        }
        if self.devices.len() >= PRESENCE_DEVICES_MAX && !self.devices.contains_key(&device) {
            let stalest =
                self.devices.iter().min_by_key(|(_, heard)| heard.heard_at_ms).map(|(id, _)| id.clone());
            if let Some(stalest) = stalest {
                self.devices.remove(&stalest);
            }
        }
        self.devices.insert(device, DevicePresence { state, heard_at_ms: now_ms });
    }

    /// The best of what the devices say, once the silent ones are gone.
    pub(super) fn judge(&mut self, now_ms: u64) -> Shown {
        if let Some(said) = &self.said {
            return said.clone();
        }
        self.devices.retain(|_, device| now_ms.saturating_sub(device.heard_at_ms) < OFFLINE_AFTER_MS);
        let said = self.devices.values().map(|device| &device.state).max_by_key(|state| rank(state));
        let quiet_ms = now_ms.saturating_sub(self.active_at_ms);
        let state = match said {
            Some(PresenceState::Online) if quiet_ms >= IDLE_AFTER_MS => PresenceState::Unavailable,
            Some(state) => state.clone(),
            None => PresenceState::Offline,
        };
        let currently_active = state == PresenceState::Online && quiet_ms < ACTIVE_MS_MAX;
        Shown { state, status_msg: self.status_msg.clone(), currently_active }
    }

    /// Time until silence alone changes something.
    pub(super) fn next_change_ms(&self, now_ms: u64) -> Option<u64> {
        let gone = self.devices.values().map(|device| device.heard_at_ms + OFFLINE_AFTER_MS);
        let quiet = [ACTIVE_MS_MAX, IDLE_AFTER_MS].map(|quiet_ms| self.active_at_ms + quiet_ms);
        let quiet = quiet.into_iter().filter(|_| !self.devices.is_empty());
        gone.chain(quiet).filter(|at_ms| *at_ms > now_ms).min().map(|at_ms| at_ms - now_ms)
    }
}

fn rank(state: &PresenceState) -> u8 {
    match state {
        PresenceState::Offline => 0,
        PresenceState::Unavailable => 1,
        PresenceState::Online => 3,
        _ => 2,
    }
}
