//! Section `[meetings]`.

use crate::{
    Problem,
    section::{report, section},
};

section! {
    name = "meetings", validate = validate;
    /// Meetings, which the bot `@meet` books, moves and minutes.
    pub struct Meetings {
        /// Rooms and things that can be booked, by the names that people type behind a `#`.
        pub resources: Vec<String> = Vec::new(),
        /// Where people talk: "element_call" (the call of the room where it was booked), "jitsi", "url", or "none".
        pub conference: String = "element_call".to_owned(),
        /// Whether a meeting that is booked in a direct chat gets a room of its own, to which its people are asked, where conference
        /// is "element_call". Without, it has no call.
        pub own_rooms: bool = true,
        /// Whether meetings booked from then on stand in the timelines of the rooms where people talk about them as events of MSC4496,
        /// for clients that show calendars. Others do not show them.
        pub calendar_events: bool = false,
        /// The Jitsi server, or any address, in which {no} and {id} become the number and the id of the meeting.
        pub conference_url: Option<String> = None => "\"https://meet.jit.si\"",
        /// A room to which summaries of minutes are copied; the bot has to be in it.
        pub knowledge_room: Option<String> = None => "\"!room:example.org\"",
        /// Time zone of the organisation, for people whose own zone the staff list does not name.
        pub time_zone: String = "Asia/Shanghai".to_owned(),
        /// When people work on a working day, in their own zone. Times for meetings are looked for within.
        pub working_hours: String = "09:00-18:00".to_owned(),
    }
}

fn validate(section: &Meetings, problems: &mut Vec<Problem>) {
    if !matches!(section.conference.as_str(), "element_call" | "jitsi" | "url" | "none") {
        report(
            problems,
            "meetings",
            "conference",
            "must be \"element_call\", \"jitsi\", \"url\" or \"none\"",
        );
    }
    let is_link = |url: &String| url.starts_with("https://") || url.starts_with("http://");
    if matches!(section.conference.as_str(), "jitsi" | "url")
        && !section.conference_url.as_ref().is_some_and(is_link)
    {
        report(
            problems,
            "meetings",
            "conference_url",
            "must begin with https:// where conference is \"jitsi\" or \"url\"",
        );
    }
    if section.knowledge_room.as_ref().is_some_and(|room| !room.starts_with('!')) {
        report(
            problems,
            "meetings",
            "knowledge_room",
            "must be the id of a room, like \"!room:example.org\"",
        );
    }
    if section.resources.iter().any(|name| name.is_empty() || name.contains(char::is_whitespace)) {
        report(
            problems,
            "meetings",
            "resources",
            "must hold names without spaces, because people type them as one word",
        );
    }
    let is_time = |text: &str| {
        let parts = text.split_once(':').map(|(hour, minute)| (hour.parse::<u8>(), minute.parse::<u8>()));
        text.len() == 5 && matches!(parts, Some((Ok(0..=23), Ok(0..=59))))
    };
    let hours = section.working_hours.split_once('-');
    if !hours.is_some_and(|(begin, end)| is_time(begin) && is_time(end) && begin < end) {
        report(problems, "meetings", "working_hours", "must be two times like \"09:00-18:00\"");
    }
}
