//! Zones, clocks that are set, and how series repeat.

use super::{at, hour, shanghai, zone};
use crate::{CalendarError, Event, Override, Recurrence, Span, Zone, limits::INSTANCES_MAX};

const ALWAYS: Span = Span { from_ms: 0, until_ms: u64::MAX };

fn series(start: &str, zone: Zone, rule: &str) -> Event {
    let mut event = hour("series", start, zone.clone());
    event.rrule = Some(Recurrence::parse(rule, &zone).unwrap());
    event
}

fn starts(event: &Event) -> Vec<String> {
    event.occurrences(ALWAYS).unwrap().iter().map(|one| one.start.to_string()).collect()
}

#[test]
fn zones_are_known_by_all_their_names() {
    for (name, expected) in [
        ("Asia/Shanghai", Some("Asia/Shanghai")),
        ("China Standard Time", Some("Asia/Shanghai")),
        ("W. Europe Standard Time", Some("Europe/Berlin")),
        ("Eastern Standard Time", Some("America/New_York")),
        ("Pacific Standard Time", Some("America/Los_Angeles")),
        ("India Standard Time", Some("Asia/Kolkata")),
        ("GMT Standard Time", Some("Europe/London")),
        ("Tokyo Standard Time", Some("Asia/Tokyo")),
        ("Singapore Standard Time", Some("Asia/Singapore")),
        ("(UTC+08:00) Beijing, Chongqing, Hong Kong, Urumqi", Some("Etc/GMT-8")),
        ("/freeassociation.sourceforge.net/Europe/Paris", Some("Europe/Paris")),
        ("Customized Time Zone", None),
        ("Mars/Olympus_Mons", None),
        ("", None),
    ] {
        let found = Zone::find(name);
        // Older names of one zone are that zone.
        let same = |found: &Zone, expected| {
            let expected = Zone::find(expected).unwrap();
            let summer = at("2026-07-01T12:00:00");
            let winter = at("2026-01-01T12:00:00");
            found.at(summer) == expected.at(summer) && found.at(winter) == expected.at(winter)
        };
        match (&found, expected) {
            (Some(found), Some(expected)) => assert!(same(found, expected), "{name}: {}", found.as_str()),
            (None, None) => {}
            _ => panic!("{name}: {:?}", found.as_ref().map(Zone::as_str)),
        }
    }
}

#[test]
fn a_time_that_the_clocks_skip_moves_forward() {
    for (name, wanted, shown, was_moved) in [
        ("Europe/Berlin", "2026-03-29T02:30:00", "2026-03-29T03:30:00", true),
        ("Europe/Berlin", "2026-03-29T01:59:59", "2026-03-29T01:59:59", false),
        ("Europe/Berlin", "2026-03-29T03:00:00", "2026-03-29T03:00:00", false),
        ("America/New_York", "2026-03-08T02:00:00", "2026-03-08T03:00:00", true),
        ("Australia/Lord_Howe", "2026-10-04T02:15:00", "2026-10-04T02:45:00", true),
        ("Asia/Shanghai", "2026-03-29T02:30:00", "2026-03-29T02:30:00", false),
        // Shown twice: the first of the two.
        ("Europe/Berlin", "2026-10-25T02:30:00", "2026-10-25T02:30:00", false),
    ] {
        let moment = zone(name).at(at(wanted));
        assert_eq!((moment.local, moment.was_moved), (at(shown), was_moved), "{name} {wanted}");
    }
    let first = zone("Europe/Berlin").at(at("2026-10-25T02:30:00")).at_ms;
    assert_eq!(first, zone("UTC").at(at("2026-10-25T00:30:00")).at_ms);
}

#[test]
fn a_series_stays_at_its_local_time_when_the_clocks_are_set() {
    let event = series("2026-03-27T10:00:00", zone("Europe/Berlin"), "FREQ=DAILY;COUNT=4");
    let found = event.occurrences(ALWAYS).unwrap();
    assert!(found.iter().all(|one| one.start.hour() == 10), "{found:?}");
    let apart: Vec<_> = found.windows(2).map(|two| (two[1].start_ms - two[0].start_ms) / 3_600_000).collect();
    assert_eq!(apart, [24, 23, 24]);
}

#[test]
fn an_instance_in_the_gap_moves_alone_and_says_so() {
    let event = series("2026-03-28T02:30:00", zone("Europe/Berlin"), "FREQ=DAILY;COUNT=3");
    let found = event.occurrences(ALWAYS).unwrap();
    let moved: Vec<_> = found.iter().map(|one| (one.start.to_string(), one.was_moved)).collect();
    assert_eq!(
        moved,
        [
            ("2026-03-28T02:30:00".to_owned(), false),
            ("2026-03-29T03:30:00".to_owned(), true),
            ("2026-03-30T02:30:00".to_owned(), false)
        ]
    );
    assert!(found.iter().all(|one| one.end_ms - one.start_ms == 3_600_000));
}

#[test]
fn rules_give_the_days_that_they_name() {
    for (start, rule, expected) in [
        ("2026-11-02T09:00:00", "FREQ=WEEKLY;COUNT=3", vec!["2026-11-02", "2026-11-09", "2026-11-16"]),
        (
            "2026-11-02T09:00:00",
            "FREQ=WEEKLY;INTERVAL=2;COUNT=3",
            vec!["2026-11-02", "2026-11-16", "2026-11-30"],
        ),
        (
            "2026-11-02T09:00:00",
            "FREQ=WEEKLY;BYDAY=MO,WE;COUNT=4",
            vec!["2026-11-02", "2026-11-04", "2026-11-09", "2026-11-11"],
        ),
        ("2026-01-31T09:00:00", "FREQ=MONTHLY;COUNT=3", vec!["2026-01-31", "2026-03-31", "2026-05-31"]),
        (
            "2026-01-31T09:00:00",
            "FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=3",
            vec!["2026-01-31", "2026-02-28", "2026-03-31"],
        ),
        (
            "2026-11-24T09:00:00",
            "FREQ=MONTHLY;BYDAY=-1TU;COUNT=3",
            vec!["2026-11-24", "2026-12-29", "2027-01-26"],
        ),
        (
            "2026-11-30T09:00:00",
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=3",
            vec!["2026-11-30", "2026-12-31", "2027-01-29"],
        ),
        ("2028-02-29T09:00:00", "FREQ=YEARLY;COUNT=2", vec!["2028-02-29", "2032-02-29"]),
        // Until ten o'clock in Shanghai, which is two in UTC: the last instance is in.
        (
            "2026-11-02T10:00:00",
            "FREQ=DAILY;UNTIL=20261104T020000Z",
            vec!["2026-11-02", "2026-11-03", "2026-11-04"],
        ),
        // A day as the end of a series with times is all of that day.
        ("2026-11-02T10:00:00", "FREQ=DAILY;UNTIL=20261103", vec!["2026-11-02", "2026-11-03"]),
        // The first is always there, though no Monday.
        (
            "2026-11-03T09:00:00",
            "FREQ=WEEKLY;BYDAY=MO;COUNT=3",
            vec!["2026-11-03", "2026-11-09", "2026-11-16"],
        ),
    ] {
        let found = starts(&series(start, shanghai(), rule));
        let days: Vec<&str> = found.iter().map(|start| &start[..10]).collect();
        assert_eq!(days, expected, "{rule}");
    }
}

#[test]
fn series_without_end_and_rules_that_are_not_supported_are_e301() {
    let start = "2026-11-02T09:00:00";
    for rule in [
        "FREQ=WEEKLY",
        "FREQ=DAILY;COUNT=731",
        "FREQ=DAILY;UNTIL=20281103T000000Z",
        "FREQ=DAILY;UNTIL=99991231T000000Z",
        "FREQ=HOURLY;COUNT=3",
        "FREQ=MINUTELY;COUNT=3",
        "FREQ=SECONDLY;INTERVAL=1",
        "FREQ=YEARLY;BYMONTH=3;BYDAY=2SU;COUNT=2",
        "FREQ=YEARLY;BYWEEKNO=20;COUNT=2",
        "FREQ=YEARLY;BYYEARDAY=100;COUNT=2",
        "FREQ=DAILY;BYHOUR=9,10,11;COUNT=9",
        "FREQ=DAILY;COUNT=0",
        "FREQ=DAILY;COUNT=3;INTERVAL=0",
        "FREQ=DAILY;COUNT=3;interval=00",
    ] {
        let refused = Recurrence::parse(rule, &shanghai()).and_then(|rule| {
            let mut event = hour("series", start, shanghai());
            event.rrule = Some(rule);
            event.check()
        });
        assert!(matches!(refused, Err(CalendarError::Recurrence(_))), "{rule}: {refused:?}");
    }
    for rule in
        ["FREQ=DAILY;COUNT=730", "FREQ=WEEKLY;UNTIL=20281102T010000Z", "FREQ=DAILY;INTERVAL=2;COUNT=10"]
    {
        series(start, shanghai(), rule).check().unwrap();
    }
    let endless = Recurrence::parse("FREQ=DAILY", &shanghai()).unwrap().with_end(at(start));
    let mut event = hour("series", start, shanghai());
    event.rrule = Some(endless);
    event.check().unwrap();
    assert!(event.occurrences(ALWAYS).unwrap().len() <= INSTANCES_MAX);
}

#[test]
fn a_series_that_never_happens_and_one_that_never_ends_are_looked_at_within_bounds() {
    for rule in ["FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=31", "FREQ=YEARLY;BYDAY=MO;BYSETPOS=366"] {
        let event = series("2026-02-02T09:00:00", shanghai(), rule);
        assert!(event.starts(INSTANCES_MAX).unwrap().len() <= INSTANCES_MAX, "{rule}");
    }
    let event = series("1970-01-02T09:00:00", shanghai(), "FREQ=SECONDLY");
    let week = Span { from_ms: super::NOW_MS, until_ms: super::NOW_MS + 7 * 86_400_000 };
    assert!(matches!(event.occurrences(week), Err(CalendarError::Recurrence(_))));
}

#[test]
fn exceptions_take_the_place_of_their_instances() {
    let mut event = series("2026-11-02T09:00:00", shanghai(), "FREQ=DAILY;COUNT=4");
    event.exdates.insert(at("2026-11-03T09:00:00"));
    let moved = Override {
        start: Some(at("2026-11-04T15:00:00")),
        end: Some(at("2026-11-04T15:30:00")),
        ..Override::default()
    };
    event.overrides.insert(at("2026-11-04T09:00:00"), moved);
    // One more day, which the rule does not have.
    let extra = Override { start: Some(at("2026-11-10T09:00:00")), ..Override::default() };
    event.overrides.insert(at("2026-11-10T09:00:00"), extra);
    assert_eq!(
        starts(&event),
        ["2026-11-02T09:00:00", "2026-11-04T15:00:00", "2026-11-05T09:00:00", "2026-11-10T09:00:00"]
    );
}

#[test]
fn the_last_day_of_an_event_of_days_is_not_part_of_it() {
    let mut event =
        Event::new("days", "Fair", at("2026-11-05T00:00:00"), at("2026-11-07T00:00:00"), shanghai());
    event.all_day = true;
    event.check().unwrap();
    let found = event.occurrences(ALWAYS).unwrap();
    assert_eq!(found[0].end_ms - found[0].start_ms, 2 * 86_400_000);
    let seventh = shanghai().at(at("2026-11-07T00:00:00")).at_ms;
    assert!(event.occurrences(Span { from_ms: seventh, until_ms: seventh + 1 }).unwrap().is_empty());
    event.end = event.start;
    assert!(event.check().is_err());
}

#[test]
fn the_sequence_rises_with_the_substance_alone() {
    type Change = fn(&mut Event);
    let before = series("2026-11-02T09:00:00", shanghai(), "FREQ=DAILY;COUNT=4");
    let changes: [(&str, Change, u32); 8] = [
        ("title", |event| event.title = "Other".to_owned(), 0),
        ("attendees", |event| event.attendees.clear(), 0),
        (
            "an answer to one instance",
            |event| {
                let change = event.overrides.entry(at("2026-11-03T09:00:00")).or_default();
                change.answers.insert(super::bob(), crate::Partstat::Declined);
            },
            0,
        ),
        ("start", |event| event.start = at("2026-11-02T10:00:00"), 1),
        ("place", |event| event.location = Some("Room 3".to_owned()), 1),
        ("rule", |event| event.rrule = None, 1),
        (
            "one instance cancelled",
            |event| {
                event.exdates.insert(at("2026-11-03T09:00:00"));
            },
            1,
        ),
        ("cancelled", |event| event.status = crate::EventStatus::Cancelled, 1),
    ];
    for (what, change, rises) in changes {
        let mut after = before.clone();
        change(&mut after);
        after.succeeds(&before, 5);
        assert_eq!((after.sequence, after.stamp_ms), (before.sequence + rises, 5), "{what}");
    }
}
