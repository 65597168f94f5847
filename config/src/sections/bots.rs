//! Section `[bots]`.

use crate::{
    Problem,
    section::{report, section},
};

/// Shortest secret that signs what a program hears of tasks.
const TASKS_HOOK_SECRET_CHARACTERS_MIN: usize = 16;

section! {
    name = "bots", validate = validate;
    /// The bots: approvals, tasks, meetings and who is who in any Matrix client. People invite them
    /// (`@approvals:your.server`, `@task:your.server`, `@meet:your.server`, `@org:your.server`) and write `!help`.
    /// They run inside `lianqiao serve`, or by `lianqiao bots` as a process of their own; both keep what they know in
    /// the data folder, in `bots`.
    pub struct Bots {
        /// Whether `lianqiao serve` runs the bots. Set it to false to have none, or to run `lianqiao bots`.
        pub enabled: bool = true,
        /// Language for people and rooms that chose none: "zh" or "en".
        pub language: String = "zh".to_owned(),
        /// Other servers whose people may invite the bots. Invitations from anywhere else are refused.
        /// These servers are also asked when their people are busy, in the search for a time.
        pub partners: Vec<String> = Vec::new(),
        /// Whether an account that had a bot's name before the bots came is given to the bot. Otherwise that bot does
        /// not start, and the log says so.
        pub take_over_accounts: bool = false,
        /// Whether a direct chat that a bot opens is end-to-end encrypted where the person has a client that can read
        /// it. What is said in such a chat is in no search and no archive of the server. All other rooms that bots make are
        /// not end-to-end encrypted; their topics say which. Chats that people open are as they make them, and bots read
        /// and answer there.
        pub encrypt_direct_chats: bool = false,
        /// Hours after which a task from another department counts as accepted by whoever said nothing; 0 for never.
        pub tasks_accepted_after_hours: u64 = 24,
        /// Where a program elsewhere, like a project tool, hears how tasks stand: `https://…`. Each change is posted there as JSON,
        /// signed (see the README of the tasks bot); secret tasks are not. Addresses inside have to be in `outbound.allowed_ranges`.
        pub tasks_hook_url: Option<String> = None => "\"https://projects.example/lianqiao\"",
        /// What signs it, known to the program as well; 16 characters at least.
        pub tasks_hook_secret: Option<String> = None => "\"a-secret-of-sixteen-characters\"",
        /// Whether the departments of the staff list have a space and a room each, made and kept in step by
        /// `@org:your.server`.
        pub department_rooms: bool = false,
        /// Days that somebody who moved to another department stays in the rooms of the old one; 0 to leave at once. Whoever
        /// leaves the organisation leaves all of them at once.
        pub department_moves_leave_after_days: u64 = 7,
        /// Where `lianqiao bots` reaches the homeserver. Inside `lianqiao serve` the bots find it themselves.
        pub server_url: String = "http://127.0.0.1:8008".to_owned(),
        /// Address and port where `lianqiao bots` listens for the homeserver.
        pub listen: String = "127.0.0.1:8010".to_owned(),
    }
}

fn validate(section: &Bots, problems: &mut Vec<Problem>) {
    if !matches!(section.language.as_str(), "zh" | "en") {
        report(problems, "bots", "language", "must be \"zh\" or \"en\"");
    }
    if section.partners.iter().any(|partner| partner.is_empty() || partner.contains('@')) {
        report(problems, "bots", "partners", "must hold server names like \"partner.example\"");
    }
    if section.tasks_accepted_after_hours > 24 * 365 {
        report(problems, "bots", "tasks_accepted_after_hours", "must be a year at most");
    }
    if section.tasks_hook_url.as_ref().is_some_and(|url| !url.starts_with("https://")) {
        report(problems, "bots", "tasks_hook_url", "must begin with https://");
    }
    let is_secret = |secret: &String| secret.chars().count() >= TASKS_HOOK_SECRET_CHARACTERS_MIN;
    if section.tasks_hook_url.is_some() && !section.tasks_hook_secret.as_ref().is_some_and(is_secret) {
        report(
            problems,
            "bots",
            "tasks_hook_secret",
            "must have 16 characters at least, beside tasks_hook_url",
        );
    }
    if section.department_moves_leave_after_days > 365 {
        report(problems, "bots", "department_moves_leave_after_days", "must be a year at most");
    }
    if !section.server_url.starts_with("http://") && !section.server_url.starts_with("https://") {
        report(problems, "bots", "server_url", "must begin with http:// or https://");
    }
    if section.listen.parse::<std::net::SocketAddr>().is_err() {
        report(problems, "bots", "listen", "must be an address and a port, like 127.0.0.1:8010");
    }
}
