//! Section `[rooms]`.

use crate::{
    Problem,
    section::{report, section},
};

section! {
    name = "rooms", validate = validate;
    /// Rooms.
    pub struct Rooms {
        /// Version of new rooms, 1 to 12, when the client names none.
        pub default_version: String = "12".to_owned(),
        /// Whether the public room directory can be read without an account.
        pub directory_without_token: bool = false,
        /// Days for which what redacted events said is kept for those who may redact in the room; 0 for not at all.
        pub redacted_content_days: u64 = 7,
    }
}

fn validate(section: &Rooms, problems: &mut Vec<Problem>) {
    if !section.default_version.parse::<u8>().is_ok_and(|version| (1..=12).contains(&version)) {
        report(problems, "rooms", "default_version", "must be one of \"1\" to \"12\"");
    }
    if section.redacted_content_days > 3_650 {
        report(problems, "rooms", "redacted_content_days", "must be at most 3650 (ten years)");
    }
}
