//! Section `[presence]`.

use crate::{Problem, section::section};

section! {
    name = "presence", validate = validate;
    /// Who is online.
    pub struct Presence {
        /// Whether users see each other's presence. Off saves traffic in large organisations.
        pub enabled: bool = true,
    }
}

fn validate(_: &Presence, _: &mut Vec<Problem>) {}
