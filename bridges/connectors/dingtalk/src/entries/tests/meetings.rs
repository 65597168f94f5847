use bridge_api::{Action, Answer, Attendee, Calendars as _, Meeting};

use super::*;

const EVENTS: &str = "/v1.0/calendar/users/boss/calendars/primary/events";
const EVENT: &str = "/v1.0/calendar/users/boss/calendars/primary/events/m1";

fn meeting(revision: u64, guests: &[(&str, Option<Answer>)]) -> Meeting {
    let attendee = |(id, answer): &(&str, Option<Answer>)| Attendee {
        person: union(id),
        is_optional: false,
        answer: *answer,
    };
    Meeting {
        head: head("meeting/1", revision),
        description: "Bring tea".into(),
        location: "Room 1".into(),
        organizer: Some(union("boss")),
        attendees: guests.iter().map(attendee).collect(),
        start_ms: NOW_MS,
        end_ms: NOW_MS + 3_600_000,
        zone: "Asia/Shanghai".into(),
        is_all_day: false,
        recurrence: None,
        last_ms: None,
        exceptions: Vec::new(),
        reminders_minutes: vec![15],
        is_canceled: false,
    }
}

fn made() -> Value {
    json!({"id": "m1", "updateTime": "2025-11-05T10:00:01.007+08:00"})
}

#[tokio::test]
async fn a_meeting_is_made_once_whatever_is_repeated() {
    let mut stage = stage().await;
    stage.platform.next(EVENTS, 504, timed_out());
    stage.platform.next(EVENTS, 200, made());
    let meeting = meeting(1, &[("boss", None), ("anna", None)]);
    assert!(stage.entries.put_meeting(&meeting, None).await.expect_err("unknown").passes());
    for _ in 0..2 {
        stage.restart();
        let put = stage.entries.put_meeting(&meeting, None).await.expect("put");
        assert_eq!(put.as_str(), "boss|m1");
    }
    let asked = stage.platform.asked(EVENTS);
    let tokens: Vec<&str> = asked.iter().map(|asked| asked.header("x-client-token")).collect();
    assert_eq!((tokens.len(), tokens[0], tokens[0].len()), (2, tokens[1], 32));
    let body = &asked[0].body;
    let start = json!({"dateTime": "2025-11-05T10:00:00+08:00", "timeZone": "Asia/Shanghai"});
    assert_eq!((&body["summary"], &body["start"]), (&json!("Report"), &start));
    assert_eq!(
        body["attendees"],
        json!([{"id": "anna", "isOptional": false}]),
        "the organiser is there anyway"
    );
    assert_eq!(body["description"], "Bring tea\nT-1\nhttps://a.example/t/1");
    assert_eq!(stage.platform.asked(EVENT).len(), 1, "what was made may be older, so it is changed once");
}

#[tokio::test]
async fn only_what_is_new_is_asked() {
    let stage = stage().await;
    stage.platform.next(EVENTS, 200, made());
    let first = meeting(1, &[("anna", None), ("ben", None)]);
    let put = stage.entries.put_meeting(&first, None).await.expect("put");
    let mut second = meeting(2, &[("anna", Some(Answer::Accepted)), ("eve", None)]);
    second.location = "Room 2".into();
    stage.entries.put_meeting(&second, Some(&put)).await.expect("put");
    stage.entries.put_meeting(&second, Some(&put)).await.expect("put");
    let asked =
        |path: &str| stage.platform.asked(path).into_iter().map(|asked| asked.body).collect::<Vec<_>>();
    assert_eq!(asked(EVENT), [json!({"id": "m1", "location": {"displayName": "Room 2"}})]);
    let added = json!({"attendeesToAdd": [{"id": "eve", "isOptional": false}]});
    assert_eq!(asked(&format!("{EVENT}/attendees")), [added]);
    let removed = json!({"attendeesToRemove": [{"id": "ben"}]});
    assert_eq!(asked(&format!("{EVENT}/attendees/batchRemove")), [removed]);
    let answered = "/v1.0/calendar/users/anna/calendars/primary/events/m1/respond";
    assert_eq!(asked(answered), [json!({"responseStatus": "accepted"})]);
    let canceled = Meeting { is_canceled: true, ..meeting(3, &[]) };
    stage.platform.next(EVENT, 404, json!({"code": "itemNotFound", "message": "item not found"}));
    stage.entries.put_meeting(&canceled, Some(&put)).await.expect("gone is taken away");
    stage.platform.next(EVENTS, 200, json!({"id": "m2"}));
    let again = stage.entries.put_meeting(&meeting(4, &[]), Some(&put)).await.expect("put");
    assert_eq!(again.as_str(), "boss|m2");
    let asked = stage.platform.asked(EVENTS);
    assert_ne!(asked[0].header("x-client-token"), asked[1].header("x-client-token"), "another event");
}

#[tokio::test]
async fn answers_are_told_once_and_our_own_changes_are_not_read() {
    let mut stage = stage().await;
    stage.platform.next(EVENTS, 200, made());
    let guests = [("anna", None), ("ben", Some(Answer::Accepted))];
    let put = stage.entries.put_meeting(&meeting(1, &guests), None).await.expect("put");
    let event = |kind: &str, at_ms: u64| json!({"calendarEventId": "m1", "calendarEventUpdateTime": at_ms, "changeType": kind});
    let changed = |at_ms: u64| event("update", at_ms);
    assert!(stage.heard("calendar_event_change", event("create", NOW_MS + 1_007), true).await.is_empty());
    assert!(stage.platform.asked(EVENT).is_empty(), "it was ours");
    stage.platform.next(EVENT, 200, made());
    let moved = Meeting { location: "Room 2".into(), ..meeting(2, &guests) };
    stage.entries.put_meeting(&moved, Some(&put)).await.expect("put");
    for asked in [1, 2] {
        assert!(stage.heard("calendar_event_change", changed(NOW_MS + 1_007), true).await.is_empty());
        assert_eq!(stage.platform.asked(EVENT).len(), asked, "only one of a moment was ours");
        stage.restart();
    }
    let read = |anna: &str| {
        json!({"id": "m1", "attendees": [{"id": "boss", "responseStatus": "accepted"},
        {"id": "anna", "responseStatus": anna}, {"id": "ben", "responseStatus": "accepted"}]})
    };
    let mut told = Vec::new();
    for (is_kept, answer) in
        [(false, "declined"), (true, "declined"), (true, "declined"), (true, "tentative")]
    {
        stage.platform.next(EVENT, 200, read(answer));
        told.extend(stage.heard("calendar_event_change", changed(NOW_MS + 2_000), is_kept).await);
        stage.restart();
    }
    assert_eq!((told.len(), &told[0].key), (3, &told[1].key), "killed before it was noted, it is told again");
    assert_ne!(told[1].key, told[2].key);
    let [declined, perhaps] = [acted(&told[1]), acted(&told[2])];
    assert_eq!(
        (declined.key.as_str(), &declined.by, declined.action),
        ("meeting/1", &union("anna"), Action::Decline)
    );
    assert_eq!(perhaps.action, Action::Tentative);
    // The bot agrees, and the platform has it already.
    let agreed = meeting(3, &[("anna", Some(Answer::Tentative)), guests[1]]);
    stage.platform.next(EVENT, 200, made());
    stage.entries.put_meeting(&agreed, Some(&put)).await.expect("put");
    let answered = "/v1.0/calendar/users/anna/calendars/primary/events/m1/respond";
    assert!(stage.platform.asked(answered).is_empty());
    stage.platform.next(EVENT, 504, timed_out());
    let data = changed(NOW_MS + 3_000);
    let event = Event { kind: "calendar_event_change", id: "e1", at_ms: NOW_MS, data: &data };
    assert!(stage.entries.changed(event).await.is_err(), "not read, it has to come again");
}

#[tokio::test]
async fn a_series_is_one_there_or_says_that_it_is_none() {
    let stage = stage().await;
    stage.platform.next(EVENTS, 200, json!({"id": "m1"}));
    let mut weekly = meeting(1, &[]);
    weekly.recurrence = Some("FREQ=WEEKLY;COUNT=4".into());
    stage.entries.put_meeting(&weekly, None).await.expect("put");
    let body = &stage.platform.asked(EVENTS)[0].body;
    assert_eq!(body["recurrence"]["range"], json!({"type": "numbered", "numberOfOccurrences": 4}));
    stage.platform.next(EVENTS, 200, json!({"id": "m2"}));
    let mut twice = meeting(1, &[]);
    twice.head = head("meeting/2", 1);
    twice.recurrence = Some("FREQ=MONTHLY;BYMONTHDAY=1,15".into());
    stage.entries.put_meeting(&twice, None).await.expect("put");
    let body = &stage.platform.asked(EVENTS)[1].body;
    assert!(body.get("recurrence").is_none());
    assert!(body["description"].as_str().expect("words").contains("FREQ=MONTHLY;BYMONTHDAY=1,15"));
    let mut nobodys = meeting(1, &[]);
    nobodys.head = head("meeting/3", 1);
    nobodys.organizer = None;
    let failure = stage.entries.put_meeting(&nobodys, None).await.expect_err("nobody's");
    assert!(failure.to_string().contains("dingtalk.operator"), "{failure}");
}

#[tokio::test]
async fn who_is_not_shown_to_us_has_no_times() {
    let stage = stage().await;
    let path = "/v1.0/calendar/users/anna/querySchedule";
    let at = |time: &str| json!({"dateTime": time, "timeZone": "Asia/Shanghai"});
    let item = json!({"status": "TENTATIVE", "start": at("2025-11-05T10:00:00+08:00"), "end": at("2025-11-05T11:00:00+08:00")});
    let said = json!({"scheduleInformation": [{"userId": "anna", "scheduleItems": [item]}, {"userId": "ben", "error": "no permission"}]});
    stage.platform.next(path, 200, said);
    let outsider = PersonId::new("corp:c2:u1").expect("an id");
    let people = [union("anna"), union("ben"), outsider];
    let busy = stage.entries.busy(&people, NOW_MS, NOW_MS + 86_400_000).await.expect("asked");
    let times: Vec<_> = busy.into_iter().map(|busy| busy.times).collect();
    assert_eq!(times, [Some(vec![(NOW_MS, NOW_MS + 3_600_000, true)]), None, None]);
    let body = &stage.platform.asked(path)[0].body;
    assert_eq!(
        (&body["userIds"], &body["startTime"]),
        (&json!(["anna", "ben"]), &json!("2025-11-05T10:00:00+08:00"))
    );
    let many: Vec<PersonId> = (0..45).map(|number| union(&format!("p{number:02}"))).collect();
    for _ in 0..3 {
        stage.platform.next(
            "/v1.0/calendar/users/p00/querySchedule",
            200,
            json!({"scheduleInformation": []}),
        );
    }
    assert_eq!(stage.entries.busy(&many, NOW_MS, NOW_MS + 1).await.expect("asked").len(), 45);
    assert_eq!(stage.platform.asked("/v1.0/calendar/users/p00/querySchedule").len(), 3, "twenty at once");
}
