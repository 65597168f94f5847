//! With what a simulator is started: where it listens, its clock, its chance, its patience and its limits.

use simulator_stage::Now;

/// How a simulator is started.
#[derive(Clone)]
pub struct Settings {
    /// The seed of every random choice.
    pub seed: u64,
    /// The clock. Commands can move the simulator's own clock forward beside it.
    pub now: Now,
    /// The port of the API, of the bots' socket and of their files on loopback; 0 for any.
    pub api_port: u16,
    /// The port of the control API and of the page on loopback; 0 for any.
    pub control_port: u16,
    /// How long a callback may take, in milliseconds.
    pub answer_within_ms: u64,
    /// How long the check of an address may take, in milliseconds.
    pub verify_within_ms: u64,
    /// How long a bot may take to welcome somebody or to change a card that was pressed, in milliseconds.
    pub event_reply_within_ms: u64,
    /// The waits before a callback that nobody answered comes again, in milliseconds of the platform.
    pub retry_waits_ms: Vec<u64>,
    /// By how much those waits are shortened; 1 for the platform's own.
    pub time_scale: u64,
    /// How often the platform asks a bot at an address how its stream goes on, in milliseconds of the platform.
    pub stream_poll_ms: u64,
    /// How long after the message a stream may go on, in milliseconds. The documents say 6 and 10 minutes.
    pub stream_life_ms: u64,
    /// How long a token lives, in seconds.
    pub token_life_s: u64,
    /// Wrong secrets after which the caller is banned.
    pub wrong_secrets_max: u32,
    /// How long who tried wrong secrets is banned, in milliseconds.
    pub ban_ms: u64,
    /// Calls of one API in a minute.
    pub calls_per_minute: u32,
    /// Calls of one API in an hour.
    pub calls_per_hour: u32,
    /// Calls of all APIs of approvals in a minute.
    pub approvals_per_minute: u32,
    /// Calendars and schedules that an app may make in a day.
    pub schedules_per_day: u32,
    /// How many of those who are asked have a place in a meeting; the others are answered as excess.
    pub meeting_invitees_max: usize,
    /// How often what customers wrote is fetched without the token of an event, for one account in a minute.
    pub service_blind_per_minute: u32,
    /// How long an API that was called too often refuses, in milliseconds.
    pub block_ms: u64,
    /// Pictures that a company may upload for good in a day.
    pub pictures_per_day: u32,
    /// Pictures that a company may upload for good in thirty days.
    pub pictures_per_month: u32,
    /// Messages of one app to one member in a minute; more are dropped in silence.
    pub member_per_minute: u32,
    /// Messages of one app to one member in an hour; more are dropped in silence.
    pub member_per_hour: u32,
    /// Messages to one member over groups of apps in a minute; more are dropped in silence.
    pub group_member_per_minute: u32,
    /// Messages to one member over groups of apps in a day; more are dropped in silence.
    pub group_member_per_day: u32,
    /// Messages of one webhook in a minute.
    pub webhook_per_minute: u32,
    /// Messages of a bot to one conversation in a minute.
    pub bot_per_minute: u32,
    /// Messages of a bot to one conversation in an hour.
    pub bot_per_hour: u32,
    /// How long an app's message may be recalled, in milliseconds.
    pub recall_window_ms: u64,
    /// How long the code that changes a card lives, in milliseconds.
    pub response_code_life_ms: u64,
    /// How long a bot may answer a message, over its socket, in milliseconds.
    pub respond_window_ms: u64,
    /// How long the address for one later answer lives, in milliseconds.
    pub response_url_life_ms: u64,
    /// How long uploaded media live, in milliseconds.
    pub media_life_ms: u64,
    /// How long the address of a file for a bot lives, in milliseconds.
    pub bot_file_life_ms: u64,
    /// How long the upload of a bot over its socket may take, in milliseconds.
    pub upload_life_ms: u64,
}

const MINUTE_MS: u64 = 60_000;
const HOUR_MS: u64 = 60 * MINUTE_MS;
const DAY_MS: u64 = 24 * HOUR_MS;

impl Settings {
    /// The platform as it is documented, on any ports, with this clock and seed.
    pub fn new(seed: u64, now: Now) -> Self {
        Self {
            seed,
            now,
            api_port: 0,
            control_port: 0,
            answer_within_ms: 5_000,
            verify_within_ms: 1_000,
            event_reply_within_ms: 5_000,
            retry_waits_ms: vec![5_000, 5_000],
            time_scale: 1,
            stream_poll_ms: 1_000,
            stream_life_ms: 6 * MINUTE_MS,
            token_life_s: 7_200,
            wrong_secrets_max: 5,
            ban_ms: HOUR_MS,
            calls_per_minute: 10_000,
            calls_per_hour: 150_000,
            approvals_per_minute: 600,
            schedules_per_day: 10_000,
            meeting_invitees_max: 300,
            service_blind_per_minute: 10,
            block_ms: MINUTE_MS,
            pictures_per_day: 1_000,
            pictures_per_month: 3_000,
            member_per_minute: 30,
            member_per_hour: 1_000,
            group_member_per_minute: 200,
            group_member_per_day: 10_000,
            webhook_per_minute: 20,
            bot_per_minute: 30,
            bot_per_hour: 1_000,
            recall_window_ms: DAY_MS,
            response_code_life_ms: 3 * DAY_MS,
            respond_window_ms: DAY_MS,
            response_url_life_ms: HOUR_MS,
            media_life_ms: 3 * DAY_MS,
            bot_file_life_ms: 5 * MINUTE_MS,
            upload_life_ms: 30 * MINUTE_MS,
        }
    }
}
