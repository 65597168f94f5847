//! With what a simulator is started: where it listens, its clock, its chance, its patience.

use simulator_stage::Now;

/// How a simulator is started.
#[derive(Clone)]
pub struct Settings {
    /// The seed of every random choice: ids, nonces, which connection gets a message.
    pub seed: u64,
    /// The clock. Commands can move the simulator's own clock forward beside it.
    pub now: Now,
    /// The port of the new API, of the stream and of downloads on loopback; 0 for any.
    pub api_port: u16,
    /// The port of the old API on loopback; 0 for any.
    pub old_api_port: u16,
    /// The port of the control API and of the page on loopback; 0 for any.
    pub control_port: u16,
    /// How long the stream waits for an acknowledgement, in milliseconds.
    pub acknowledge_within_ms: u64,
    /// How long a callback by HTTP may take, in milliseconds.
    pub answer_within_ms: u64,
    /// How long the answer to a card's callback may take, in milliseconds.
    pub card_within_ms: u64,
    /// How long after the first try what nobody acknowledged comes again, in milliseconds of the platform.
    pub retry_at_ms: Vec<u64>,
    /// By how much those waits, and the one between a disconnect and its close, are shortened; 1 for the platform's own.
    pub time_scale: u64,
    /// How often the platform pings, in milliseconds.
    pub ping_interval_ms: u64,
    /// How long after a disconnect the connection stays open without deliveries, in milliseconds.
    pub disconnect_grace_ms: u64,
    /// Requests per second to one API by one app.
    pub requests_per_second: u32,
    /// Calls of the API that the organisation may make in a month.
    pub calls_per_month: u64,
    /// Pushes by webhook and stream that the organisation may have in a month.
    pub pushes_per_month: u64,
    /// How long a token lives, in seconds.
    pub token_life_s: u64,
    /// How long a ticket of the stream lives, in milliseconds.
    pub ticket_life_ms: u64,
    /// How long a session's webhook lives, in milliseconds.
    pub session_life_ms: u64,
    /// How long a download code and the address behind it live, in milliseconds. The platform documents neither.
    pub download_life_ms: u64,
    /// How long after it was sent a robot's message may be recalled or asked about, in milliseconds.
    pub recall_window_ms: u64,
}

impl Settings {
    /// The platform's standard edition as it is documented, on any ports, with this clock and seed.
    pub fn new(seed: u64, now: Now) -> Self {
        Self {
            seed,
            now,
            api_port: 0,
            old_api_port: 0,
            control_port: 0,
            acknowledge_within_ms: 3_000,
            answer_within_ms: 2_500,
            card_within_ms: 2_000,
            retry_at_ms: vec![3_000, 16_000, 60_000],
            time_scale: 1,
            ping_interval_ms: 30_000,
            disconnect_grace_ms: 10_000,
            requests_per_second: 20,
            calls_per_month: 5_000,
            pushes_per_month: 3_000,
            token_life_s: 7_200,
            ticket_life_ms: 90_000,
            session_life_ms: 90 * 60_000,
            download_life_ms: 2 * 60 * 60_000,
            recall_window_ms: 24 * 60 * 60_000,
        }
    }
}
