//! Section `[user_directory]`.

use crate::{Problem, section::section};

section! {
    name = "user_directory", validate = validate;
    /// Who is found when people are searched.
    pub struct UserDirectory {
        /// Whether everybody finds every account of this server. Otherwise people find those with whom they
        /// share a room, and those who are in rooms that anybody may join or read.
        pub all_users: bool = false,
    }
}

fn validate(_: &UserDirectory, _: &mut Vec<Problem>) {}
