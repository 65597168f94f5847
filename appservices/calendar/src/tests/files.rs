//! iCalendar in and out: what Outlook, Google and Thunderbird write, and what is made to do harm.

use super::{NOW_MS, alice, at, bob, hour, shanghai, zone};
use crate::{
    Address, Attendee, CalendarError, Conference, ConferenceKind, Event, EventStatus, Override, Partstat,
    Party, Recurrence, Role, Span,
    ics::{Item, Method, read, read_busy, read_feed, write, write_busy, write_item},
    limits::{COMPONENT_DEPTH_MAX, OBJECT_BYTES_MAX},
};

/// As Outlook writes an invitation: Windows names, a description of the zone under that name, folded lines, its own
/// properties.
const OUTLOOK: &str = "BEGIN:VCALENDAR\r
PRODID:-//Microsoft Corporation//Outlook 16.0 MIMEDIR//EN\r
VERSION:2.0\r
METHOD:REQUEST\r
X-MS-OLK-FORCEINSPECTOROPEN:TRUE\r
BEGIN:VTIMEZONE\r
TZID:W. Europe Standard Time\r
BEGIN:STANDARD\r
DTSTART:16011028T030000\r
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r
TZOFFSETFROM:+0200\r
TZOFFSETTO:+0100\r
END:STANDARD\r
BEGIN:DAYLIGHT\r
DTSTART:16010325T020000\r
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\r
TZOFFSETFROM:+0100\r
TZOFFSETTO:+0200\r
END:DAYLIGHT\r
END:VTIMEZONE\r
BEGIN:VEVENT\r
ATTENDEE;CN=\"Müller, Hans\";ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:Hans.Mueller@Partner.Example\r
CLASS:PUBLIC\r
DTEND;TZID=\"W. Europe Standard Time\":20261105T110000\r
DTSTAMP:20261101T080000Z\r
DTSTART;TZID=\"W. Europe Standard Time\":20261105T100000\r
LOCATION:Raum 3\\, Erdgeschoss\r
ORGANIZER;CN=\"Eve\":mailto:eve@partner.example\r
PRIORITY:5\r
RRULE:FREQ=WEEKLY;COUNT=5;INTERVAL=1;BYDAY=TH;WKST=SU\r
SEQUENCE:3\r
SUMMARY;LANGUAGE=de:Wöchentliche Besprechung über einen ziemlich langen Gegen\r
 stand\r
TRANSP:OPAQUE\r
UID:040000008200E00074C5B7101A82E00800000000\r
X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE\r
BEGIN:VALARM\r
TRIGGER:-PT15M\r
ACTION:DISPLAY\r
DESCRIPTION:Reminder\r
END:VALARM\r
END:VEVENT\r
BEGIN:VEVENT\r
UID:040000008200E00074C5B7101A82E00800000000\r
RECURRENCE-ID;TZID=\"W. Europe Standard Time\":20261112T100000\r
DTSTART;TZID=\"W. Europe Standard Time\":20261112T140000\r
DTEND;TZID=\"W. Europe Standard Time\":20261112T150000\r
DTSTAMP:20261101T080000Z\r
SEQUENCE:3\r
SUMMARY:Verschoben\r
END:VEVENT\r
END:VCALENDAR\r
";

fn file(lines: &str) -> String {
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{lines}END:VCALENDAR\r\n")
}

fn event(lines: &str) -> String {
    file(&format!("BEGIN:VEVENT\r\nUID:u\r\nDTSTAMP:20261101T000000Z\r\n{lines}END:VEVENT\r\n"))
}

fn one(text: &str) -> Event {
    let mut read = read(text.as_bytes(), &shanghai()).unwrap();
    assert_eq!(read.items.len(), 1, "{text}");
    read.items.remove(0).event
}

#[test]
fn an_invitation_of_outlook_is_understood() {
    let read = read(OUTLOOK.as_bytes(), &shanghai()).unwrap();
    assert_eq!(read.method, Some(Method::Request));
    let [Item { event, instance: None }] = read.items.as_slice() else { panic!("{:?}", read.items) };
    event.check().unwrap();
    assert_eq!(event.zone.at(event.start), zone("Europe/Berlin").at(at("2026-11-05T10:00:00")));
    assert_eq!(event.title, "Wöchentliche Besprechung über einen ziemlich langen Gegenstand");
    assert_eq!(event.location.as_deref(), Some("Raum 3, Erdgeschoss"));
    assert_eq!((event.sequence, event.status, &*event.reminders), (3, EventStatus::Tentative, &[15][..]));
    let hans = event.attendee(&Address::email("hans.mueller@partner.example")).unwrap();
    assert_eq!((hans.name.as_str(), hans.partstat), ("Müller, Hans", Partstat::NeedsAction));
    assert_eq!(
        event.organizer.as_ref().map(|eve| eve.address.clone()),
        Some(Address::email("eve@partner.example"))
    );
    let moved = &event.overrides[&at("2026-11-12T10:00:00")];
    assert_eq!((moved.start, moved.title.as_deref()), (Some(at("2026-11-12T14:00:00")), Some("Verschoben")));
    assert_eq!(event.occurrences(Span { from_ms: 0, until_ms: u64::MAX }).unwrap().len(), 5);
}

#[test]
fn what_is_written_is_read_back_the_same() {
    let mut event = hour("m1@corp.example", "2026-11-05T10:00:00", zone("Europe/Berlin"));
    event.title = "评审; with, commas\nand a line \\ é".to_owned();
    event.description = "長い説明".repeat(60);
    event.location = Some("会议室3".to_owned());
    event.stamp_ms = NOW_MS;
    event.sequence = 4;
    event.organizer = Some(Party { address: alice(), name: "Alice \"A\" Liddell".to_owned() });
    let attendee = |address, name: &str, role, partstat| Attendee {
        address,
        name: name.to_owned(),
        role,
        partstat,
        answered_sequence: 0,
        answered_ms: 0,
    };
    event.attendees = vec![
        attendee(bob(), "Bob", Role::Required, Partstat::Accepted),
        attendee(Address::email("eve@partner.example"), "", Role::Optional, Partstat::NeedsAction),
        attendee(
            Address::Resource("会议室 3; & more".to_owned()),
            "Room",
            Role::Required,
            Partstat::Accepted,
        ),
        attendee(Address::Dingtalk("d1".to_owned()), "", Role::Chair, Partstat::Declined),
    ];
    event.reminders = vec![15, 1];
    let url = "https://call.example/room?x=1,2;3".to_owned();
    event.conference = Some(Conference { kind: ConferenceKind::Url, url, room_id: None });
    event.rrule =
        Some(Recurrence::parse("FREQ=WEEKLY;BYDAY=TH;UNTIL=20261224T090000Z", &event.zone).unwrap());
    event.exdates.insert(at("2026-11-12T10:00:00"));
    event.overrides.insert(
        at("2026-11-19T10:00:00"),
        Override {
            start: Some(at("2026-11-20T08:00:00")),
            end: Some(at("2026-11-20T09:30:00")),
            location: Some("Elsewhere".to_owned()),
            ..Override::default()
        },
    );
    let text = write(Some(Method::Request), std::slice::from_ref(&event));
    assert!(text.lines().all(|line| line.len() <= 76), "{text}");
    assert!(text.contains("BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin"), "{text}");
    assert_eq!(one(&text), event);

    let mut days =
        Event::new("days", "Fair", at("2026-11-05T00:00:00"), at("2026-11-07T00:00:00"), shanghai());
    days.all_day = true;
    days.stamp_ms = NOW_MS;
    days.rrule = Some(Recurrence::parse("FREQ=YEARLY;COUNT=2", &shanghai()).unwrap());
    days.out_of_office = true;
    let text = write(None, std::slice::from_ref(&days));
    assert!(text.contains("DTSTART;VALUE=DATE:20261105\r\nDTEND;VALUE=DATE:20261107\r\n"), "{text}");
    assert_eq!(one(&text), days);

    let instance = Item {
        event: Event { rrule: None, overrides: Default::default(), exdates: Default::default(), ..event },
        instance: Some(at("2026-11-26T10:00:00")),
    };
    let text = write_item(Some(Method::Cancel), &instance);
    assert_eq!(read(text.as_bytes(), &shanghai()).unwrap().items, [instance]);
}

#[test]
fn a_series_of_days_has_its_exceptions_on_days_at_whatever_time_the_file_names_them() {
    let text = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:days\r\nDTSTART;VALUE=DATE:20261105\r\n\
        RRULE:FREQ=DAILY;COUNT=4\r\nEXDATE:20261106T160000Z\r\nEND:VEVENT\r\n\
        BEGIN:VEVENT\r\nUID:days\r\nRECURRENCE-ID:20261105T160000Z\r\nDTSTART;VALUE=DATE:20261120\r\n\
        END:VEVENT\r\nEND:VCALENDAR\r\n";
    let event = one(text);
    assert_eq!(event.exdates.into_iter().collect::<Vec<_>>(), [at("2026-11-07T00:00:00")]);
    let moved = &event.overrides[&at("2026-11-06T00:00:00")];
    assert_eq!((event.overrides.len(), moved.start), (1, Some(at("2026-11-20T00:00:00"))));
}

#[test]
fn times_are_what_the_file_says_they_are() {
    for (lines, start, end) in [
        ("DTSTART:20261105T020000Z\r\nDTEND:20261105T030000Z\r\n", 0, 60),
        ("DTSTART:20261105T100000\r\nDTEND:20261105T110000\r\n", 0, 60),
        ("DTSTART;TZID=Europe/Berlin:20261105T030000\r\nDURATION:PT90M\r\n", 0, 90),
        (
            "DTSTART;TZID=China Standard Time:20261105T100000\r\nDTEND;TZID=Europe/Berlin:20261105T040000\r\n",
            0,
            60,
        ),
        ("DTSTART;VALUE=DATE:20261105\r\n", -600, 840),
        ("DTSTART;VALUE=DATE:20261105\r\nDTEND;VALUE=DATE:20261105\r\n", -600, 840),
        ("DTSTART;VALUE=DATE:20261105\r\nDTEND;VALUE=DATE:20261107\r\n", -600, 2_280),
        ("DTSTART:20261105T020000Z\r\n", 0, 0),
    ] {
        let event = one(&event(lines));
        let found = &event.occurrences(Span { from_ms: 0, until_ms: u64::MAX }).unwrap()[0];
        let minutes = |at_ms: u64| (at_ms as i64 - NOW_MS as i64) / 60_000;
        assert_eq!((minutes(found.start_ms), minutes(found.end_ms)), (start, end), "{lines}");
    }
}

#[test]
fn an_unknown_zone_is_refused_and_in_a_feed_told_of() {
    let text = event("DTSTART;TZID=Customized Time Zone:20261105T100000\r\n");
    assert!(
        matches!(read(text.as_bytes(), &shanghai()), Err(CalendarError::Zone(name)) if name == "Customized Time Zone")
    );
    let feed = read_feed(text.as_bytes(), &shanghai()).unwrap();
    assert_eq!((feed.items.len(), feed.skipped.len()), (0, 1));
    // A name of their own for a zone that they say the name of.
    let described = file(concat!(
        "BEGIN:VTIMEZONE\r\nTZID:Ours\r\nX-LIC-LOCATION:Europe/Berlin\r\nEND:VTIMEZONE\r\n",
        "BEGIN:VEVENT\r\nUID:u\r\nDTSTART;TZID=Ours:20261105T100000\r\nEND:VEVENT\r\n"
    ));
    assert_eq!(one(&described).zone, zone("Europe/Berlin"));
}

#[test]
fn files_that_are_made_to_do_harm_are_refused() {
    let deep = "BEGIN:VEVENT\r\n".repeat(COMPONENT_DEPTH_MAX + 1);
    let many = "BEGIN:VEVENT\r\nEND:VEVENT\r\n".repeat(30_000);
    let lines = event(&"COMMENT:x\r\n".repeat(5_000));
    let folded = event(&format!(
        "DTSTART:20261105T020000Z\r\nSUMMARY:x\r\n{}",
        " yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n".repeat(2_000)
    ));
    let large = event(&format!("DESCRIPTION:{}\r\n", "x".repeat(OBJECT_BYTES_MAX)));
    for (what, text) in
        [("deep", file(&deep)), ("many", file(&many)), ("lines", lines), ("folded", folded), ("large", large)]
    {
        let refused = read(text.as_bytes(), &shanghai());
        assert!(matches!(refused, Err(CalendarError::TooLarge(_))), "{what}: {refused:?}");
    }
    for (what, text) in [
        ("empty", String::new()),
        ("no calendar", "BEGIN:VCARD\r\nEND:VCARD\r\n".to_owned()),
        ("an event alone", "BEGIN:VEVENT\r\nEND:VEVENT\r\n".to_owned()),
        ("no start", event("")),
        ("no uid", file("BEGIN:VEVENT\r\nDTSTART:20261105T020000Z\r\nEND:VEVENT\r\n")),
        ("no time", event("DTSTART:tomorrow\r\n")),
        ("a year far away", event("DTSTART:99991231T000000Z\r\n")),
        ("the thirtieth of February", event("DTSTART:20260230T000000Z\r\n")),
        ("a negative duration", event("DTSTART:20261105T020000Z\r\nDURATION:-PT1H\r\n")),
        ("a duration of ages", event("DTSTART:20261105T020000Z\r\nDURATION:P4294967295W\r\n")),
    ] {
        let refused = read(text.as_bytes(), &shanghai());
        assert!(matches!(refused, Err(CalendarError::Unreadable(_))), "{what}: {refused:?}");
    }
    for text in [
        "FREQ=NEVER",
        "FREQ=DAILY;BYMONTHDAY=99",
        "INTERVAL=2",
        "FREQ=DAILY;UNTIL=20270229T000000Z;COUNT=x",
        "FREQ=DAILY;COUNT=3;INTERVAL=0",
        "FREQ=DAILY;INTERV\r\n AL=00;COUNT=3",
        "FREQ=DAILY;COUNT=0",
    ] {
        let read =
            read(event(&format!("DTSTART:20261105T020000Z\r\nRRULE:{text}\r\n")).as_bytes(), &shanghai());
        let checked = read.and_then(|read| read.items.iter().try_for_each(|item| item.event.check()));
        assert!(matches!(checked, Err(CalendarError::Recurrence(_))), "{text}: {checked:?}");
    }
    // Bytes that are no text, and a line without an end, are survived.
    let mut bytes = event("DTSTART:20261105T020000Z\r\nSUMMARY:ab\r\n").into_bytes();
    let place = bytes.windows(2).position(|two| two == b"ab").unwrap();
    bytes[place] = 0xff;
    assert_eq!(read(&bytes, &shanghai()).unwrap().items.len(), 1);
}

#[test]
fn who_is_too_many_and_what_is_too_long_does_not_become_ours() {
    let ours = hour("m1", "2026-11-05T10:00:00", shanghai());
    let changes: [fn(&mut Event); 7] = [
        |event| event.uid = String::new(),
        |event| event.uid = "a\r\nb".to_owned(),
        |event| event.title = "x".repeat(501),
        |event| event.description = "x".repeat(40_000),
        |event| event.end = at("2026-11-05T09:00:00"),
        |event| event.end = at("2028-11-05T09:00:00"),
        |event| event.reminders = (0..11).collect(),
    ];
    ours.check().unwrap();
    for (place, change) in changes.into_iter().enumerate() {
        let mut event = ours.clone();
        change(&mut event);
        assert!(event.check().is_err(), "{place}");
    }
}

#[test]
fn busy_times_are_written_and_read() {
    use crate::{Busy, BusyKind};
    let hour_ms = 3_600_000;
    let intervals: Vec<_> = [BusyKind::Busy, BusyKind::Tentative, BusyKind::OutOfOffice]
        .into_iter()
        .zip(0_u64..)
        .map(|(kind, place)| Busy {
            from_ms: NOW_MS + place * hour_ms,
            until_ms: NOW_MS + (place + 1) * hour_ms,
            kind,
            title: None,
        })
        .collect();
    let text = write_busy(&intervals, Span { from_ms: NOW_MS, until_ms: NOW_MS + 10 * hour_ms }, NOW_MS);
    assert_eq!(read_busy(text.as_bytes()).unwrap(), Some(intervals));
    let lengths = file(
        "BEGIN:VFREEBUSY\r\nFREEBUSY:20261105T020000Z/PT1H,20261105T040000Z/20261105T050000Z\r\nFREEBUSY;FBTYPE=FREE:20261105T060000Z/PT1H\r\nEND:VFREEBUSY\r\n",
    );
    assert_eq!(read_busy(lengths.as_bytes()).unwrap().map(|intervals| intervals.len()), Some(2));
    assert_eq!(read_busy(OUTLOOK.as_bytes()).unwrap(), None);
}

#[test]
fn of_a_feed_only_the_series_that_stands_still_is_left_out() {
    let event = |uid: &str, rule: &str| {
        format!("BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTART:20261105T020000Z\r\nRRULE:{rule}\r\nEND:VEVENT\r\n")
    };
    let text = format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{}{}{}END:VCALENDAR\r\n",
        event("a", "FREQ=DAILY;COUNT=3"),
        event("b", "FREQ=DAILY;COUNT=3;INTERVAL=0"),
        event("c", "FREQ=WEEKLY;COUNT=10;INTERVAL=10"),
    );
    let read = read_feed(text.as_bytes(), &shanghai()).unwrap();
    let uids: Vec<_> = read.items.iter().map(|item| item.event.uid.as_str()).collect();
    assert_eq!(uids, ["a", "c"]);
    assert!(matches!(read.skipped.as_slice(), [why] if why.contains("INTERVAL")), "{:?}", read.skipped);
}

#[test]
fn a_quotation_mark_in_a_name_is_written_with_carets_and_read_again() {
    let mut ours = hour("m1", "2026-11-05T10:00:00", shanghai());
    ours.organizer = Some(Party { address: bob(), name: "Eve \"E\" ^ Example".to_owned() });
    let text = write(Some(Method::Request), &[ours.clone()]);
    assert!(text.contains("CN=\"Eve ^'E^' ^^ Example\""), "{text}");
    let read = read(text.as_bytes(), &shanghai()).unwrap();
    assert_eq!(read.items[0].event.organizer.as_ref().unwrap().name, "Eve \"E\" ^ Example");
}
