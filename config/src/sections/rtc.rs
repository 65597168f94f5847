//! Section `[rtc]`.

use crate::{
    Problem,
    section::{report, section},
};

section! {
    name = "rtc", validate = validate;
    /// Calls, and the delayed events by which a call notices that somebody is gone.
    pub struct Rtc {
        /// Addresses of the MatrixRTC authorisation services in front of LiveKit, most preferred first.
        /// Without any, clients are told that this server knows no transport for calls.
        pub livekit_service_urls: Vec<String> = Vec::new(),
        /// Longest delay of a delayed event, in hours.
        pub delayed_event_hours_max: u64 = 24,
        /// Delayed events that one user may have at a time.
        pub delayed_events_per_user_max: usize = 100,
    }
}

fn validate(section: &Rtc, problems: &mut Vec<Problem>) {
    let is_url = |url: &String| url.starts_with("https://") || url.starts_with("http://");
    if !section.livekit_service_urls.iter().all(is_url) {
        report(problems, "rtc", "livekit_service_urls", "must be addresses that begin with https://");
    }
    if !(1..=24 * 366).contains(&section.delayed_event_hours_max) {
        report(problems, "rtc", "delayed_event_hours_max", "must be between 1 and 8784 (a year)");
    }
    if !(1..=10_000).contains(&section.delayed_events_per_user_max) {
        report(problems, "rtc", "delayed_events_per_user_max", "must be between 1 and 10000");
    }
}
