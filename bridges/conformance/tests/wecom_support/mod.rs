//! What the tests of WeCom's calendar share: meetings that are far from now, how they get there, and what comes back.

use bridge_api::{
    Acted, Arrival, Attendee, EntryHead, EntryKey, EntryOnPlatform, Happened, Language, Meeting,
};
use conformance::Stage;

/// Monday, 6 January 2098, 10:00 in Shanghai: far enough from now that nothing is over.
pub const START_MS: u64 = 4_039_812_000_000;
pub const HOUR_MS: u64 = 3_600_000;

/// A meeting of Zhang and Li of this title, called so.
pub fn meeting(stage: &Stage, called: &str, title: &str, revision: u64) -> Meeting {
    let attendee = Attendee { person: stage.platform.person("li"), is_optional: false, answer: None };
    Meeting {
        head: EntryHead {
            key: EntryKey::new(called).unwrap(),
            revision,
            number: "MT-1".to_owned(),
            title: title.to_owned(),
            link: None,
            language: Language::En,
            begun_ms: START_MS,
            changed_ms: START_MS,
        },
        description: "What is next".to_owned(),
        location: String::new(),
        organizer: Some(stage.platform.person("zhang")),
        attendees: vec![attendee],
        start_ms: START_MS,
        end_ms: START_MS + HOUR_MS,
        zone: "Asia/Shanghai".to_owned(),
        is_all_day: false,
        recurrence: None,
        last_ms: None,
        exceptions: Vec::new(),
        reminders_minutes: vec![10],
        is_canceled: false,
    }
}

/// Puts a meeting into the platform's calendar, as often as it takes.
pub async fn put(stage: &Stage, meeting: &Meeting) -> EntryOnPlatform {
    let put = async || stage.connector().calendars().unwrap().put_meeting(meeting, None).await;
    stage.insist(put).await.unwrap()
}

/// What somebody did with an entry there.
pub fn acted(arrival: &Arrival) -> Option<Acted> {
    match &arrival.what {
        Happened::Acted(acted) => Some(acted.clone()),
        _ => None,
    }
}
