//! Bounds of the bot's connection, and of by what it answers.

use std::time::Duration;

/// Longest frame of the bot's connection, in bytes.
pub const FRAME_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Frames that wait to be written, and answers that are waited for.
pub const FRAMES_WAITING_MAX: usize = 256;

/// Arrivals that wait for the inbox; while there are so many, nothing more is read.
pub const ARRIVALS_WAITING_MAX: usize = 512;

/// Pause before arrivals are handed over again that the inbox did not take; the platform does not bring them again.
pub const TAKEN_PAUSE: Duration = Duration::from_millis(100);

/// Longest time that arrivals are still handed over after the connection ended.
pub const LAST_TAKEN_WITHIN: Duration = Duration::from_secs(5);

/// How often the platform wants a ping, its own.
pub const PING_EVERY: Duration = Duration::from_secs(30);

/// Longest time that an answer of the bot's connection may take.
pub const ANSWER_TIME_MAX: Duration = Duration::from_secs(10);

/// A connection on which nothing but answers to pings came for this long is opened anew: the platform forgets to deliver.
pub const SILENCE_MAX: Duration = Duration::from_secs(2 * 3_600);

/// Longest time that writing one frame may take.
pub const WRITE_TIME_MAX: Duration = Duration::from_secs(5);

/// Longest time that closing a connection in good order may take.
pub const CLOSE_TIME_MAX: Duration = Duration::from_secs(2);

/// How long a message waits for a connection that was just lost to come back, before the core is told to come again.
pub const RECONNECTED_WITHIN: Duration = Duration::from_secs(5);

/// First pause between attempts to connect, the platform's own; it doubles.
pub const RECONNECT_PAUSE_MIN: Duration = Duration::from_secs(1);

/// Longest pause between attempts to connect, the platform's own.
pub const RECONNECT_PAUSE_MAX: Duration = Duration::from_secs(30);

/// A connection that lived this long counts as a good one.
pub const CONNECTION_STEADY_AFTER: Duration = Duration::from_secs(10);

/// A connection that was refused for its credentials is tried again after this long.
pub const MISCONFIGURED_PAUSE: Duration = Duration::from_secs(300);

/// How long to stay away after somebody else took the bot's only connection over, so that two do not push each other out for ever.
pub const TAKEN_OVER_PAUSE: Duration = Duration::from_secs(3_600);

/// How long a card's press may be answered with another card, the platform's own, less the way there.
pub const CARD_ANSWER_WITHIN: Duration = Duration::from_millis(4_500);

/// How long a message may be answered over the connection that brought it, the platform's own.
pub const ANSWERABLE_FOR: Duration = Duration::from_secs(24 * 3_600);

/// How long the one answer to a message in callback mode may be given, the platform's own, less a minute.
pub const RESPONSE_URL_KEPT_MS: u64 = 59 * 60_000;

/// Handles by which something can be answered, remembered at once.
pub const HANDLES_MAX: usize = 1_024;

/// Longest address of a file or for an answer, and longest code of a card, that is kept, in bytes: as many as are kept of one
/// conversation stand in one row.
pub const ADDRESS_BYTES_MAX: usize = 3 * 1024;

/// Such answers that are kept for one conversation; the oldest go first.
pub const RESPONSE_URLS_MAX: usize = 16;

/// Pictures for webhooks that are kept between their upload and their message, which follows at once.
pub const WEBHOOK_IMAGES_MAX: usize = 4;
