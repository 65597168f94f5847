use jiff::civil::{DateTime, Time, date, time};

use crate::line::{Line, Named, Part, Scope, read, read_search, scoped};

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
        ("每周一、周三 × 5", "FREQ=WEEKLY;BYDAY=MO,WE;COUNT=5"),
        ("每两周的周二", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU"),
        ("每3个月", "FREQ=MONTHLY;INTERVAL=3"),
        ("每月1日、15日", "FREQ=MONTHLY;BYMONTHDAY=1,15"),
        ("每月第一个周一", "FREQ=MONTHLY;BYDAY=1MO"),
        ("每月的最后一个工作日", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"),
        ("every Mon and Wed", "FREQ=WEEKLY;BYDAY=MO,WE"),
        ("Every Monday, Wed and friday 5 times", "FREQ=WEEKLY;BYDAY=MO,WE,FR;COUNT=5"),
        ("every other week", "FREQ=WEEKLY;INTERVAL=2"),
        ("every two weeks on Tue until 12-31", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;UNTIL=20261231T235959"),
        ("every 3 days", "FREQ=DAILY;INTERVAL=3"),
        ("every weekday", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
        ("monthly on day 1 and day 15", "FREQ=MONTHLY;BYMONTHDAY=1,15"),
        ("every month on the last Fri", "FREQ=MONTHLY;BYDAY=-1FR"),
        ("每两周 x5", "FREQ=WEEKLY;INTERVAL=2;COUNT=5"),
        ("monthly 12次", "FREQ=MONTHLY;COUNT=12"),
        ("每工作日 至 12-31", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;UNTIL=20261231T235959"),
        ("RRULE:FREQ=MONTHLY;BYDAY=1MO", "FREQ=MONTHLY;BYDAY=1MO"),
    ] {
        assert_eq!(read(text, now()).rule.as_deref(), Some(rule), "{text}");
    }
}

#[test]
fn ranges_and_parts_are_read() {
    let line = read_search("@a 60m 本周 下午", now());
    assert_eq!(line.range, Some((date(2026, 11, 2), date(2026, 11, 9))));
    assert_eq!(line.part, Some(Part::Afternoon));
    assert_eq!(read_search("next week", now()).range, Some((date(2026, 11, 9), date(2026, 11, 16))));
    assert_eq!(read_search("本月", now()).range, Some((date(2026, 11, 1), date(2026, 12, 1))));
    assert_eq!(Part::Morning.hours(), (Time::midnight(), time(12, 0, 0, 0)));
    for month in ["this month", "This Month", "这个月"] {
        let line = read_search(&format!("60m {month} @a"), now());
        assert_eq!(line.range, Some((date(2026, 11, 1), date(2026, 12, 1))), "{month}");
        assert_eq!(line.title, "", "{month}");
    }
    assert!(read("全天 11-10", now()).all_day);
    for (text, place) in [("地点:大堂", "大堂"), ("Place:Building-A", "Building-A")] {
        assert_eq!(read(text, now()).place.as_deref(), Some(place), "{text}");
    }
}

#[test]
fn words_for_instances_stand_first_or_last() {
    for (text, scope, rest) in [
        ("本次 周五 15:00", Scope::This, "周五 15:00"),
        ("周五 15:00 这次", Scope::This, "周五 15:00"),
        ("以后", Scope::Following, ""),
        ("All future fri 15:00", Scope::Following, "fri 15:00"),
        ("fri 15:00 all future", Scope::Following, "fri 15:00"),
        ("fri 15:00 ALL", Scope::All, "fri 15:00"),
        ("this one", Scope::This, ""),
        ("全部 11-13", Scope::All, "11-13"),
    ] {
        assert_eq!(scoped(text), (Some(scope), rest), "{text}");
    }
    for text in [
        "",
        "this week",
        "This month",
        "allover",
        "本次会议 周五",
        "fri all 15:00",
        "改到 全部 周五",
        "withall",
    ] {
        assert_eq!(scoped(text), (None, text), "{text}");
    }
}

#[test]
fn titles_keep_the_words_for_instances_and_ranges() {
    for title in
        ["All hands", "this and all that", "全部 门店", "本次 复盘", "This week in sales", "本周 回顾"]
    {
        let line = read(&format!("{title} @a 明天 10:00"), now());
        assert_eq!((line.title.as_str(), line.range), (title, None));
        assert_eq!(line.date, Some(date(2026, 11, 6)), "{title}");
    }
    let next = read("周会 下周 周五 10:00", now());
    assert_eq!((next.title.as_str(), next.date), ("周会", Some(date(2026, 11, 13))));
}

#[test]
fn titles_keep_the_parts_of_days_and_words_that_end_no_series() {
    for title in ["Good morning", "Morning coffee", "下午 茶", "周五 下午茶会", "x5 launch", "until dawn"]
    {
        let title = title.trim_start_matches("周五 ");
        let line = read(&format!("{title} @a 明天 10:00"), now());
        assert_eq!((line.title.as_str(), line.part, line.rule), (title, None, None));
        assert_eq!((line.date, line.time), (Some(date(2026, 11, 6)), Some(time(10, 0, 0, 0))), "{title}");
    }
    let line = read("周会 明天 下午 3点 every Mon and Fri 1h", now());
    assert_eq!((line.title.as_str(), line.time), ("周会", Some(time(15, 0, 0, 0))));
    assert_eq!(line.rule.as_deref(), Some("FREQ=WEEKLY;BYDAY=MO,FR"));
    for (text, title, part) in [
        ("Good morning @a 60m this week", "Good morning", None),
        ("Morning sync @a 60m this week", "Morning sync", None),
        ("评审 @a 60m 本周 下午", "评审", Some(Part::Afternoon)),
        ("@a morning next week", "", Some(Part::Morning)),
    ] {
        let line = read_search(text, now());
        assert_eq!((line.title.as_str(), line.part), (title, part), "{text}");
    }
    assert_eq!(read("every day carry", now()).title, "carry");
    assert_eq!(read("every idea counts", now()).title, "every idea counts");
}

#[test]
fn hostile_lines_come_to_an_end() {
    let long = "x ".repeat(100_000);
    assert!(read(&long, now()).title.len() < 10_000);
    assert_eq!(read(&"\"".repeat(1_001), now()).people, []);
    assert!(read_search(&"下午 morning ".repeat(1_000), now()).title.len() < 10_000);
    assert_eq!(read(&"every Mon, ".repeat(1_000), now()).title, "");
    for text in ["@", "#", "?", "每周X", "x99999999999", "10:00-99:99", "至", "next"] {
        let line = read(text, now());
        assert!(line.rule.is_none() && line.people.is_empty(), "{text}: {line:?}");
    }
}
