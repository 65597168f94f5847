//! Invitations by mail.

use super::{NOW_MS, alice, at, hour, shanghai};
use crate::{
    Address, CalendarError, Override, Party, Recurrence,
    ics::{Method, read},
    imip::written,
    tables::PostRow,
};

#[test]
fn an_invitation_by_mail_is_answered_to_the_mailbox_that_it_comes_from() {
    let mut event = hour("m1", "2026-11-05T10:00:00", shanghai());
    event.title = "评审\r\nBcc: eve@partner.example".to_owned();
    event.location = Some("会议室3".to_owned());
    event.organizer = Some(Party { address: alice(), name: "Alice".to_owned() });
    let row = PostRow {
        to: "bob@partner.example".to_owned(),
        method: Method::Request,
        item: event.into(),
        tries: 0,
        next_ms: NOW_MS,
    };
    let (letter, part) = written(&row, "meet@corp.example");
    assert!(!letter.subject.contains(['\r', '\n']), "{}", letter.subject);
    for word in ["评审", "2026-11-05 10:00", "Asia/Shanghai", "会议室3"] {
        assert!(letter.text.contains(word), "{word}: {}", letter.text);
    }
    assert_eq!(part.method, "REQUEST");
    let read = read(part.text.as_bytes(), &shanghai()).unwrap();
    assert_eq!(read.method, Some(Method::Request));
    let organizer = read.items[0].event.organizer.clone().unwrap();
    assert_eq!((organizer.address, organizer.name.as_str()), (Address::email("meet@corp.example"), "Alice"));
}

#[test]
fn a_letter_about_one_instance_of_a_series_names_it() {
    let mut series = hour("m1", "2026-11-05T10:00:00", shanghai());
    series.organizer = Some(Party { address: alice(), name: "Alice".to_owned() });
    series.rrule = Some(Recurrence::parse("FREQ=WEEKLY;COUNT=4", &shanghai()).unwrap());
    let second = at("2026-11-12T10:00:00");
    let moved = Override { start: Some(at("2026-11-12T15:00:00")), ..Override::default() };
    series.overrides.insert(second, moved);
    for (id, shown) in [(second, "2026-11-12 15:00"), (at("2026-11-19T10:00:00"), "2026-11-19 10:00")] {
        let row = PostRow {
            to: "bob@partner.example".to_owned(),
            method: Method::DeclineCounter,
            item: series.instance(id),
            tries: 0,
            next_ms: NOW_MS,
        };
        let (letter, part) = written(&row, "meet@corp.example");
        assert!(letter.text.contains(shown), "{}", letter.text);
        let read = read(part.text.as_bytes(), &shanghai()).unwrap();
        let [item] = read.items.as_slice() else { panic!("{}", part.text) };
        assert_eq!((read.method, item.instance), (Some(Method::DeclineCounter), Some(id)));
        assert_eq!(item.event.rrule, None, "{}", part.text);
    }
}

#[test]
fn what_refers_to_an_event_need_not_say_when_it_is() {
    let file = |method: &str, more: &str| {
        format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//x//EN\r\nMETHOD:{method}\r\nBEGIN:VEVENT\r\n\
             UID:m1\r\nDTSTAMP:20261105T020000Z\r\nATTENDEE:mailto:bob@partner.example\r\n{more}END:VEVENT\r\n\
             END:VCALENDAR\r\n"
        )
    };
    let asked = read(file("REFRESH", "").as_bytes(), &shanghai()).unwrap();
    assert_eq!(asked.method, Some(Method::Refresh));
    assert_eq!(asked.items[0].event.attendees[0].address, Address::email("bob@partner.example"));
    let one = "RECURRENCE-ID;TZID=Asia/Shanghai:20261112T100000\r\n";
    let answered = read(file("REPLY", one).as_bytes(), &shanghai()).unwrap();
    assert_eq!(answered.items[0].instance, Some(at("2026-11-12T10:00:00")));
    assert!(matches!(read(file("REQUEST", one).as_bytes(), &shanghai()), Err(CalendarError::Unreadable(_))));
}
