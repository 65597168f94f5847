//! Section `[passwords]`.

use crate::{
    Problem,
    section::{report, section},
};

section! {
    name = "passwords", validate = validate;
    /// How passwords are stored (Argon2id). Changes apply to passwords set afterwards.
    pub struct Passwords {
        /// Shortest password that is accepted, in characters.
        pub length_min: usize = 8,
        /// Kibibytes of memory for one hash; more makes guessing dearer, and every log-in too.
        pub memory_kibibytes: u32 = 19_456,
        /// Passes over that memory.
        pub passes: u32 = 2,
    }
}

fn validate(section: &Passwords, problems: &mut Vec<Problem>) {
    if !(1..=512).contains(&section.length_min) {
        report(problems, "passwords", "length_min", "must lie between 1 and 512");
    }
    if !(8..=4_194_304).contains(&section.memory_kibibytes) {
        report(problems, "passwords", "memory_kibibytes", "must lie between 8 and 4194304");
    }
    if !(1..=64).contains(&section.passes) {
        report(problems, "passwords", "passes", "must lie between 1 and 64");
    }
}
