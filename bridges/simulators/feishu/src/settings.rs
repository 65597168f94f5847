//! With what a simulator is started: where it listens, its clock, its chance, its patience.

use simulator_stage::Now;

/// How a simulator is started.
#[derive(Clone)]
pub struct Settings {
    /// The seed of every random choice: ids, nonces, which connection gets an event.
    pub seed: u64,
    /// The clock. Commands can move the simulator's own clock forward beside it.
    pub now: Now,
    /// The port of the API and of the long connections on loopback; 0 for any.
    pub api_port: u16,
    /// The port of the control API and of the page on loopback; 0 for any.
    pub control_port: u16,
    /// How long the platform waits for an acknowledgement, in milliseconds.
    pub acknowledge_within_ms: u64,
    /// How long the platform waits for an answer to a decision about an external approval, in milliseconds.
    pub decided_within_ms: u64,
    /// After which waits an event is sent again, in milliseconds of the platform.
    pub retry_after_ms: Vec<u64>,
    /// By how much the waits between tries are shortened; 1 for the platform's own.
    pub time_scale: u64,
    /// Requests per second to one API by one app.
    pub requests_per_second: u32,
    /// Requests per minute to one API by one app.
    pub requests_per_minute: u32,
    /// Messages per second to one chat by all bots together.
    pub chat_messages_per_second: u32,
    /// Whether an app is told of its own reactions and recalls. The platform does not document it.
    pub echoes: bool,
    /// What discovery tells clients about waits before they connect again, in seconds.
    pub reconnect_interval_s: u64,
    /// The longest random wait before the first of these, in seconds.
    pub reconnect_nonce_s: u64,
    /// How often clients shall ping, in seconds.
    pub ping_interval_s: u64,
    /// How long after it was sent a message may be edited or recalled, in milliseconds.
    pub change_window_ms: u64,
}

impl Settings {
    /// How often one API may be asked: lengths of windows in milliseconds and requests in them. Where the platform takes fewer
    /// than usual, the usual ones are changed in proportion.
    pub(crate) fn bounds(&self, tier: Option<(u64, u32)>) -> Vec<(u64, u32)> {
        match tier {
            None => vec![(1_000, self.requests_per_second), (60_000, self.requests_per_minute)],
            Some((window_ms, requests)) if window_ms == 1_000 => {
                vec![(window_ms, requests.saturating_mul(self.requests_per_second).div_ceil(50))]
            }
            Some((window_ms, requests)) => {
                vec![(window_ms, requests.saturating_mul(self.requests_per_minute).div_ceil(1_000))]
            }
        }
    }

    /// The platform as it is documented, on any ports, with this clock and seed.
    pub fn new(seed: u64, now: Now) -> Self {
        Self {
            seed,
            now,
            api_port: 0,
            control_port: 0,
            acknowledge_within_ms: 3_000,
            decided_within_ms: 10_000,
            retry_after_ms: vec![15_000, 5 * 60_000, 60 * 60_000, 6 * 60 * 60_000],
            time_scale: 1,
            requests_per_second: 50,
            requests_per_minute: 1_000,
            chat_messages_per_second: 5,
            echoes: true,
            reconnect_interval_s: 120,
            reconnect_nonce_s: 30,
            ping_interval_s: 120,
            change_window_ms: 24 * 60 * 60_000,
        }
    }
}
