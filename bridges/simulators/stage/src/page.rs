//! The page of a simulator: one shell for all platforms, and what differs between them.
//!
//! It speaks commands of the control port that every platform with a page has: `overview {}` answers
//! [`Overview`](crate::Overview), `show {chat, person}` answers `messages`, a list of [`Message`](crate::Message), and
//! `speak {person, chat, text, reply_to?, at?}`, `recall {person, message}`, `press {person, message, button}` with an answer
//! whose `notice` the person is shown; where [`Page`] says so also `edit {person, message, text}`,
//! `react {person, message, emoji, added}` and `open {key}` with `content_type` and `base64`. The platform's own apps are shown by
//! `calendar`, `todos` and `approvals`, each of a person, and changed by `answer_meeting`, `book`, `tick_todo`, `decide_approval` and
//! `start_approval`.

use axum::response::{IntoResponse as _, Response};
use serde::Serialize;

/// The files of the page: the path, the type, and what it holds.
pub(crate) const FILES: [(&str, &str, &str); 5] = [
    ("/", "text/html; charset=utf-8", include_str!("page.html")),
    ("/page.css", "text/css; charset=utf-8", include_str!("page.css")),
    ("/elements.js", "text/javascript; charset=utf-8", include_str!("elements.js")),
    ("/page.js", "text/javascript; charset=utf-8", include_str!("page.js")),
    ("/office.js", "text/javascript; charset=utf-8", include_str!("office.js")),
];

/// Everything on the page comes from here; what people write is only ever put in as text.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// How the page of a platform looks and what people can do there.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Page {
    /// The platform's name in Chinese and in English.
    pub names: [&'static str; 2],
    /// The platform's colour, as CSS writes it.
    pub colour: &'static str,
    /// With what people can react: the platform's word, and what is seen.
    pub reactions: &'static [[&'static str; 2]],
    /// Whether people can change what they wrote.
    pub edits: bool,
    /// Whether bots in groups hear only what mentions them, so that the page offers that.
    pub mentions: bool,
    /// Whether `open` gives pictures and files.
    pub opens: bool,
    /// Whether people have to-dos.
    pub todos: bool,
    /// Whether people tick off to-dos of apps in the list.
    pub ticks: bool,
}

/// A file of the page.
pub(crate) fn file(content_type: &'static str, text: &'static str) -> Response {
    let headers = [
        ("Content-Type", content_type),
        ("Content-Security-Policy", POLICY),
        ("X-Content-Type-Options", "nosniff"),
        ("Cache-Control", "no-store"),
    ];
    (headers, text).into_response()
}

#[cfg(test)]
mod tests {
    use super::FILES;

    #[test]
    fn the_page_names_its_files_and_holds_no_script_of_its_own() {
        let [(_, _, html), files @ ..] = FILES;
        for (path, _, _) in files {
            assert!(html.contains(&format!("\"{}\"", path.trim_start_matches('/'))), "{path}");
        }
        assert_eq!(html.matches("<script").count(), html.matches("<script src=").count());
        assert!(!html.contains("style=") && !html.contains(" onclick"), "the policy forbids both");
    }
}
