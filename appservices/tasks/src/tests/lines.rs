//! What is written in one line.

use jiff::civil::DateTime;

use super::{chart, id};
use crate::{
    line::{Line, read},
    repeat,
    task::{Mode, Origin, Priority},
    todo_of,
};

fn now() -> DateTime {
    // A Thursday.
    "2026-11-05T09:30:00".parse().unwrap()
}

fn line(text: &str) -> Line {
    read(text, &chart(), &[], now()).unwrap_or_else(|refusal| panic!("{text}: {refusal:?}"))
}

#[test]
fn a_line_is_a_title_and_what_stands_in_it() {
    let all = line("写 周报 @张三 @lisi 11-10 18:00 !高 #周报 ！全部 cc@孙七 每周 ^tk-20261105-0001");
    assert_eq!(all.title, "写 周报");
    assert_eq!(all.assignees, [id("1"), id("2")]);
    assert_eq!(all.followers, [id("5")]);
    assert_eq!(all.due, Some("2026-11-10T18:00:00".parse().unwrap()));
    assert_eq!((all.priority, all.mode), (Some(Priority::High), Some(Mode::All)));
    assert_eq!(all.tags, ["周报"]);
    assert_eq!(all.repeat.as_deref(), Some("FREQ=WEEKLY"));
    assert_eq!(all.parent.as_deref(), Some("TK-20261105-0001"));
    assert_eq!(line("report @ann fri !urgent").due, Some("2026-11-06T18:00:00".parse().unwrap()));
}

#[test]
fn a_line_names_its_template_what_it_comes_from_and_that_it_is_secret() {
    let made = line("接洽 模板:客户跟进 来源:ap-20261105-0007 !保密");
    assert_eq!((made.title.as_str(), made.template.as_deref()), ("接洽", Some("客户跟进")));
    assert_eq!((made.from, made.is_secret), (Some(Origin::Approval("AP-20261105-0007".into())), true));
    assert_eq!(line("x from:MT-20261105-0001").from, Some(Origin::Meeting("MT-20261105-0001".into())));
    for text in ["x from:TK-1", "x from:AP-1x", "x 来源:上周"] {
        assert_eq!(read(text, &chart(), &[], now()).unwrap_err().code, "E110", "{text}");
    }
    assert_eq!((line("template: 写").template, line("写").is_secret), (None, false));
}

#[test]
fn of_several_dates_the_last_is_meant_and_a_day_ends_at_six() {
    for (text, title, due) in [
        ("总结 11-03 晚餐 明天", "总结 11-03 晚餐", "2026-11-06T18:00:00"),
        ("周五 会议纪要 下周一 10:00", "周五 会议纪要", "2026-11-09T10:00:00"),
        ("写 today", "写", "2026-11-05T18:00:00"),
        ("月底 盘点", "盘点", "2026-11-30T18:00:00"),
        ("call next mon", "call", "2026-11-09T18:00:00"),
    ] {
        let line = line(text);
        assert_eq!((line.title.as_str(), line.due), (title, Some(due.parse().unwrap())), "{text}");
    }
    let late = "2026-11-05T20:00:00".parse().unwrap();
    let due = read("写 今天", &chart(), &[], late).unwrap().due;
    assert_eq!(due, Some("2026-11-05T23:59:00".parse().unwrap()));
}

#[test]
fn a_mentioned_person_may_stand_by_name_alone() {
    let chart = chart();
    let lisi = chart.person(&id("2")).unwrap();
    let line = read("李四: 写周报 李四", &chart, &[lisi], now()).unwrap();
    assert_eq!((line.title.as_str(), line.assignees.as_slice()), ("写周报", [id("2")].as_slice()));
    assert!(read("问 李四 要数据", &chart, &[], now()).unwrap().assignees.is_empty());
}

#[test]
fn what_cannot_be_meant_is_refused_with_its_code() {
    let many = (0..21).map(|n| format!("@{n}")).collect::<Vec<_>>().join(" ");
    let long = "长".repeat(201);
    let tags = (0..11).map(|n| format!("#t{n}")).collect::<Vec<_>>().join(" ");
    for (text, code) in [
        ("写 @nobody", "E110"),
        (many.as_str(), "E110"),
        (long.as_str(), "E110"),
        (tags.as_str(), "E110"),
        ("写 13-45", "E203"),
        ("写 2026-02-30", "E203"),
        ("写 25:00", "E203"),
        ("写 2020-01-01", "E203"),
    ] {
        assert_eq!(read(text, &chart(), &[], now()).unwrap_err().code, code, "{text}");
    }
}

#[test]
fn to_dos_of_minutes_are_read() {
    let todo = todo_of("- 待办: 写纪要 @李四 周五", &chart(), now()).unwrap().unwrap();
    assert_eq!((todo.title.as_str(), todo.assignees.as_slice()), ("写纪要", [id("2")].as_slice()));
    assert_eq!((todo.due.as_deref(), todo.is_secret), (Some("2026-11-06T18:00:00"), false));
    assert!(todo_of("待办: 写纪要 !保密", &chart(), now()).unwrap().unwrap().is_secret);
    let todo = todo_of("TODO：send notes", &chart(), now()).unwrap().unwrap();
    assert_eq!((todo.title.as_str(), todo.assignees.len(), todo.due), ("send notes", 0, None));
    for text in ["结论: 好", "待办", "我有待办", ""] {
        assert!(todo_of(text, &chart(), now()).is_none(), "{text}");
    }
    for (text, code) in [
        ("待办: @李四", "E110"),
        ("待办: 写 @nobody", "E110"),
        ("待办: 写 模板:周报", "E110"),
        ("待办: 写 13-45", "E203"),
    ] {
        assert_eq!(todo_of(text, &chart(), now()).unwrap().unwrap_err().code, code, "{text}");
    }
}

#[test]
fn a_repetition_names_the_next_and_counts_what_was_missed() {
    let zone = workdays::default_zone();
    let ms = |text: &str| workdays::to_ms(text.parse().unwrap(), &zone);
    let due = ms("2026-11-06T18:00:00");
    for (rule, after, next, missed) in [
        ("FREQ=WEEKLY", "2026-11-06T18:00:00", "2026-11-13T18:00:00", 0),
        ("FREQ=WEEKLY", "2026-11-28T00:00:00", "2026-12-04T18:00:00", 3),
        ("FREQ=DAILY", "2026-11-06T18:00:00", "2026-11-07T18:00:00", 0),
        ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "2026-11-06T18:00:00", "2026-11-09T18:00:00", 0),
        ("FREQ=MONTHLY", "2026-11-06T18:00:00", "2026-12-06T18:00:00", 0),
    ] {
        let found = repeat::next(rule, due, ms(after), &zone).unwrap().unwrap();
        assert_eq!((found.due_ms, found.missed), (ms(next), missed), "{rule} after {after}");
    }
    let second = repeat::next("FREQ=WEEKLY;COUNT=3", due, due, &zone).unwrap().unwrap();
    assert_eq!(second.rule, "FREQ=WEEKLY;COUNT=2");
    let third = repeat::next(&second.rule, second.due_ms, second.due_ms, &zone).unwrap().unwrap();
    assert_eq!(third.rule, "FREQ=WEEKLY;COUNT=1");
    assert_eq!(repeat::next(&third.rule, third.due_ms, third.due_ms, &zone).unwrap(), None);
    let long = format!("FREQ=DAILY;BYDAY={}", "MO,".repeat(200));
    for rule in ["nonsense", "FREQ=SECONDLY", "FREQ=DAILY;COUNT=731", "FREQ=DAILY;INTERVAL=0", "", &long] {
        assert_eq!(repeat::next(rule, due, due, &zone).unwrap_err().code, "E301", "{rule}");
    }
}
