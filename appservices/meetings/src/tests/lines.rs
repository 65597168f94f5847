use jiff::civil::{DateTime, Time, date, time};

use crate::line::{Line, Named, Part, Scope, read};

/// Thursday.
fn now() -> DateTime {
    date(2026, 11, 5).at(9, 0, 0, 0)
}

fn named(text: &str) -> Named {
    Named { text: text.to_owned(), is_optional: false }
}

#[test]
fn one_line_says_all_of_a_meeting() {
    let line = read("周会 @a @b 明天10:00 30m #会议室3 每周", now());
    let expected = Line {
        title: "周会".to_owned(),
        people: vec![named("@a"), named("@b")],
        resources: vec!["会议室3".to_owned()],
        date: Some(date(2026, 11, 6)),
        is_day_named: true,
        time: Some(time(10, 0, 0, 0)),
        length_minutes: Some(30),
        rule: Some("FREQ=WEEKLY".to_owned()),
        ..Line::default()
    };
    assert_eq!(line, expected);
    let english = read("weekly sync @a @b tomorrow 10:00 30m", now());
    assert_eq!((english.title.as_str(), english.rule.as_deref()), ("sync", Some("FREQ=WEEKLY")));
    assert_eq!((english.date, english.time), (expected.date, expected.time));
}

#[test]
fn times_are_read_in_any_order() {
    let at = |text: &str| {
        let line = read(text, now());
        (line.date, line.time, line.until, line.length_minutes)
    };
    let day = Some(date(2026, 11, 10));
    assert_eq!(at("11-10 14:00-15:30"), (day, Some(time(14, 0, 0, 0)), Some(time(15, 30, 0, 0)), None));
    assert_eq!(at("11-10 周会 14:00"), (day, Some(time(14, 0, 0, 0)), None, None));
    assert_eq!(at("周二 下午3点 1h30m"), (day, Some(time(15, 0, 0, 0)), None, Some(90)));
    assert_eq!(at("半小时"), (None, None, None, Some(30)));
    let alone = read("15:00", now());
    assert_eq!((alone.date, alone.is_day_named), (Some(date(2026, 11, 5)), false));
    let passed = read("08:00", now());
    assert_eq!((passed.date, passed.is_day_named), (Some(date(2026, 11, 6)), false));
}

#[test]
fn what_is_quoted_is_title() {
    let line = read("“明天的 计划 @x” @a 后天 10:00", now());
    assert_eq!((line.title.as_str(), line.people.len()), ("明天的 计划 @x", 1));
    assert_eq!(line.date, Some(date(2026, 11, 7)));
    assert_eq!(read("\"open", now()).title, "\"open");
}

#[test]
fn people_may_be_optional_and_by_mail() {
    let line = read("@a ?@b li@example.org 可选 @c, a@b", now());
    let people: Vec<_> = line.people.iter().map(|one| (one.text.as_str(), one.is_optional)).collect();
    assert_eq!(people, [("@a", false), ("@b", true), ("li@example.org", false), ("@c", true)]);
    assert_eq!(line.title, "a@b");
}

#[test]
fn rules_have_words_counts_and_ends() {
    for (text, rule) in [
        ("每天", "FREQ=DAILY"),
        ("每周一三", "FREQ=WEEKLY;BYDAY=MO,WE"),
        ("每两周 x5", "FREQ=WEEKLY;INTERVAL=2;COUNT=5"),
        ("monthly 12次", "FREQ=MONTHLY;COUNT=12"),
        ("每工作日 至 12-31", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;UNTIL=20261231T235959"),
        ("RRULE:FREQ=MONTHLY;BYDAY=1MO", "FREQ=MONTHLY;BYDAY=1MO"),
    ] {
        assert_eq!(read(text, now()).rule.as_deref(), Some(rule), "{text}");
    }
}

#[test]
fn ranges_parts_and_scopes_are_read() {
    let line = read("@a 60m 本周 下午", now());
    assert_eq!(line.range, Some((date(2026, 11, 2), date(2026, 11, 9))));
    assert_eq!(line.part, Some(Part::Afternoon));
    assert_eq!(read("next week", now()).range, Some((date(2026, 11, 9), date(2026, 11, 16))));
    assert_eq!(read("本月", now()).range, Some((date(2026, 11, 1), date(2026, 12, 1))));
    assert_eq!(Part::Morning.hours(), (Time::midnight(), time(12, 0, 0, 0)));
    for (text, scope) in [("本次", Scope::This), ("以后", Scope::Following), ("all", Scope::All)] {
        assert_eq!(read(text, now()).scope, Some(scope), "{text}");
    }
    assert!(read("全天 11-10", now()).all_day);
    assert_eq!(read("地点:大堂", now()).place.as_deref(), Some("大堂"));
}

#[test]
fn hostile_lines_come_to_an_end() {
    let long = "x ".repeat(100_000);
    assert!(read(&long, now()).title.len() < 10_000);
    assert_eq!(read(&"\"".repeat(1_001), now()).people, []);
    for text in ["@", "#", "?", "每周X", "x99999999999", "10:00-99:99", "至", "next"] {
        let line = read(text, now());
        assert!(line.rule.is_none() && line.people.is_empty(), "{text}: {line:?}");
    }
}
