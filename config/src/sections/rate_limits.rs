//! Section `[rate_limits]`.

use serde::{Deserialize, Serialize};

use crate::{
    Problem,
    section::{report, section},
};

/// How fast a bucket fills, and how much it holds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActionRate {
    /// Actions a second in the long run.
    pub per_second: f64,
    /// Actions at once after a pause.
    pub burst: u32,
}

const fn rate(per_second: f64, burst: u32) -> ActionRate {
    ActionRate { per_second, burst }
}

section! {
    name = "rate_limits", validate = validate;
    /// How often a user or an address may do a thing: `per_second` in the long run, `burst` at once.
    pub struct RateLimits {
        /// Whether there are limits at all.
        pub enabled: bool = true,
        /// Sending messages, by user.
        pub message: ActionRate = rate(5.0, 50),
        /// Sending state events, by user.
        pub state: ActionRate = rate(5.0, 50),
        /// Joining and knocking, by user.
        pub join: ActionRate = rate(1.0, 20),
        /// Inviting, by the inviting user.
        pub invite: ActionRate = rate(1.0, 50),
        /// Creating and upgrading rooms, by user.
        pub create_room: ActionRate = rate(0.5, 20),
        /// Registering, by address.
        pub registration: ActionRate = rate(0.2, 10),
        /// Logging in, by address.
        pub login: ActionRate = rate(0.5, 20),
        /// Passwords tried, by account: slows down guessing.
        pub login_failed: ActionRate = rate(0.2, 10),
        /// Uploading, querying and claiming keys, by user.
        pub keys: ActionRate = rate(20.0, 200),
        /// Searching, by user.
        pub search: ActionRate = rate(2.0, 20),
        /// Presence and typing, by user.
        pub presence: ActionRate = rate(5.0, 50),
        /// Uploading files, by user.
        pub media: ActionRate = rate(2.0, 50),
        /// Asking for previews of web pages, by user.
        pub preview: ActionRate = rate(2.0, 30),
        /// Everything else that the Matrix specification calls rate limited, by user or address; and by address what
        /// anybody may ask of other servers through this one: profiles, aliases, directories.
        pub other: ActionRate = rate(50.0, 500),
    }
}

fn validate(section: &RateLimits, problems: &mut Vec<Problem>) {
    let rates = [
        ("message", section.message),
        ("state", section.state),
        ("join", section.join),
        ("invite", section.invite),
        ("create_room", section.create_room),
        ("registration", section.registration),
        ("login", section.login),
        ("login_failed", section.login_failed),
        ("keys", section.keys),
        ("search", section.search),
        ("presence", section.presence),
        ("media", section.media),
        ("preview", section.preview),
        ("other", section.other),
    ];
    for (key, rate) in rates {
        if !(rate.per_second > 0.000_01 && rate.per_second <= 1_000_000.0 && rate.burst > 0) {
            let advice = "needs per_second above 0 and burst of at least 1, for example { per_second = 1.0, burst = 10 }";
            report(problems, "rate_limits", key, advice);
        }
    }
}
