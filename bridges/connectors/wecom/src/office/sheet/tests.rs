use bridge_api::{EntryKey, Language, Priority, TodoState};

use super::*;

pub const START_MS: u64 = 1_793_757_600_000;

pub fn head(key: &str) -> EntryHead {
    EntryHead {
        key: EntryKey::new(key).expect("a key"),
        revision: 1,
        number: "MT-20261104-0001".into(),
        title: "Review".into(),
        link: Some("https://chat.example/#/m".into()),
        language: Language::En,
        begun_ms: START_MS,
        changed_ms: START_MS,
    }
}

pub fn meeting(key: &str) -> Meeting {
    Meeting {
        head: head(key),
        description: "What is next".into(),
        location: "Room 3".into(),
        organizer: None,
        attendees: Vec::new(),
        start_ms: START_MS,
        end_ms: START_MS + 3_600_000,
        zone: "Asia/Shanghai".into(),
        is_all_day: false,
        recurrence: None,
        last_ms: None,
        exceptions: Vec::new(),
        reminders_minutes: vec![10, 2_000],
        is_canceled: false,
    }
}

pub fn todo(key: &str) -> Todo {
    Todo {
        head: head(key),
        description: String::new(),
        creator: None,
        assignees: Vec::new(),
        followers: Vec::new(),
        is_done_by_any: false,
        due_ms: Some(START_MS),
        priority: Priority::Normal,
        state: TodoState::Open,
    }
}

fn people() -> People {
    People { organizer: Some("zhang".into()), attendees: ["li".to_owned(), "wang".to_owned()].into() }
}

#[test]
fn a_meeting_shows_all_that_the_platform_can_show() {
    let sheet = Sheet::of_meeting(&meeting("m"), people(), "0123");
    let expected = json!({
        "admins": ["zhang"], "start_time": 1_793_757_600, "end_time": 1_793_761_200, "is_whole_day": 0,
        "summary": "Review", "location": "Room 3", "allow_active_join": 0, "cal_id": "wc1",
        "description": "What is next\nhttps://chat.example/#/m\nMT-20261104-0001 · 0123",
        "attendees": [{"userid": "li"}, {"userid": "wang"}],
        "reminders": {"is_remind": 1, "remind_before_event_secs": 86_400, "remind_time_diffs": [-86_400, -900],
            "is_repeat": 0},
    });
    assert_eq!(sheet.fields("wc1"), expected);
    let days = Meeting { is_all_day: true, reminders_minutes: Vec::new(), ..meeting("m") };
    let fields = Sheet::of_meeting(&days, people(), "0").fields("wc1");
    assert_eq!((&fields["is_whole_day"], &fields["end_time"]), (&json!(1), &json!(1_793_761_199)));
    assert_eq!(fields["reminders"], json!({"is_remind": 0, "is_repeat": 0}));
}

#[test]
fn a_series_that_the_platform_cannot_show_says_so() {
    let series = |rule: &str| {
        let series = Meeting { recurrence: Some(rule.into()), ..meeting("m") };
        let sheet = Sheet::of_meeting(&series, people(), "0");
        let fields = sheet.fields("wc1");
        (fields["reminders"]["is_repeat"].clone(), fields["description"].to_string(), sheet.over_s)
    };
    let (repeats, description, over_s) = series("FREQ=WEEKLY");
    assert_eq!((repeats, over_s), (json!(1), u64::MAX));
    assert!(!description.contains(FIRST_ALONE.en));
    let (repeats, description, over_s) = series("FREQ=MONTHLY;BYDAY=1WE");
    assert_eq!((repeats, over_s), (json!(0), 1_793_761_200));
    assert!(description.contains(FIRST_ALONE.en), "{description}");
}

#[test]
fn long_words_are_cut_and_the_mark_never_is() {
    let mut long = meeting("m");
    (long.description, long.head.title) = ("好".repeat(2_000), "长".repeat(200));
    let fields = Sheet::of_meeting(&long, people(), "0123").fields("wc1");
    let length = |name: &str| fields[name].as_str().map_or(0, |text| text.chars().count());
    assert_eq!((length("description"), length("summary")), (512, 128));
    assert!(is_marked(&fields, "0123") && !is_marked(&fields, "0124"));
    assert!(fields["description"].to_string().contains("https://chat.example/#/m"));
    long.head.link = Some(format!("https://chat.example/{}", "x".repeat(600)));
    let fields = Sheet::of_meeting(&long, people(), "0123").fields("wc1");
    assert!(is_marked(&fields, "0123") && !fields["description"].to_string().contains("https"));
}

#[test]
fn a_task_is_a_while_that_ends_when_it_is_due() {
    let sheet = Sheet::of_todo(&todo("t"), people(), "0").expect("it is due");
    let fields = sheet.fields("wc1");
    assert_eq!((&fields["start_time"], &fields["end_time"]), (&json!(1_793_756_700), &json!(1_793_757_600)));
    assert_eq!(fields["summary"], "Due: Review");
    assert!(fields["description"].to_string().contains(SAID_IN_CHAT.en));
    assert_eq!(Sheet::of_todo(&Todo { due_ms: None, ..todo("t") }, people(), "0"), None);
}

#[test]
fn what_stands_there_is_written_only_when_it_is_another() {
    let sheet = Sheet::of_meeting(&meeting("m"), people(), "0");
    let mut there = sheet.fields("wc1");
    there["schedule_id"] = "s1".into();
    there["status"] = 0.into();
    there["colour"] = "theirs".into();
    there["admins"] = json!(["Zhang"]);
    there["reminders"]["exclude_time_list"] = json!([]);
    assert_eq!(sheet.changed(&there), None);
    there["start_time"] = "1793757600".into();
    assert_eq!(sheet.changed(&there), None, "a number may be a text");
    there["summary"] = "somebody's own".into();
    let changed = sheet.changed(&there).expect("changed");
    assert_eq!((&changed["summary"], &changed["colour"]), (&json!("Review"), &json!("theirs")));
    assert_eq!((&changed["schedule_id"], changed.get("attendees")), (&json!("s1"), None));
    assert_eq!(changed["cal_id"], "wc1");
    assert_eq!(invited(&there), ["li".to_owned(), "wang".to_owned()].into());
}
