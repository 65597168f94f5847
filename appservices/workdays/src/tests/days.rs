use jiff::civil::Time;

use super::{at, date};
use crate::{
    Quiet, SpecialDay, WorkCalendar, default_zone, limits::LOOK_AHEAD_DAYS_MAX, local, morning_after,
    named_zone, to_ms,
};

/// The national holiday of 2026 as a company may have it: a week off, and two days made up for.
fn october() -> WorkCalendar {
    let day = |text: &str, is_worked| SpecialDay { date: date(text), is_worked, name: String::new() };
    let week = (1..=7).map(|number| day(&format!("2026-10-0{number}"), false));
    WorkCalendar::new(week.chain([day("2026-09-27", true), day("2026-10-10", true)]))
}

#[test]
fn holidays_are_off_and_made_up_days_are_worked() {
    for (day, expected) in [
        ("2026-09-26", false),
        ("2026-09-27", true),
        ("2026-09-30", true),
        ("2026-10-01", false),
        ("2026-10-07", false),
        ("2026-10-08", true),
        ("2026-10-10", true),
        ("2026-10-11", false),
    ] {
        assert_eq!(october().is_working(date(day)), expected, "{day}");
    }
    assert_eq!(october().next_working(date("2026-09-30")), date("2026-10-08"));
    assert_eq!(october().working_days(date("2026-09-28"), date("2026-10-11")), 6);
    assert_eq!(october().working_days(date("2026-10-02"), date("2026-10-01")), 0);
    assert_eq!(WorkCalendar::default().next_working(date("2026-11-06")), date("2026-11-09"));
}

#[test]
fn a_calendar_without_any_working_day_ends_the_search() {
    let first = date("2026-01-01");
    let all = first.series(jiff::Span::new().days(1)).take(LOOK_AHEAD_DAYS_MAX + 10);
    let never = WorkCalendar::new(all.map(|date| SpecialDay { date, is_worked: false, name: String::new() }));
    assert_eq!(never.next_working(first), date("2026-01-02"));
}

#[test]
fn the_next_morning_is_of_a_working_day_where_somebody_is() {
    let shanghai = default_zone();
    let berlin = named_zone("Europe/Berlin").unwrap();
    for (zone, now, expected) in [
        (&shanghai, "2026-09-30T08:59:59", "2026-09-30T09:00:00"),
        (&shanghai, "2026-09-30T09:00:00", "2026-10-08T09:00:00"),
        (&berlin, "2026-10-10T12:00:00", "2026-10-12T09:00:00"),
        (&berlin, "2026-10-23T23:00:00", "2026-10-26T09:00:00"),
    ] {
        let morning = morning_after(to_ms(at(now), zone), zone, &october());
        assert_eq!(local(morning, zone), at(expected), "{now}");
    }
}

#[test]
fn zones_are_places_and_times_that_clocks_leave_out_move_forward() {
    for (name, is_known) in [
        ("Asia/Shanghai", true),
        ("europe/berlin", true),
        ("UTC", true),
        ("CST", false),
        ("+08:00", false),
        ("China", false),
        ("Asia/Atlantis", false),
        ("../etc/passwd", false),
    ] {
        assert_eq!(named_zone(name).is_some(), is_known, "{name}");
    }
    let berlin = named_zone("Europe/Berlin").unwrap();
    assert_eq!(local(to_ms(at("2026-03-29T02:30:00"), &berlin), &berlin), at("2026-03-29T03:30:00"));
    let twice = to_ms(at("2026-10-25T02:30:00"), &berlin);
    assert_eq!(to_ms(at("2026-10-25T03:30:00"), &berlin) - twice, 2 * 60 * 60 * 1_000);
    assert_eq!(to_ms(at("1960-01-01T00:00:00"), &berlin), 0);
    assert_eq!(local(u64::MAX, &berlin).year(), 1970);
}

#[test]
fn nobody_is_woken_in_quiet_hours() {
    let zone = default_zone();
    for (now, expected) in [
        ("2026-11-05T20:59:59", "2026-11-05T20:59:59"),
        ("2026-11-05T21:00:00", "2026-11-06T08:00:00"),
        ("2026-11-06T03:00:00", "2026-11-06T08:00:00"),
        ("2026-11-06T08:00:00", "2026-11-06T08:00:00"),
    ] {
        let after = Quiet::default().after(to_ms(at(now), &zone), &zone);
        assert_eq!(local(after, &zone), at(expected), "{now}");
    }
    let time = |hour| Time::new(hour, 0, 0, 0).unwrap();
    let nap = Quiet { from: time(12), to: time(14) };
    assert!(nap.holds(time(13)) && !nap.holds(time(14)) && !nap.holds(time(20)));
    let never = Quiet { from: time(9), to: time(9) };
    assert!((0..24).all(|hour| !never.holds(time(hour))));
}
