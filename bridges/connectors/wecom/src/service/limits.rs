//! Every bound of customer service, by name. Numbers of the platform's own are said to be so.

use std::time::Duration;

/// Entries of customer service that are fetched at once; the platform gives out 1,000.
pub const PAGE: usize = 200;

/// Pages of one account that are fetched in a row; then it is the turn of the others.
pub const PAGES_MAX: usize = 50;

/// Pages in a row that may hold nothing, lead nowhere, and say that there is more.
pub const EMPTY_MAX: usize = 5;

/// Pause after such a page.
pub const EMPTY_PAUSE: Duration = Duration::from_millis(200);

/// First pause after what customers wrote could not be fetched; it doubles.
pub const PAUSE_MIN: Duration = Duration::from_secs(1);

/// Longest such pause.
pub const PAUSE_MAX: Duration = Duration::from_secs(60);

/// How long it is remembered how far an account was read.
pub const CURSOR_KEPT_MS: u64 = 400 * 24 * 3_600_000;

/// How long it is remembered which accounts there are.
pub const ACCOUNTS_KEPT_MS: u64 = 400 * 24 * 3_600_000;

/// Accounts of customer service that are read.
pub const ACCOUNTS_MAX: usize = 500;

/// Accounts on one page of their list.
pub const ACCOUNTS_PAGE: usize = 100;

/// Customers who are looked up by one call.
pub const CUSTOMERS_AT_ONCE: usize = 100;

/// How long the token of an event is good, the platform's own, less a minute.
pub const TOKEN_LIFE: Duration = Duration::from_secs(9 * 60);

/// Messages to a customer after what they wrote last, the platform's own.
pub const ANSWERS_MAX: usize = 5;

/// How long after what they wrote last a customer may be answered, the platform's own.
pub const WINDOW_MS: u64 = 48 * 3_600_000;

/// Messages of a customer within one second that are told apart beside the latest one; more of them begin no count anew.
pub const SAME_SECOND_MAX: usize = 32;

/// Answers to a customer that are remembered beside those since they wrote last.
pub const ANSWERED_MAX: usize = 100;

/// How long it is remembered how often a customer was answered: a day longer than that, so that it is known to be over.
pub const WINDOW_KEPT_MS: u64 = WINDOW_MS + 24 * 3_600_000;

/// How long after somebody entered they are still welcomed; the platform takes it for 20 seconds.
pub const WELCOME_WITHIN_MS: u64 = 15_000;

/// Sessions of customers that are known to be ours to answer.
pub const SESSIONS_MAX: usize = 4_096;

/// Characters of the id under which something is said to a customer, the platform's own bound.
pub const ID_CHARACTERS: usize = 32;
